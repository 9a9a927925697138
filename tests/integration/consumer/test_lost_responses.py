"""Commerce's response is lost and the event is redelivered: one effect each time.

Consumer, ledger, handler and client are the project's own; on the wire is the stand-in,
which applies the call, or does not, before it fails.
"""

import time

import pytest
from requests import Session

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.events import samples
from functions.settings import from_environment
from tests.support import adobe_kit_events
from tests.support.consumer_kit import ConsumerUnderTest, push
from tests.support.running_stand_in import RunningStandIn

LAMP = "STANDIN-LAMP"  # a product of the stand-in
# Events whose second application is written again, to the same effect.
WRITTEN_TWICE = {
    "catalog_product_create",
    "catalog_product_update",
    "catalog_stock_update",
    "customer_group_update",
    "customer_update",
    "sales_order_shipment_update",
}
LOSSES = {
    "applied, no response": {"drop": "after"},
    "not applied, no response": {"drop": "before"},
    "applied, 502 of a proxy": {"status": 502, "body": "<html>", "after": True},
    "applied, 503 of a proxy": {"status": 503, "body": "<html>", "after": True},
    "not applied, 500": {"status": 500},
}


@pytest.fixture(scope="module")
def stand_in():
    with RunningStandIn() as running:
        yield running


@pytest.fixture
def consumer(stand_in):
    stand_in.reset()
    settings = from_environment(CommerceSettings, stand_in.environment())
    with Session() as session:
        connection = CommerceConnection(settings, session)
        consumer = ConsumerUnderTest(connection=connection)
        consumer.clock.now = time.time()  # compared with the stand-in's
        yield consumer


def value_of(event):
    """The sample, about an existing product."""
    value = samples.value(event)
    if event.endswith("stock_update"):
        return [{**value[0], "sku": LAMP}]
    return {**value, "sku": LAMP} if "sku" in value else value


def method_of(event):
    """The method of the call that changes something."""
    if event.endswith("_delete"):
        return "DELETE"
    by_put = ("product_update", "customer_update", "customer_group_update")
    return "PUT" if event.endswith(by_put) else "POST"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("event", adobe_kit_events.EVENTS)
def test_a_lost_response_has_one_effect(stand_in, consumer, event, loss):
    stand_in.fail(path="/V1/", method=method_of(event), **LOSSES[loss])

    first, _ = consumer.deliver(push(value_of(event), event))
    second, body = consumer.deliver(push(value_of(event), event))

    assert first >= 500
    assert (second, body["response"]["success"]) == (200, True)
    effects = stand_in.effects()
    assert len({effect["body_hash"] for effect in effects}) == 1
    twice = event.split(".")[1] in WRITTEN_TWICE and loss.startswith("applied")
    assert len(effects) == (2 if twice else 1)
    assert consumer.dead_letters.stored == []
