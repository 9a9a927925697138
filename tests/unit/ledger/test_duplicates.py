"""A recorded result stays, and what counts as a duplicate of it."""

import pytest

from functions.ledger.ledger import Lease
from tests.support.ledger_kit import (
    BETWEEN,
    NEW,
    NO_EFFECT,
    OLD,
    REJECTION,
    SUCCESS,
    delivery,
    processed,
)


@pytest.mark.parametrize("outcome", [SUCCESS, REJECTION], ids=["success", "rejection"])
def test_a_redelivery_gets_the_recorded_result(ledger, outcome):
    ledger.process(delivery("m1"), outcome)
    ledger.process(delivery("m2", "B"), SUCCESS)

    assert ledger.deliver(delivery("m1")) == processed(outcome, duplicate=False)


def test_two_callers_may_use_the_same_uid(ledger):
    ledger.process(delivery("m1"), SUCCESS)

    assert isinstance(ledger.deliver(delivery("m2"), source="/ingest/wms"), Lease)


def test_a_repost_is_a_duplicate_and_is_recorded(ledger):
    ledger.process(delivery("m1"), SUCCESS)

    assert ledger.deliver(delivery("m2")) == processed(SUCCESS, duplicate=True)
    assert ledger.deliver(delivery("m2")) == processed(SUCCESS, duplicate=False)


def test_a_repost_of_a_rejected_event_is_processed(ledger):
    ledger.process(delivery("m1"), REJECTION)

    ledger.process(delivery("m2"), SUCCESS)

    assert ledger.deliver(delivery("m1")) == processed(REJECTION, duplicate=False)
    assert ledger.deliver(delivery("m3")) == processed(SUCCESS, duplicate=True)


@pytest.mark.parametrize("outcome", [SUCCESS, REJECTION], ids=["success", "rejection"])
def test_another_value_of_the_uid_is_another_event(ledger, outcome):
    """A, then B, then A are three changes, whatever the outcome of B."""
    ledger.process(delivery("m1", "A"), SUCCESS)
    ledger.process(delivery("m2", "B"), outcome)

    assert isinstance(ledger.deliver(delivery("m3", "A")), Lease)


def test_a_waiting_other_value_makes_a_repost_a_change(ledger):
    """A, B that is being retried, A: as a duplicate, the last A would leave B."""
    ledger.process(delivery("m1", "A", time=OLD), SUCCESS)
    ledger.process(delivery("m2", "B", time=BETWEEN), NO_EFFECT)

    assert isinstance(ledger.deliver(delivery("m3", "A", time=NEW)), Lease)


def test_an_older_waiting_value_leaves_a_repost_a_duplicate(ledger):
    ledger.process(delivery("m1", "B", time=OLD), NO_EFFECT)
    ledger.process(delivery("m2", "A", time=BETWEEN), SUCCESS)

    decision = ledger.deliver(delivery("m3", "A", time=NEW))
    assert decision == processed(SUCCESS, duplicate=True)


def test_a_non_idempotent_duplicate_is_found_further_back(ledger):
    ledger.process(delivery("m1", "A", idempotent=False), SUCCESS)
    ledger.process(delivery("m2", "B", idempotent=False), SUCCESS)

    decision = ledger.deliver(delivery("m3", "A", idempotent=False))
    assert decision == processed(SUCCESS, duplicate=True)


def test_a_rejected_non_idempotent_event_is_processed_again(ledger):
    ledger.process(delivery("m1", "A", idempotent=False), REJECTION)

    assert isinstance(ledger.deliver(delivery("m2", "A", idempotent=False)), Lease)


def test_success_completes_the_waiting_reposts(ledger):
    ledger.process(delivery("m1"), NO_EFFECT)

    ledger.process(delivery("m2"), SUCCESS)

    assert ledger.deliver(delivery("m1")) == processed(SUCCESS, duplicate=False)


def test_a_rejection_does_not_complete_the_waiting_reposts(ledger):
    ledger.process(delivery("m1"), NO_EFFECT)

    ledger.process(delivery("m2"), REJECTION)

    assert isinstance(ledger.deliver(delivery("m1")), Lease)
