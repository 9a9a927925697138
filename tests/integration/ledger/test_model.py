"""Random deliveries, crashes and clocks: the ledger decides as its model does."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from functions.ledger import firestore
from functions.ledger.firestore import FirestoreStore
from functions.ledger.ledger import Ledger
from functions.ledger.sqlite import SqliteStore
from tests.support.fake_firestore import FakeBatch, FakeFirestore
from tests.support.ledger_machine import LedgerMachine, bounded

LEDGER = "functions.ledger.ledger"
RULES = "functions.ledger.rules"


class FirestoreMachine(LedgerMachine):
    """Over the Firestore store, which may lose requests and responses."""

    def open_store(self):
        self.fake = FakeFirestore()
        self.losing = ""
        store = FirestoreStore("p", "(default)")
        store._connected = self.fake
        return store

    def lost(self):
        was_lost = self.losing != "" and self.fake.lose == ""
        if was_lost:
            self.losing = ""
        return was_lost

    @rule(part=st.sampled_from(["request", "response"]))
    def lose(self, part):
        self.losing = self.fake.lose = part


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr(firestore, "INITIAL_DELAY_SECONDS", 1e-6)


def test_the_ledger_decides_as_the_model():
    run_state_machine_as_test(LedgerMachine, settings=bounded(30))


def test_the_ledger_decides_as_the_model_over_firestore():
    run_state_machine_as_test(FirestoreMachine, settings=bounded(20))


def test_the_ledger_decides_as_the_model_over_sqlite(tmp_path):
    numbers = iter(range(1000))

    class SqliteMachine(LedgerMachine):
        def open_store(self):
            return SqliteStore(str(tmp_path / f"{next(numbers)}.sqlite"))

    run_state_machine_as_test(SqliteMachine, settings=bounded(5))


# A fault in each rule: the function in its place, given the original.


def without(field, value):
    """The rule sees *field* of its record as *value*."""
    return lambda original: (
        lambda record, *rest: original(record and {**record, field: value}, *rest)
    )


def delivery_with(**fields):
    """A rule ``(record, delivery, …)`` that sees a delivery with other *fields*."""
    return lambda original: (
        lambda record, delivery, *rest: original(
            record, replace(delivery, **fields), *rest
        )
    )


def outcome_with(**fields):
    return lambda original: (
        lambda record, delivery, owner, outcome, *rest: original(
            record, delivery, owner, replace(outcome, **fields), *rest
        )
    )


def with_attempts_of_1(original):
    def acquire(record, *rest):
        record, decision = original(record, *rest)
        if hasattr(decision, "attempt"):
            decision = replace(decision, attempt=1)
        return record, decision

    return acquire


def blind_to_status(original):
    def original_of(event, delivery):
        same = [e for e in event.finished if e["content_hash"] == delivery.content_hash]
        return original(event, delivery) or next(reversed(same), None)

    return original_of


def without_reposts(original):
    def complete(record, delivery, *rest):
        own, others = dict(record["open"]), {}
        for message_id in list(own):
            if message_id != delivery.message_id:
                others[message_id] = own.pop(message_id)
        changed, held = original({**record, "open": own}, delivery, *rest)
        return {**changed, "open": {**changed["open"], **others}}, held

    return lambda record, *rest: complete(record, *rest) if record else (record, False)


def keeping_the_lease(original):
    return lambda record, *rest: {
        **original(record, *rest),
        "lease": record and record["lease"],
    }


def constant(value):
    return lambda original: lambda *arguments: value


FAULTS = {
    "a result is not recognised": (RULES, "acquire", without("finished", [])),
    "attempts are not counted": (RULES, "acquire", with_attempts_of_1),
    "a live lease is ignored": (RULES, "_is_live", constant(False)),
    "an expired lease is live": (
        RULES,
        "_is_live",
        lambda original: lambda entry, now: entry["owner"] is not None,
    ),
    "no duplicate is recognised": (RULES, "_original_of", constant(None)),
    "a rejected event is not processed again": (RULES, "_original_of", blind_to_status),
    "A, B, A is a duplicate": (RULES, "_original_of", delivery_with(idempotent=False)),
    "a comment is added again": (RULES, "_original_of", delivery_with(idempotent=True)),
    "a captured request is processed": (
        RULES,
        "_original_of",
        delivery_with(webhook_id=None),
    ),
    "a waiting newer value is ignored": (RULES, "_changes_after", constant(False)),
    "an unknown outcome is dropped": (RULES, "_unknown_since", constant(None)),
    "an abandoned attempt had no effect": (
        RULES,
        "_unknown_since",
        lambda original: lambda entry: entry["outcome_unknown_since"],
    ),
    "no fencing": (
        RULES,
        "_is_owner",
        lambda original: lambda record, message_id, owner: message_id in record["open"],
    ),
    "a renewal extends nothing": (
        RULES,
        "renew",
        lambda original: lambda record, *rest: (record, original(record, *rest)[1]),
    ),
    "a timeout had no effect": (RULES, "complete", outcome_with(outcome_unknown=False)),
    "ambiguity is not counted": (RULES, "complete", outcome_with(ambiguous=False)),
    "a repost stays open": (RULES, "complete", without_reposts),
    "an event in flight is forgotten": (RULES, "is_in_flight", constant(False)),
    "forgetting a resource keeps it": (
        RULES,
        "forget",
        lambda original: lambda record, resource: record,
    ),
    "an older level is sent": (LEDGER, "watermark_acquire", without("watermark", None)),
    "a level overtakes another": (LEDGER, "watermark_acquire", without("lease", None)),
    "an applied level is sent again": (
        LEDGER,
        "watermark_acquire",
        lambda original: (
            lambda record, delivery, event, *rest: original(
                record, delivery, "another", *rest
            )
        ),
    ),
    "an older level is recorded": (
        LEDGER,
        "watermark_complete",
        without("watermark", None),
    ),
    "an applied row stays leased": (LEDGER, "watermark_complete", keeping_the_lease),
    "a release ends another's lease": (
        LEDGER,
        "watermark_release",
        lambda original: lambda record, *rest: record and {**record, "lease": None},
    ),
    "a released row stays leased": (
        LEDGER,
        "watermark_release",
        lambda original: lambda record, *rest: record,
    ),
    "an older level does not wait": (
        "functions.ledger.watermarks",
        "MAX_BACKOFF_SECONDS",
        lambda original: 0,
    ),
}


def finds_fault(machine):
    try:
        run_state_machine_as_test(machine, settings=bounded(150))
    except (AssertionError, ExceptionGroup):
        return True
    return False


@pytest.mark.parametrize("name", FAULTS)
def test_the_model_finds_a_fault_in_each_rule(name, monkeypatch):
    module, function, plant = FAULTS[name]
    original = getattr(__import__(module, fromlist=[function]), function)
    monkeypatch.setattr(f"{module}.{function}", plant(original))

    assert finds_fault(LedgerMachine)


def test_the_model_finds_rows_acquired_without_a_lease(monkeypatch):
    renewed = Ledger._renewed
    monkeypatch.setattr(
        Ledger, "_renewed", lambda *arguments: (renewed(*arguments)[0], True)
    )

    assert finds_fault(LedgerMachine)


def test_the_model_finds_unguarded_writes(monkeypatch):
    """Firestore's preconditions are what makes known records safe."""
    monkeypatch.setattr(FakeBatch, "check", staticmethod(lambda *arguments: None))

    assert finds_fault(FirestoreMachine)
