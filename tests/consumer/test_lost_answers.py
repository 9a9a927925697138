"""Commerce's answer is lost and the event comes again: once in effect, each of them.

All is the project's own but for Pub/Sub: consumer, ledger, handler, client, and on the
wire a stand-in that does what it is asked, or does not, before it fails.
"""

import time
from types import SimpleNamespace

import pytest

from functions.events import samples
from functions.ledger.memory import MemoryStore
from tests import kit
from tests.consumer.parts import Parts, push
from tests.support.running_stand_in import RunningStandIn

LAMP = "STANDIN-LAMP"  # a product of the stand-in's shop
# Events of which nothing is left to tell when the same is written twice.
WRITTEN_AGAIN = {
    "catalog_product_create",
    "catalog_product_update",
    "catalog_stock_update",
    "customer_group_update",
    "customer_update",
    "sales_order_shipment_update",
}
LOST = {
    "done, no answer": {"drop": "after"},
    "not done, no answer": {"drop": "before"},
    "done, 502 of a proxy": {"status": 502, "body": "<html>", "after": True},
    "done, 503 of a proxy": {"status": 503, "body": "<html>", "after": True},
    "not done, 500": {"status": 500},
}


@pytest.fixture(scope="module")
def opened():
    with RunningStandIn() as stand_in:
        yield stand_in


def value_of(event: str):
    """The sample, about things that there are."""
    value = samples.value(event)
    if event.endswith("stock_update"):
        return [{**value[0], "sku": LAMP}]
    return {**value, "sku": LAMP} if "sku" in value else value


def method_of(event: str) -> str:
    """That of the call which changes something."""
    if event.endswith("_delete"):
        return "DELETE"
    by_put = ("product_update", "customer_update", "customer_group_update")
    return "PUT" if event.endswith(by_put) else "POST"


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("event", kit.EVENTS)
def test_an_event_whose_answer_is_lost_takes_effect_once(opened, event, how):
    opened.reset()
    opened.fail(path="/V1/", method=method_of(event), **LOST[how])
    parts = Parts(
        SimpleNamespace(url=opened.address),
        MemoryStore(),
        **opened.stand_in.environment(opened.address),
    )
    parts.clock.now = time.time()  # the stand-in's, to which ours is held

    first, _ = parts.deliver(push(value_of(event), event))
    second, told = parts.deliver(push(value_of(event), event))

    assert first >= 500
    assert (second, told["response"]["success"]) == (200, True)
    effects = opened.effects()
    assert len({effect["body_hash"] for effect in effects}) == 1
    twice = event.split(".")[1] in WRITTEN_AGAIN and how.startswith("done")
    assert len(effects) == (2 if twice else 1)
    assert parts.letters.stored == []
