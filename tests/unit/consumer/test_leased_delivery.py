"""A lease lasts until the call that needs it has ended, however late it began."""

import pytest

from functions.consumer.delivery import (
    PROMPT_SECONDS,
    Budget,
    DirectCall,
    LeasedDelivery,
)
from functions.consumer.own_changes import OwnChanges
from functions.consumer.results import ANOTHER_IN_FLIGHT
from functions.errors import Unavailable
from functions.events import catalog
from functions.ledger.decisions import Delivery, InFlight, Outcome
from functions.ledger.hashes import resource_key
from functions.ledger.ledger import Ledger
from functions.ledger.memory import MemoryStore
from tests.support.fake_clock import FakeClock
from tests.support.ledger_kit import HASHES

CALL_SECONDS = 30
BUDGET_SECONDS = 540
ROWS = [{"sku": "A", "source": "default"}]


class CountingStore(MemoryStore):
    """Counts its changes, each of which takes milliseconds in Firestore."""

    changes = 0

    def change(self, keys, update, known=None):
        self.changes += 1
        return super().change(keys, update)


DONE = Outcome(200, "Stock updated successfully", final=True)


class Scene:
    """One ledger, and deliveries that have acquired leases in it."""

    def __init__(self):
        self.clock = FakeClock()
        self.store = CountingStore()
        self.ledger = Ledger(self.store, HASHES, CALL_SECONDS + 10, 35, self.clock)

    def acquire(self, message_id, uid, second=0, key=""):
        delivery = Delivery(
            message_id=message_id,
            uid=HASHES.uid(uid),
            resource=HASHES.resource(key) if key else None,
            event="be-observer.catalog_stock_update",
            entity="stock",
            content_hash=message_id,
            idempotent=True,
            time=f"2026-01-01T00:00:{second:02}.000000Z",
        )
        return self.ledger.acquire("/ingest/erp", uid, delivery)

    def deliver(self, message_id, uid, second=0, key=""):
        budget = Budget(BUDGET_SECONDS, self.clock)
        lease = self.acquire(message_id, uid, second, key)
        event = catalog.find("be-observer.catalog_stock_update")
        own_changes = OwnChanges(self.ledger, event, [], None, 0, message_id)
        return LeasedDelivery(self.ledger, lease, budget, own_changes)


@pytest.fixture
def scene():
    return Scene()


def test_a_first_call_that_waited_has_a_lease_to_its_end(scene):
    delivery = scene.deliver("m1", "15")

    scene.clock.now += 15  # for the token that another thread renews
    delivery.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS

    assert scene.acquire("m2", "15") == InFlight()


def test_a_stock_call_that_waited_is_not_overtaken(scene):
    older, newer = scene.deliver("m1", "15"), scene.deliver("m2", "16", second=1)
    assert older.pending(ROWS) == ROWS

    scene.clock.now += 15
    older.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS

    with pytest.raises(Unavailable):
        newer.pending(ROWS)


def test_a_stock_call_that_waited_too_long_is_not_sent(scene):
    older = scene.deliver("m1", "15")
    older.pending(ROWS)
    scene.clock.now += CALL_SECONDS + 11
    scene.deliver("m2", "16", second=1).pending(ROWS)

    with pytest.raises(Unavailable, match=ANOTHER_IN_FLIGHT):
        older.before_call(CALL_SECONDS)


def test_a_lease_covers_every_call_that_begins_promptly(scene):
    """Also rows, after which the same lease is renewed with them."""
    delivery = scene.deliver("m1", "15")
    changes = []
    for seconds, ask in (
        (0, lambda: delivery.before_call(CALL_SECONDS)),
        (PROMPT_SECONDS, lambda: delivery.before_call(CALL_SECONDS)),
        (0, lambda: delivery.pending(ROWS)),
        (PROMPT_SECONDS, lambda: delivery.before_call(CALL_SECONDS)),
        (0.1, lambda: delivery.before_call(CALL_SECONDS)),
        (PROMPT_SECONDS, lambda: delivery.before_call(CALL_SECONDS)),
    ):
        before = scene.store.changes
        scene.clock.now += seconds
        ask()
        changes.append(scene.store.changes - before)

    assert changes == [0, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("first_call_seconds", [PROMPT_SECONDS, CALL_SECONDS])
def test_a_second_call_has_a_lease_to_its_end(scene, first_call_seconds):
    delivery = scene.deliver("m1", "15")
    delivery.before_call(CALL_SECONDS)
    scene.clock.now += first_call_seconds

    delivery.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS

    assert scene.acquire("m2", "15") == InFlight()


def test_a_second_call_is_not_sent_after_a_takeover(scene):
    delivery = scene.deliver("m1", "15")
    delivery.before_call(CALL_SECONDS)
    scene.clock.now += CALL_SECONDS + 11
    scene.acquire("m1", "15")

    with pytest.raises(Unavailable, match=ANOTHER_IN_FLIGHT):
        delivery.before_call(CALL_SECONDS)


def test_no_rows_cost_nothing(scene):
    delivery = scene.deliver("m1", "15")
    before = scene.store.changes

    assert delivery.pending([]) == []
    delivery.applied([])

    assert scene.store.changes == before


@pytest.mark.parametrize("kind", ["leased", "direct"])
def test_no_call_begins_that_could_exceed_the_budget(scene, kind):
    if kind == "leased":
        delivery = scene.deliver("m1", "15")
    else:
        delivery = DirectCall(Budget(BUDGET_SECONDS, scene.clock))
    scene.clock.now += BUDGET_SECONDS - CALL_SECONDS
    delivery.before_call(CALL_SECONDS)

    scene.clock.now += 1
    with pytest.raises(Unavailable, match="The delivery's time is used up"):
        delivery.before_call(CALL_SECONDS)


def rows(*pairs):
    return [{"sku": sku, "source": source} for sku, source in pairs]


NAMES_WITH_AT = [
    ("a@b", "c"),
    ("a", "b@c"),
    ("a", "b%40c"),
    ("a@b%40c", "c"),
    ("a@", "b@c"),
]


@pytest.mark.parametrize("other", NAMES_WITH_AT)
@pytest.mark.parametrize("pair", NAMES_WITH_AT)
def test_no_two_rows_share_a_watermark(scene, pair, other):
    newer, older = scene.deliver("m2", "16", second=1), scene.deliver("m1", "15")
    newer.applied(newer.pending(rows(other)))
    newer.complete(DONE)

    pending = older.pending(rows(pair))

    assert pending == ([] if pair == other else rows(pair))
    assert older.outdated_rows == (1 if pair == other else 0)


@pytest.mark.parametrize("other", [("A ", "Default"), ("a", "default")])
def test_spellings_that_commerce_does_not_tell_apart_are_one(scene, other):
    newer, older = scene.deliver("m2", "16", second=1), scene.deliver("m1", "15")
    newer.applied(newer.pending(rows(("A", "default"))))
    newer.complete(DONE)

    assert older.pending(rows(other)) == []


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        pytest.param(("A", "default"), "stock:a@default", id="plain"),
        pytest.param(("50% @ä", "x-1"), "stock:50% @ä@x-1", id="sku with @"),
        pytest.param(("A", "50% @ä"), "stock:a@50%25 %40ä", id="source with @"),
    ],
)
def test_a_watermark_has_the_name_that_operators_use(scene, pair, name):
    delivery = scene.deliver("m1", "15")
    delivery.applied(delivery.pending(rows(pair)))
    delivery.complete(DONE)

    record = scene.store.get(resource_key(HASHES.resource(name)))
    assert record["watermark"]["time"] == "2026-01-01T00:00:00.000000Z"
    assert scene.ledger.forget_resource(name) == (1, 0)


@pytest.mark.parametrize("level_first", [True, False])
def test_an_ordering_key_and_a_watermark_can_share_a_name(scene, level_first):
    """The ordering key of the SKU a@b reads as the watermark of a at the source b."""
    key, pair = "stock:a@b", rows(("a", "b"))

    def process_event():
        delivery = scene.deliver("m2", "16", second=2, key=key)
        delivery.applied(delivery.pending(rows(("a@b", "c"))))
        assert delivery.complete(DONE)

    if not level_first:
        process_event()
    level = scene.deliver("m1", "15", second=1)
    assert level.pending(pair) == pair
    level.applied(pair)
    assert level.complete(DONE)
    if level_first:
        process_event()

    assert scene.ledger.newest(key) == "2026-01-01T00:00:02.000000Z"
    assert scene.deliver("m0", "14").pending(pair) == []
    assert scene.deliver("m3", "17", second=1).pending(pair) == pair


def test_a_watermark_is_not_the_newest_event_of_its_name(scene):
    level = scene.deliver("m1", "15")
    level.applied(level.pending(rows(("a", "b"))))
    level.complete(DONE)

    assert scene.ledger.newest("stock:a@b") is None


def test_applied_rows_are_recorded_with_the_next_change(scene):
    delivery, pieces = scene.deliver("m1", "15"), rows(("a", "x"), ("b", "x"))
    delivery.applied(delivery.pending(pieces[:1]))
    before = scene.store.changes

    assert delivery.pending(pieces) == pieces[1:]
    delivery.applied(pieces[1:])
    assert delivery.complete(DONE)

    # The first piece again, the second piece, the result with its rows.
    assert scene.store.changes - before == 3
    for name in ("stock:a@x", "stock:b@x"):
        record = scene.store.get(resource_key(HASHES.resource(name)))
        assert (record["watermark"]["time"][:4], record["lease"]) == ("2026", None)


@pytest.mark.parametrize("wait", [0, 15])
def test_applied_rows_are_recorded_before_the_next_call(scene, wait):
    """A process that is killed during that call has recorded the earlier one."""
    delivery, piece = scene.deliver("m1", "15"), rows(("a", "x"), ("b", "x"))
    delivery.pending(piece)
    delivery.before_call(CALL_SECONDS)
    delivery.applied(piece[:1])
    scene.clock.now += wait

    delivery.before_call(CALL_SECONDS)

    record = scene.store.get(resource_key(HASHES.resource("stock:a@x")))
    assert record["watermark"] is not None


def test_a_level_that_was_applied_counts_though_taken_over(scene):
    first, pair = scene.deliver("m1", "15", second=1), rows(("a", "x"))
    first.applied(first.pending(pair))
    scene.clock.now += CALL_SECONDS + 11
    scene.deliver("m1", "15", second=1)

    assert not first.complete(DONE)

    assert scene.deliver("m0", "14").pending(pair) == []
