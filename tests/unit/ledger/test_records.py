"""What a record keeps: of what, how much, and for how long."""

import json

from functions.ledger import rules
from functions.ledger.decisions import AlreadyProcessed, Outcome
from functions.ledger.ledger import Lease, event_key, resource_hash, resource_key
from functions.ledger.record import (
    MAX_FINISHED,
    MAX_MESSAGE_LENGTH,
    MAX_OPEN,
    MAX_RESOURCES,
)
from tests.ledger.parts import (
    DAY,
    DONE,
    KEEP_DAYS,
    LEASE,
    NO_EFFECT,
    SOURCE,
    UID,
    delivery,
)


def test_an_answer_is_kept_in_bounds(timed):
    timed.settled(delivery(), Outcome(200, "x" * 2 * MAX_MESSAGE_LENGTH, final=True))

    assert timed.acquire(delivery()) == AlreadyProcessed(
        200, "x" * MAX_MESSAGE_LENGTH, False
    )


def test_a_uid_that_is_used_for_all_fits_a_document_of_firestores(timed):
    """A megabyte, https://firebase.google.com/docs/firestore/quotas; full of answers
    that take three bytes a character."""
    said = Outcome(400, "価" * MAX_MESSAGE_LENGTH, final=True)
    timed.settled(delivery(value="f" * 64), said)
    record = timed.record()
    [entry] = record["finished"]
    waits = {
        **entry,
        "owner": None,
        "outcome_unknown": None,
        "attempts": 9,
        "began": 1e9,
    }
    full = {
        **record,
        "finished": [{**entry, "message": f"{n:016}"} for n in range(MAX_FINISHED)],
        "open": {f"{n:016}": waits for n in range(9000, 9000 + MAX_OPEN)},
        "resources": [f"{n:064}" for n in range(MAX_RESOURCES)],
    }

    record, _ = rules.acquire(full, delivery("m2"), "h", timed.now, LEASE, DAY)

    size = len(json.dumps([record, record["resources"]], ensure_ascii=False).encode())
    assert size < 1_000_000


def test_what_is_old_is_forgotten_with_the_next_message(timed):
    timed.settled(delivery("m1", "A", idempotent=False), DONE)
    timed.now += KEEP_DAYS * DAY + 1
    timed.settled(delivery("m2", "B", idempotent=False), DONE)

    assert isinstance(timed.acquire(delivery("m3", "A", idempotent=False)), Lease)


def test_each_change_keeps_a_record_for_as_long_again(timed):
    for outcome in (NO_EFFECT, DONE):
        timed.now += DAY
        timed.settled(delivery(), outcome)
        assert timed.record()["expires"] == timed.now + KEEP_DAYS * DAY

    resource = timed.store.get(resource_key(resource_hash("product:LAMP")))
    assert resource["expires"] == timed.now + KEEP_DAYS * DAY


def test_names_are_kept_as_hashes_only(timed):
    timed.settled(delivery(), DONE)

    key = event_key(SOURCE, UID)
    kept = f"{key} {timed.store.get(key)} {resource_key(resource_hash('product:LAMP'))}"
    assert [word for word in (SOURCE, f"'{UID}'", "LAMP") if word in kept] == []
