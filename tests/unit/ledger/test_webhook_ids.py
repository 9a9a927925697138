"""The id of a signed request: its repetition is a duplicate, whatever came between."""

import random

import pytest

from functions.ledger import record
from functions.ledger.decisions import AlreadyProcessed
from functions.ledger.ledger import Lease
from functions.ledger.memory import MemoryStore
from tests.support.ledger_kit import (
    HASHES,
    NO_EFFECT,
    REJECTION,
    SUCCESS,
    LedgerUnderTest,
    delivery,
    processed,
)

FIRST, SECOND, THIRD = (HASHES.webhook_id(f"msg_{n}") for n in range(3))
TEN_MINUTES = 600


def test_a_repeated_request_does_not_undo_a_newer_value(ledger):
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)
    ledger.process(delivery("m2", "B", webhook_id=SECOND), SUCCESS)
    ledger.clock.now += TEN_MINUTES

    repeated = ledger.deliver(delivery("m3", "A", webhook_id=FIRST))

    assert repeated == processed(SUCCESS, duplicate=True)
    assert ledger.deliver(delivery("m3", "A", webhook_id=FIRST)) == processed(
        SUCCESS, duplicate=False
    )


def test_a_repetition_is_not_the_last_value(ledger):
    """A, B, A repeated, A in a new request: the last one is a change."""
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)
    ledger.process(delivery("m2", "B", webhook_id=SECOND), SUCCESS)
    ledger.deliver(delivery("m3", "A", webhook_id=FIRST))

    repost = ledger.deliver(delivery("m4", "B", webhook_id=None))
    assert repost == processed(SUCCESS, duplicate=True)
    changed = ledger.deliver(delivery("m5", "A", webhook_id=THIRD))
    assert isinstance(changed, Lease)


def test_a_signed_batch_is_three_changes_once(ledger):
    """A, B, A in one batch; ingest adds the position to the request's id."""
    batch = [("A", "msg 0"), ("B", "msg 1"), ("A", "msg 2")]
    messages = [
        delivery(f"m{n}", value, webhook_id=HASHES.webhook_id(signed))
        for n, (value, signed) in enumerate(batch * 2)
    ]
    for message in messages[:3]:
        ledger.process(message, SUCCESS)

    again = [ledger.deliver(message) for message in messages[3:]]

    assert again == [processed(SUCCESS, duplicate=True)] * 3


def test_a_repetition_while_a_newer_value_waits_is_a_duplicate(ledger):
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)
    ledger.process(delivery("m2", "B", webhook_id=SECOND), NO_EFFECT)

    repeated = ledger.deliver(delivery("m3", "A", webhook_id=FIRST))

    assert repeated == processed(SUCCESS, duplicate=True)


@pytest.mark.parametrize("webhook_id", [SECOND, None], ids=["another", "none"])
def test_without_the_same_id_it_is_a_change(ledger, webhook_id):
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)
    ledger.process(delivery("m2", "B"), SUCCESS)

    assert isinstance(ledger.deliver(delivery("m3", "A", webhook_id=webhook_id)), Lease)


def test_two_events_without_id_have_nothing_in_common(ledger):
    ledger.process(delivery("m1", "A"), SUCCESS)
    ledger.process(delivery("m2", "B"), SUCCESS)

    assert isinstance(ledger.deliver(delivery("m3", "A")), Lease)


def test_one_id_signs_several_values_and_uids(ledger):
    """A batch: also several values of one uid are several events."""
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)

    assert isinstance(ledger.deliver(delivery("m2", "B", webhook_id=FIRST)), Lease)
    other = delivery("m3", "A", webhook_id=FIRST, uid=HASHES.uid("16"))
    assert isinstance(ledger.deliver(other, uid="16"), Lease)


def test_another_caller_may_use_the_same_id(ledger):
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)

    message = delivery("m2", "A", webhook_id=FIRST)
    assert isinstance(ledger.deliver(message, source="/ingest/wms"), Lease)


def test_a_rejected_request_may_be_repeated(ledger):
    """The sender repeats it, or an operator replays it."""
    ledger.process(delivery("m1", "A", webhook_id=FIRST), REJECTION)
    ledger.process(delivery("m2", "B", webhook_id=SECOND), SUCCESS)

    assert isinstance(ledger.deliver(delivery("m3", "A", webhook_id=FIRST)), Lease)


def test_every_copy_of_an_event_keeps_its_own_id(ledger):
    """Also one that waited, and one that was recognised as a duplicate."""
    ledger.process(delivery("m1", "A", webhook_id=FIRST), NO_EFFECT)
    ledger.process(delivery("m2", "A", webhook_id=SECOND), SUCCESS)
    ledger.deliver(delivery("m3", "A", webhook_id=THIRD))
    ledger.process(delivery("m4", "B"), SUCCESS)

    for number, webhook_id in enumerate((FIRST, SECOND, THIRD)):
        repeated = delivery(f"r{number}", "A", webhook_id=webhook_id)
        assert ledger.deliver(repeated) == processed(SUCCESS, duplicate=True)


def test_many_repetitions_do_not_make_the_ledger_forget(ledger, monkeypatch):
    monkeypatch.setattr(record, "MAX_FINISHED", 20)
    ledger.process(delivery("m1", "A", webhook_id=FIRST), SUCCESS)
    ledger.process(delivery("m2", "B", webhook_id=SECOND), SUCCESS)

    for number in range(record.MAX_FINISHED + 2):
        repeated = delivery(f"r{number}", "A", webhook_id=FIRST)
        assert ledger.deliver(repeated) == processed(SUCCESS, duplicate=True)

    repost = ledger.deliver(delivery("m3", "B"))
    assert repost == processed(SUCCESS, duplicate=True)


def test_an_id_is_stored_as_a_hash():
    assert FIRST != SECOND
    assert "msg_0" not in FIRST
    assert HASHES.uid("msg_0") != FIRST


@pytest.mark.parametrize("seed", range(3))
def test_a_signed_request_takes_effect_at_most_once(seed):
    """Whatever comes between."""
    chooser = random.Random(seed)  # noqa: S311 repeatable
    decisions = set()
    for _ in range(40):
        decisions |= set(decide_about_random_messages(chooser))

    assert decisions == {AlreadyProcessed, Lease}


def decide_about_random_messages(chooser):
    """Deliver a few messages to an empty ledger; yields the kind of each decision."""
    ledger = LedgerUnderTest(MemoryStore())
    effects: list[tuple[str, str | None]] = []
    for number in range(chooser.randrange(13)):
        value = chooser.choice("ABC")
        webhook_id = chooser.choice([FIRST, SECOND, THIRD, None])
        outcome = chooser.choice([SUCCESS, REJECTION, NO_EFFECT])
        decision = ledger.deliver(
            delivery(f"m{number}", value, webhook_id=webhook_id, time=f"{number:04}")
        )
        yield type(decision)
        if isinstance(decision, AlreadyProcessed):
            assert decision == processed(SUCCESS, duplicate=True)
            # The ids of recognised copies count as well.
            effects.append((value, webhook_id))
            continue
        assert isinstance(decision, Lease)
        assert webhook_id is None or (value, webhook_id) not in effects
        assert ledger.complete(decision, outcome)
        if outcome is SUCCESS:
            effects.append((value, webhook_id))
