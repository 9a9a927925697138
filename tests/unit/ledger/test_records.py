"""What a record contains, how much, and for how long."""

import pytest

from functions.ledger import rules
from functions.ledger.decisions import AlreadyProcessed, InFlight, Outcome
from functions.ledger.ledger import Lease
from functions.ledger.memory import SWEEP_EVERY, MemoryStore
from functions.ledger.record import (
    MAX_ENTRY_BYTES,
    MAX_FINISHED,
    MAX_MESSAGE_LENGTH,
    MAX_OPEN,
    MAX_RECORD_BYTES,
    MAX_RESOURCES,
    json_size,
)
from tests.support.ledger_kit import (
    DAY_SECONDS,
    HASHES,
    KEEP_DAYS,
    LEASE_SECONDS,
    NO_EFFECT,
    SOURCE,
    SUCCESS,
    UID,
    LedgerUnderTest,
    delivery,
    processed,
)

FINISHED_ONLY = {"message_id", "finished_at"}


def full_record(character):
    """A record with as many entries, as long as they can be."""
    ledger = LedgerUnderTest(MemoryStore())
    message = Outcome(400, character * MAX_MESSAGE_LENGTH, final=True)
    signed = {"value": "f" * 64, "webhook_id": "a" * 64}
    ledger.process(delivery(**signed), message)
    record = ledger.record()
    [entry] = record["finished"]
    waiting = {
        **{name: entry[name] for name in entry if name not in FINISHED_ONLY},
        "owner": "o" * 32,
        "lease_expires": 1e9,
        "outcome_unknown_since": 1e9,
        "attempts": 9,
        "ambiguous_attempts": 9,
        "ambiguous_since": 1e9,
        "started": 1e9,
    }
    return {
        **record,
        "finished": [{**entry, "message_id": f"{n:016}"} for n in range(MAX_FINISHED)],
        "open": {f"{n:016}": waiting for n in range(9000, 9000 + MAX_OPEN)},
        "resources": [f"{n:064}" for n in range(MAX_RESOURCES)],
    }


def test_a_message_is_bounded(ledger):
    ledger.process(delivery(), Outcome(200, "x" * 2 * MAX_MESSAGE_LENGTH, final=True))

    assert ledger.deliver(delivery()) == AlreadyProcessed(
        200, "x" * MAX_MESSAGE_LENGTH, False
    )


CHARACTERS = ["x", '"', "\\", "\x01", "\n", "価", "😀", "\ud800"]


@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_a_uid_used_for_everything_fits_a_document(ledger, character):
    """As it is serialised: some characters need three to six bytes."""
    record, _ = rules.acquire(
        full_record(character),
        delivery("m2"),
        "h",
        ledger.clock.now,
        LEASE_SECONDS,
        DAY_SECONDS,
    )

    size = json_size(record)
    assert size <= MAX_RECORD_BYTES
    # Beside the record, a document has its resources; together less than a MiB.
    assert size + json_size(record["resources"]) < 2**20
    assert len(record["open"]) == MAX_OPEN
    # No more is dropped than needed.
    entry = json_size(record["finished"][-1]) + 1
    left = MAX_FINISHED - len(record["finished"])
    assert left == 0 or size > MAX_RECORD_BYTES - 2 * entry


def test_an_entry_is_smaller_than_its_bound(ledger):
    """Below that many entries, the record's size need not be measured."""
    record = full_record("\x01")

    for entry in [*record["open"].values(), *record["finished"]]:
        assert json_size(entry) < MAX_ENTRY_BYTES


def test_the_newest_results_are_kept(ledger):
    record, _ = rules.acquire(
        full_record("\x01"), delivery("m2"), "h", 4e9, LEASE_SECONDS, DAY_SECONDS
    )

    kept = [int(entry["message_id"]) for entry in record["finished"]]
    assert kept == list(range(MAX_FINISHED - len(kept), MAX_FINISHED))


def test_old_results_are_dropped_with_the_next_message(ledger):
    ledger.process(delivery("m1", "A", idempotent=False), SUCCESS)
    ledger.clock.now += KEEP_DAYS * DAY_SECONDS + 1
    ledger.process(delivery("m2", "B", idempotent=False), SUCCESS)

    assert isinstance(ledger.deliver(delivery("m3", "A", idempotent=False)), Lease)


def test_each_change_extends_a_records_expiry(ledger):
    for outcome in (NO_EFFECT, SUCCESS):
        ledger.clock.now += DAY_SECONDS
        ledger.process(delivery(), outcome)
        expires = ledger.clock.now + KEEP_DAYS * DAY_SECONDS
        assert ledger.record()["expires"] == expires


def test_names_are_stored_as_hashes(ledger):
    ledger.process(delivery(), SUCCESS)

    key = HASHES.event_key(SOURCE, UID)
    stored = f"{key} {ledger.store.get(key)} "
    assert [name for name in (SOURCE, f"'{UID}'", "LAMP") if name in stored] == []


def test_expired_records_are_swept_from_memory():
    store = MemoryStore()
    for _ in range(SWEEP_EVERY):
        store.change(["old", "kept"], lambda _: ([{"expires": 1}, {"expires": 4e9}], 0))

    assert store.get("old") is None
    assert store.get("kept") == {"expires": 4e9}


# Forgetting


def test_a_uid_is_forgotten_for_every_caller(ledger):
    for source in (SOURCE, "/ingest/wms"):
        lease = ledger.deliver(delivery(), source=source)
        ledger.complete(lease, SUCCESS)

    assert ledger.forget_uid(UID) == (2, 0)
    assert ledger.forget_uid(UID) == (0, 0)


def test_an_event_in_flight_is_not_forgotten(ledger):
    ledger.lease(delivery())

    assert ledger.forget_uid(UID) == (0, 1)
    assert ledger.deliver(delivery()) == InFlight()


def test_a_resource_is_forgotten_and_others_are_kept(ledger):
    ledger.process(delivery("m1", "A"), SUCCESS)
    chair = HASHES.resource("product:CHAIR")
    ledger.process(delivery("m2", "B", resource=chair), SUCCESS)
    ledger.process(delivery("m3", "C"), NO_EFFECT)

    assert ledger.forget_resource("product:LAMP") == (1, 0)

    assert ledger.newest("product:LAMP") is None
    record = ledger.record()
    assert (record["open"], record["resources"]) == ({}, [chair])
    assert ledger.deliver(delivery("m2", "B")) == processed(SUCCESS, duplicate=False)


def test_a_resource_being_set_is_not_forgotten(ledger):
    lease = ledger.lease(delivery(resource=None))
    ledger.acquire_watermarks(lease, ["stock:LAMP@default"])

    assert ledger.forget_resource("stock:LAMP@default") == (0, 1)


def test_a_record_that_vanished_meanwhile_counts_as_forgotten(ledger):
    ledger.process(delivery(), SUCCESS)
    records = ledger.store.find("uid", delivery().uid)
    ledger.store.change([records[0][0]], lambda _: ([None], None))

    assert ledger._forget(records, lambda record: None) == (1, 0)
