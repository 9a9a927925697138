"""A claim holds until the call that rests on it is over, however late that began."""

import pytest

from functions.commerce.errors import Unavailable
from functions.consumer.work import OTHER_AT_WORK, Budget, LedgerWork
from functions.ledger.ledger import Ledger, uid_hash
from functions.ledger.memory import MemoryStore
from functions.ledger.rules import Busy, Delivery
from tests.consumer.parts import Clock

CALL_SECONDS = 30
ROWS = [{"sku": "A", "source": "default"}]


class Counted(MemoryStore):
    """One that counts its changes, each of which costs milliseconds in Firestore."""

    changes = 0

    def change(self, keys, by):
        self.changes += 1
        return super().change(keys, by)


class Scene:
    """One ledger, and deliveries that claim their events in it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = Counted()
        self.ledger = Ledger(self.store, CALL_SECONDS + 10, 35, self.clock)

    def claim(self, message_id: str, uid: str, second: int = 0):
        delivery = Delivery(
            message_id=message_id,
            uid=uid_hash(uid),
            thing=None,
            event="be-observer.catalog_stock_update",
            entity="stock",
            fingerprint=message_id,
            happening=False,
            time=f"2026-01-01T00:00:{second:02}.000000Z",
        )
        return self.ledger.claim("/ingest/erp", uid, delivery)

    def work(self, message_id: str, uid: str, second: int = 0) -> LedgerWork:
        budget = Budget(540, self.clock)
        return LedgerWork(self.ledger, self.claim(message_id, uid, second), budget)


@pytest.fixture
def scene():
    return Scene()


def test_a_first_call_that_had_to_wait_is_under_a_lease_to_its_end(scene):
    work = scene.work("m1", "15")

    scene.clock.now += 15  # for the token that another thread renews
    work.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS

    assert scene.claim("m2", "15") == Busy()


def test_a_stock_call_that_had_to_wait_is_not_overtaken_by_a_newer_level(scene):
    older, newer = scene.work("m1", "15"), scene.work("m2", "16", second=1)
    assert older.pending(ROWS) == ROWS

    scene.clock.now += 15
    older.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS

    with pytest.raises(Unavailable):
        newer.pending(ROWS)


def test_a_stock_call_that_waited_too_long_is_not_begun(scene):
    older = scene.work("m1", "15")
    older.pending(ROWS)
    scene.clock.now += CALL_SECONDS + 11
    scene.work("m2", "16", second=1).pending(ROWS)

    with pytest.raises(Unavailable, match=OTHER_AT_WORK):
        older.before_call(CALL_SECONDS)


def test_a_claim_of_rows_is_the_lease_of_their_call_and_of_no_further(scene):
    work = scene.work("m1", "15")
    costs = []
    for ask in (
        lambda: work.before_call(CALL_SECONDS),
        lambda: work.pending(ROWS),
        lambda: work.before_call(CALL_SECONDS),
        lambda: work.before_call(CALL_SECONDS),
    ):
        before = scene.store.changes
        ask()
        costs.append(scene.store.changes - before)

    assert costs == [0, 1, 0, 1]
