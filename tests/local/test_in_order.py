"""An event's stages are told in the order in which they happened."""

import asyncio

import pytest

from local import in_order
from local.in_order import InOrder

pytestmark = pytest.mark.anyio


@pytest.fixture
def told():
    return []


@pytest.fixture
def observe(told):
    return InOrder(lambda stage, **labels: told.append((stage, labels["message_id"])))


async def test_a_delivery_told_too_early_waits_for_its_publishing(observe, told):
    observe("attempt", message_id="1", attempt=1)
    observe("call", message_id="1", attempt=1)
    observe("outcome", message_id="1", attempt=1)
    observe("attempt", message_id="2", attempt=2)
    assert told == [("attempt", "2")]

    observe("published", message_id="1")

    assert told[1:] == [
        ("published", "1"),
        ("attempt", "1"),
        ("call", "1"),
        ("outcome", "1"),
    ]


async def test_what_is_in_order_is_told_at_once(observe, told):
    observe("published", message_id="1")
    observe("attempt", message_id="1", attempt=1)

    assert told == [("published", "1"), ("attempt", "1")]


async def test_a_message_that_ingest_did_not_publish_waits_a_moment_only(told):
    observe = InOrder(lambda stage, **_: told.append(stage), hold_seconds=0.01)
    observe("attempt", message_id="replayed", attempt=1)
    observe("outcome", message_id="replayed", attempt=1)

    async with asyncio.timeout(10):
        while len(told) < 2:
            await asyncio.sleep(0.005)
    assert told == ["attempt", "outcome"]


async def test_what_is_known_to_be_published_is_bounded(observe, told):
    for number in range(in_order.KNOWN + 1):
        observe("published", message_id=str(number))
    del told[:]

    observe("attempt", message_id="0", attempt=1)
    observe("attempt", message_id="1", attempt=1)

    assert told == [("attempt", "1")]
