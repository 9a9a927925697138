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
    return InOrder(lambda stage, **labels: told.append((stage, labels["uid"])))


async def test_a_delivery_told_too_early_waits_for_its_publishing(observe, told):
    observe("attempt", uid="a", message_id="1", attempt=1)
    observe("call", uid="a", message_id="1", attempt=1)
    observe("outcome", uid="a", message_id="1", attempt=1)
    observe("attempt", uid="b", message_id="2", attempt=2)
    assert told == [("attempt", "b")]

    observe("received", uid="a")
    observe("published", uid="a", message_id="1")

    assert [stage for stage, uid in told if uid == "a"] == [
        "received",
        "published",
        "attempt",
        "call",
        "outcome",
    ]


async def test_what_is_in_order_is_told_at_once(observe, told):
    for stage in ("received", "published", "attempt", "outcome"):
        observe(stage, uid="a", message_id="1", attempt=1)

    assert [stage for stage, _ in told] == [
        "received",
        "published",
        "attempt",
        "outcome",
    ]


async def test_what_ingest_never_tells_of_waits_a_moment_and_once(told):
    observe = InOrder(lambda stage, **_: told.append(stage), hold_seconds=0.01)
    observe("attempt", uid="replayed", message_id="1", attempt=1)
    observe("outcome", uid="replayed", message_id="1", attempt=1)
    assert told == []

    async with asyncio.timeout(10):
        while len(told) < 2:
            await asyncio.sleep(0.005)
    observe("attempt", uid="replayed", message_id="1", attempt=1)
    assert told == ["attempt", "outcome", "attempt"]


async def test_what_is_held_at_the_end_is_told(observe, told):
    observe("attempt", uid="replayed", message_id="1", attempt=1)
    observe("outcome", uid="replayed", message_id="1", attempt=1)

    await observe.stop()

    assert [stage for stage, _ in told] == ["attempt", "outcome"]


async def test_what_is_remembered_is_bounded(observe, told):
    for number in range(in_order.KNOWN + 1):
        observe("published", uid=str(number), message_id=str(number))
    del told[:]

    observe("attempt", uid="0", message_id="0", attempt=1)
    observe("attempt", uid="1", message_id="1", attempt=1)

    assert told == [("attempt", "1")]
