"""A claim holds until the call that rests on it is over, however late that began."""

import pytest

from functions.commerce.errors import Unavailable
from functions.consumer.delivery import OTHER_AT_WORK, Budget, LeasedDelivery
from functions.ledger.decisions import Delivery, InFlight, Outcome
from functions.ledger.ledger import Ledger, resource_hash, resource_key, uid_hash
from functions.ledger.memory import MemoryStore
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

    def acquire(self, message_id: str, uid: str, second: int = 0, key: str = ""):
        delivery = Delivery(
            message_id=message_id,
            uid=uid_hash(uid),
            resource=resource_hash(key) if key else None,
            event="be-observer.catalog_stock_update",
            entity="stock",
            content_hash=message_id,
            idempotent=True,
            time=f"2026-01-01T00:00:{second:02}.000000Z",
        )
        return self.ledger.acquire("/ingest/erp", uid, delivery)

    def work(
        self, message_id: str, uid: str, second: int = 0, key: str = ""
    ) -> LeasedDelivery:
        budget = Budget(540, self.clock)
        claim = self.acquire(message_id, uid, second, key)
        return LeasedDelivery(self.ledger, claim, budget)


@pytest.fixture
def scene():
    return Scene()


def test_a_first_call_that_had_to_wait_is_under_a_lease_to_its_end(scene):
    work = scene.work("m1", "15")

    scene.clock.now += 15  # for the token that another thread renews
    work.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS

    assert scene.acquire("m2", "15") == InFlight()


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


def rows(*pairs: tuple[str, str]) -> list[dict]:
    return [{"sku": sku, "source": source} for sku, source in pairs]


AT = [("a@b", "c"), ("a", "b@c"), ("a", "b%40c"), ("a@b%40c", "c"), ("a@", "b@c")]


@pytest.mark.parametrize("other", AT)
@pytest.mark.parametrize("pair", AT)
def test_no_two_rows_share_a_mark_whatever_their_names_hold(scene, pair, other):
    newer, older = scene.work("m2", "16", second=1), scene.work("m1", "15")
    newer.applied(newer.pending(rows(other)))

    left = older.pending(rows(pair))

    assert left == ([] if pair == other else rows(pair))


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        pytest.param(("A", "default"), "stock:A@default", id="plain"),
        pytest.param(("50% @ä", "x-1"), "stock:50% @ä@x-1", id="odd-sku"),
        pytest.param(("A", "50% @ä"), "stock:A@50%25 %40ä", id="odd-source"),
    ],
)
def test_a_mark_has_the_name_by_which_operators_ask_for_it(scene, pair, name):
    work = scene.work("m1", "15")
    work.applied(work.pending(rows(pair)))

    assert scene.store.get(resource_key(resource_hash(name)))["message"] == "m1"
    assert scene.ledger.forget_resource(name) == (1, 0)


@pytest.mark.parametrize("level_first", [True, False])
def test_an_event_of_the_sku_a_at_b_is_no_level_of_a_at_b(scene, level_first):
    """Its ordering key reads as the mark of ``a`` at ``b``."""
    key, pair = "stock:a@b", rows(("a", "b"))
    done = Outcome(200, "Stock updated successfully", final=True)

    def happens() -> None:
        work = scene.work("m2", "16", second=2, key=key)
        work.applied(work.pending(rows(("a@b", "c"))))
        assert work.complete(done)

    if not level_first:
        happens()
    level = scene.work("m1", "15", second=1)
    assert level.pending(pair) == pair
    level.applied(pair)
    if level_first:
        happens()

    assert scene.ledger.newest(key) == "2026-01-01T00:00:02.000000Z"
    assert scene.work("m0", "14").pending(pair) == []
    assert scene.work("m3", "17", second=1).pending(pair) == pair


def test_a_mark_is_no_event_of_its_name(scene):
    level = scene.work("m1", "15")
    level.applied(level.pending(rows(("a", "b"))))

    assert scene.ledger.newest("stock:a@b") is None
