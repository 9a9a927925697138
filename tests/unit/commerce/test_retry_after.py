"""Retry-After: Commerce is left alone for as long as it asked."""

import threading
import time

import pytest

from functions.commerce.client import MAX_PAUSE_SECONDS
from functions.commerce.errors import Unavailable
from tests.commerce.canned import SAAS, commerce, response
from tests.commerce.clients import PATIENCE_SECONDS, SAID, client_of, unavailable
from tests.commerce.server import Server, answer


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("status", [429, 503])
def test_commerce_is_left_alone_for_as_long_as_it_asked(status):
    clock = Clock()
    client, adapter = commerce(
        [response(status, SAID, Retry_After="30"), response(200, {})], clock=clock
    )
    unavailable(lambda: client.session().get("products"))
    clock.now += 20

    with pytest.raises(Unavailable) as raised:
        client.session().post("products", {})
    error = raised.value
    assert (error.status, error.retry_after, error.effect_unknown) == (503, 10, False)
    assert len(adapter.asked) == 1

    clock.now += 10
    assert client.session().post("products", {}) == {}


def test_one_who_waits_for_a_place_hears_of_it_too():
    release = threading.Event()

    def throttled(request):
        release.wait(PATIENCE_SECONDS)
        return answer(429, SAID, Retry_After="30")

    with Server(throttled) as server:
        client = client_of(server, COMMERCE_CONCURRENCY="1")
        verdicts = []

        def first():
            verdicts.append(unavailable(lambda: client.session().get("products")))

        calling = threading.Thread(target=first)
        calling.start()
        while not server.received:
            time.sleep(0.01)
        # Its time has been granted, it is about to ask for a place.
        second = client.session(before=lambda seconds: release.set())
        verdicts.append(unavailable(lambda: second.post("products", {})))
        calling.join(PATIENCE_SECONDS)

        assert sorted(verdicts) == [(429,), (503,)]
        assert len(server.received) == 1


def test_no_token_is_fetched_for_a_call_that_is_not_sent():
    clock = Clock()
    token = response(200, {"access_token": "t", "expires_in": 300})
    throttled = response(429, SAID, Retry_After="600")
    client, adapter = commerce([token, throttled], SAAS, clock=clock)
    unavailable(lambda: client.session().get("products"))
    clock.now += 400  # the token's end is past

    assert unavailable(lambda: client.session().get("products")) == (503,)
    assert len(adapter.asked) == 2


@pytest.mark.parametrize("status", [408, 500])
def test_a_wait_in_another_answer_holds_nobody_else_back(status):
    client, _ = commerce([response(status, SAID, Retry_After="30"), response(200, {})])
    unavailable(lambda: client.session().get("products"))

    assert client.session().get("products") == {}


def test_a_wait_without_measure_is_cut_short():
    clock = Clock()
    client, _ = commerce(
        [response(429, SAID, Retry_After="99999999"), response(200, {})], clock=clock
    )
    unavailable(lambda: client.session().get("products"))
    clock.now += MAX_PAUSE_SECONDS

    assert client.session().get("products") == {}
