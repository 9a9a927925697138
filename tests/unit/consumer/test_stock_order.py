"""While nobody knows what became of a newer level, an older one waits."""

import pytest

from functions.ledger.memory import MemoryStore
from tests.commerce.server import answer
from tests.consumer.parts import Parts, Shop, push

STOCK = "be-observer.catalog_stock_update"
DONE = answer(200, [])
LOST = answer(500, {"message": "Internal error"})
NO_EFFECT = answer(503, {"message": "Maintenance"})


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


def level(quantity: int, second: int) -> dict:
    """The push of an event that sets one level, as ingest got it in that second."""
    rows = [
        {"sku": sku, "source": "default", "quantity": quantity, "outOfStock": False}
        for sku in ("A", "B")
    ]
    name = f"m{second}"
    time = f"2026-01-01T00:00:{second:02d}.000000Z"
    return push(rows, STOCK, uid=name, message_id=name, time=time)


@pytest.mark.parametrize("again", [[], [NO_EFFECT], [NO_EFFECT, NO_EFFECT]], ids=len)
def test_an_older_level_does_not_come_after_a_newer_one(shop, again):
    """Whatever the newer one's later tries, of which is known that they did nothing."""
    parts = Parts(shop, MemoryStore())
    for says in (LOST, *again):
        shop.says = says
        assert parts.deliver(level(2, second=2))[0] >= 500
    shop.says = DONE
    calls = len(shop.received)

    assert parts.deliver(level(1, second=1))[0] == 503
    parts.clock.now += 600  # a lease, and nearly all of the wait for the next try
    assert parts.deliver(level(1, second=1))[0] == 503
    assert len(shop.received) == calls
    assert parts.deliver(level(2, second=2))[0] == 200
    assert parts.deliver(level(1, second=1))[0] == 200
    assert len(shop.received) == calls + 1


def test_a_newer_level_that_never_comes_again_holds_up_none(shop):
    parts = Parts(shop, MemoryStore())
    shop.says = LOST
    parts.deliver(level(2, second=2))
    shop.says = DONE
    parts.clock.now += 700

    assert parts.deliver(level(1, second=1))[0] == 200


def test_a_newer_level_passes_when_the_older_ones_lease_has_run_out(shop):
    parts = Parts(shop, MemoryStore())
    shop.says = LOST
    parts.deliver(level(1, second=1))
    shop.says = DONE
    assert parts.deliver(level(2, second=2))[0] == 503
    parts.clock.now += 60

    assert parts.deliver(level(2, second=2))[0] == 200


def test_a_newer_level_that_is_refused_lets_the_older_one_pass(shop):
    parts = Parts(shop, MemoryStore())
    shop.says = LOST
    parts.deliver(level(2, second=2))
    shop.says = answer(400, {"message": "No"})
    assert parts.deliver(level(2, second=2))[0] == 200

    shop.says = DONE
    assert parts.deliver(level(1, second=1))[0] == 200
    assert "response" in parts.deliver(level(1, second=1))[1]
