"""A delivery's session: its hooks, and what it refuses to send."""

import threading
import time

import pytest
import requests

from functions.errors import Rejected, Unavailable
from tests.support.commerce_adapter import connection_with, reply
from tests.support.commerce_outcomes import unavailable


def test_every_call_asks_for_time_and_is_observed():
    asked, observed = [], []
    connection, _ = connection_with(
        [
            reply(200, {}),
            reply(404, {"message": "No such entity."}),
            requests.ReadTimeout(),
        ],
        COMMERCE_TIMEOUT_SECONDS="12",
    )
    session = connection.session(asked.append, lambda *call, **_: observed.append(call))

    session.get("orders/{id}", {"fields": "status"}, id=4711)
    with pytest.raises(Rejected):
        session.put("products/{sku}", {"secret": 1}, sku="4711")
    with pytest.raises(Unavailable):
        session.post("customers", {"secret": 1})

    assert asked == [12.0, 12.0, 12.0]
    assert [call[:3] for call in observed] == [
        ("GET", "orders/{id}", 200),
        ("PUT", "products/{sku}", 404),
        ("POST", "customers", None),
    ]
    assert all(call[3] >= 0 for call in observed)


def test_the_hook_before_a_call_can_stop_it():
    def out_of_time(seconds):
        raise Unavailable(503, "Out of time")

    connection, adapter = connection_with([])
    session = connection.session(out_of_time)

    assert unavailable(lambda: session.get("products")) == (503,)
    assert adapter.requests == []


def test_the_traceparent_is_sent_along():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    connection, adapter = connection_with([reply()])

    connection.session(traceparent=trace).get("products")

    assert adapter.requests[0].headers["traceparent"][:36] == trace[:36]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_json_is_rejected(number):
    connection, adapter = connection_with([])

    with pytest.raises(Rejected) as raised:
        connection.session().post("products", {"price": number})
    assert raised.value.status == 400
    assert adapter.requests == []


def test_waiting_too_long_for_a_slot_has_no_effect():
    """Half of a call's time is for the slot; the first call would need all of it."""
    release = threading.Event()

    def hang(request):
        release.wait(30)
        return reply()

    connection, adapter = connection_with(
        hang, COMMERCE_CONCURRENCY="1", COMMERCE_TIMEOUT_SECONDS="1"
    )
    first = threading.Thread(target=lambda: connection.session().get("products"))
    first.start()
    while not adapter.requests:
        time.sleep(0.001)

    assert unavailable(lambda: connection.session().get("products")) == (503,)
    assert len(adapter.requests) == 1
    release.set()
    first.join(30)
