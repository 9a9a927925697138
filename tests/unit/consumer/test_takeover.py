"""A delivery that wakes after another has taken over: it says and keeps nothing."""

import pytest

from functions.ledger.memory import MemoryStore
from tests.commerce.server import answer
from tests.consumer.parts import Parts, Shop, push

LEASE_SECONDS = 15  # a call's five and ten
STOCK = "be-observer.catalog_stock_update"
DONE = answer(200, {"id": 1})


@pytest.fixture
def parts():
    with Shop() as shop:
        yield Parts(shop, MemoryStore())


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(DONE, id="handled"),
        pytest.param(answer(400, {"message": "No"}), id="rejected"),
        pytest.param(answer(429, {"message": "No"}), id="no-effect"),
        pytest.param(None, id="effect-unknown"),
    ],
)
def test_who_wakes_late_is_told_to_come_again_and_leaves_the_record(parts, late):
    """Whatever it was told: what its successor recorded stands, and nothing else."""
    successors = []

    def overtaken(request):
        parts.shop.says = DONE
        parts.clock.now += LEASE_SECONDS + 1
        successors.append(parts.deliver(push())[0])
        return late

    parts.shop.says = overtaken

    assert (parts.deliver(push())[0], successors) == (503, [200])

    assert parts.letters.stored == []
    assert parts.deliver(push())[0] == 200
    assert len(parts.shop.received) == 2
    assert parts.outcomes() == ["handled", "retry", "duplicate"]


def test_who_wakes_late_sends_nothing_more(parts):
    """Of 25 levels 20 are on their way; the other five are the successor's."""
    rows = [
        {"sku": f"S-{n}", "source": "default", "quantity": 1, "outOfStock": False}
        for n in range(25)
    ]
    body = push(rows, STOCK)

    def overtaken(request):
        parts.shop.says = DONE
        parts.clock.now += LEASE_SECONDS + 1
        assert parts.deliver(body)[0] == 200
        return DONE

    parts.shop.says = overtaken

    assert parts.deliver(body)[0] == 503

    sizes = [len(request.body["sourceItems"]) for request in parts.shop.received]
    assert sizes == [20, 20, 5]
