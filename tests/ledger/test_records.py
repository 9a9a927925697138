"""What a record keeps: of what, how much, and for how long."""

import json

from functions.ledger import rules
from functions.ledger.decisions import Answered, Outcome
from functions.ledger.ledger import Claim, event_key, thing_hash, thing_key
from functions.ledger.record import (
    FINISHED_KEPT,
    LONGEST_ANSWER,
    OPEN_KEPT,
    THINGS_KEPT,
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
    timed.settled(delivery(), Outcome(200, "x" * 2 * LONGEST_ANSWER, final=True))

    assert timed.claim(delivery()) == Answered(200, "x" * LONGEST_ANSWER, False)


def test_a_uid_that_is_used_for_all_fits_a_document_of_firestores(timed):
    """A megabyte, https://firebase.google.com/docs/firestore/quotas; full of answers
    that take three bytes a character."""
    said = Outcome(400, "価" * LONGEST_ANSWER, final=True)
    timed.settled(delivery(value="f" * 64), said)
    record = timed.record()
    [entry] = record["finished"]
    waits = {**entry, "holder": None, "unsure": None, "attempts": 9, "began": 1e9}
    full = {
        **record,
        "finished": [{**entry, "message": f"{n:016}"} for n in range(FINISHED_KEPT)],
        "open": {f"{n:016}": waits for n in range(9000, 9000 + OPEN_KEPT)},
        "things": [f"{n:064}" for n in range(THINGS_KEPT)],
    }

    record, _ = rules.claim(full, delivery("m2"), "h", timed.now, LEASE, DAY)

    size = len(json.dumps([record, record["things"]], ensure_ascii=False).encode())
    assert size < 1_000_000


def test_what_is_old_is_forgotten_with_the_next_message(timed):
    timed.settled(delivery("m1", "A", happening=True), DONE)
    timed.now += KEEP_DAYS * DAY + 1
    timed.settled(delivery("m2", "B", happening=True), DONE)

    assert isinstance(timed.claim(delivery("m3", "A", happening=True)), Claim)


def test_each_change_keeps_a_record_for_as_long_again(timed):
    for outcome in (NO_EFFECT, DONE):
        timed.now += DAY
        timed.settled(delivery(), outcome)
        assert timed.record()["expires"] == timed.now + KEEP_DAYS * DAY

    thing = timed.store.get(thing_key(thing_hash("product:LAMP")))
    assert thing["expires"] == timed.now + KEEP_DAYS * DAY


def test_names_are_kept_as_hashes_only(timed):
    timed.settled(delivery(), DONE)

    key = event_key(SOURCE, UID)
    kept = f"{key} {timed.store.get(key)} {thing_key(thing_hash('product:LAMP'))}"
    assert [word for word in (SOURCE, f"'{UID}'", "LAMP") if word in kept] == []
