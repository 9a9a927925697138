"""Retry-After: nothing is sent for as long as Commerce asks."""

import threading
import time

import pytest

from functions.errors import Unavailable
from functions.http_client.pause import MAX_PAUSE_SECONDS
from tests.support.commerce_adapter import SAAS, connection_with, reply
from tests.support.commerce_outcomes import unavailable
from tests.support.fake_clock import FakeClock

MESSAGE = {"message": "no"}


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_sent_until_the_pause_ends(status):
    clock = FakeClock()
    connection, adapter = connection_with(
        [reply(status, MESSAGE, Retry_After="30"), reply(200, {})], clock=clock
    )
    unavailable(lambda: connection.session().get("products"))
    clock.now += 20

    with pytest.raises(Unavailable) as raised:
        connection.session().post("products", {})
    error = raised.value
    assert error.message == (
        "POST products: not sent: Retry-After is in effect for another 10 s"
    )
    assert (error.status, error.retry_after, error.outcome_unknown) == (503, 10, False)
    assert len(adapter.requests) == 1

    clock.now += 10
    assert connection.session().post("products", {}) == {}


def test_a_call_that_waits_for_a_slot_is_not_sent_either():
    release = threading.Event()

    def throttle(request):
        release.wait(30)
        return reply(429, MESSAGE, Retry_After="30")

    connection, adapter = connection_with(throttle, COMMERCE_CONCURRENCY="1")
    outcomes = []

    def send_first():
        outcomes.append(unavailable(lambda: connection.session().get("products")))

    calling = threading.Thread(target=send_first)
    calling.start()
    while not adapter.requests:
        time.sleep(0.001)
    # The second call has its time; it is about to ask for a slot.
    second = connection.session(before_call=lambda seconds: release.set())
    outcomes.append(unavailable(lambda: second.post("products", {})))
    calling.join(30)

    assert sorted(outcomes) == [(429,), (503,)]
    assert len(adapter.requests) == 1


def test_no_token_is_requested_for_a_call_that_is_not_sent():
    clock = FakeClock()
    token = reply(200, {"access_token": "t", "expires_in": 300})
    throttled = reply(429, MESSAGE, Retry_After="600")
    connection, adapter = connection_with([token, throttled], SAAS, clock=clock)
    unavailable(lambda: connection.session().get("products"))
    clock.now += 400  # the token has expired

    assert unavailable(lambda: connection.session().get("products")) == (503,)
    assert len(adapter.requests) == 2


@pytest.mark.parametrize("status", [408, 500])
def test_other_statuses_do_not_pause_other_calls(status):
    script = [reply(status, MESSAGE, Retry_After="30"), reply(200, {})]
    connection, _ = connection_with(script)
    unavailable(lambda: connection.session().get("products"))

    assert connection.session().get("products") == {}


@pytest.mark.parametrize("header", ["0", "soon"])
def test_a_retry_after_without_seconds_is_no_pause(header):
    script = [reply(429, MESSAGE, Retry_After=header), reply(200, {})]
    connection, _ = connection_with(script)
    unavailable(lambda: connection.session().get("products"))

    assert connection.session().get("products") == {}


def test_a_pause_is_bounded():
    clock = FakeClock()
    script = [reply(429, MESSAGE, Retry_After="99999999"), reply(200, {})]
    connection, _ = connection_with(script, clock=clock)
    unavailable(lambda: connection.session().get("products"))
    clock.now += MAX_PAUSE_SECONDS

    assert connection.session().get("products") == {}
