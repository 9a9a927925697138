"""Which delivery may act, and whether it must reconcile an earlier attempt."""

import pytest

from functions.ledger.decisions import InFlight, Outcome
from functions.ledger.ledger import Lease
from tests.support.ledger_kit import (
    LEASE_SECONDS,
    NO_EFFECT,
    OLD,
    REJECTION,
    SUCCESS,
    UNKNOWN,
    delivery,
    processed,
)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(delivery("m1"), id="same message"),
        pytest.param(delivery("m2"), id="repost"),
        pytest.param(delivery("m2", "B"), id="other value"),
    ],
)
def test_one_message_of_a_uid_is_in_flight_at_a_time(ledger, other):
    lease = ledger.lease(delivery("m1"))

    assert ledger.deliver(other) == InFlight()

    ledger.complete(lease, NO_EFFECT)
    assert isinstance(ledger.deliver(other), Lease)


def test_a_renewed_lease_lasts_longer(ledger):
    lease = ledger.lease(delivery())
    ledger.clock.now += LEASE_SECONDS - 1
    assert ledger.renew(lease)

    ledger.clock.now += LEASE_SECONDS - 1
    assert ledger.deliver(delivery()) == InFlight()

    ledger.clock.now += 2
    assert isinstance(ledger.deliver(delivery()), Lease)


@pytest.mark.parametrize("outcome", [SUCCESS, REJECTION, NO_EFFECT, UNKNOWN])
@pytest.mark.parametrize("successors", [None, SUCCESS, UNKNOWN])
def test_a_delivery_that_was_taken_over_records_nothing(ledger, outcome, successors):
    first = ledger.lease(delivery())
    ledger.expire_leases()
    second = ledger.lease(delivery())
    if successors:
        ledger.complete(second, successors)
    before = ledger.record()

    assert ledger.complete(first, outcome) is False
    assert ledger.renew(first) is False

    assert ledger.record() == before
    assert ledger.newest("product:LAMP") == (OLD if successors == SUCCESS else None)


def test_a_lease_taken_by_another_message_still_records(ledger):
    """Each knows the outcome of its own message."""
    first = ledger.lease(delivery("m1", "A"))
    ledger.expire_leases()
    second = ledger.lease(delivery("m2", "B"))

    assert ledger.complete(first, SUCCESS)
    assert ledger.complete(second, REJECTION)

    assert ledger.deliver(delivery("m1", "A")) == processed(SUCCESS, duplicate=False)
    assert ledger.deliver(delivery("m2", "B")) == processed(REJECTION, duplicate=False)


def test_attempts_are_counted(ledger):
    attempts = [ledger.process(delivery(), NO_EFFECT).attempt for _ in range(3)]

    assert attempts == [1, 2, 3]


def test_a_forgotten_event_cannot_be_renewed_or_completed(ledger):
    lease = ledger.lease(delivery())
    ledger.store.change([lease.key], lambda records: ([None], None))

    assert ledger.renew(lease) is False
    assert ledger.complete(lease, SUCCESS) is False


def test_a_change_that_is_run_again_gives_the_same_lease(ledger):
    """A store may run a change twice when it does not know whether it was committed."""

    class RepeatingStore:
        get = ledger.store.get

        def change(self, keys, update, known=None):
            ledger.store.change(keys, update)
            return ledger.store.change(keys, update)

    repeating = type(ledger)(RepeatingStore())
    lease = repeating.lease(delivery())

    assert lease.attempt == 1
    assert repeating.complete(lease, NO_EFFECT) is False  # the second run says so
    assert ledger.lease(delivery()).attempt == 2


# Whether an earlier attempt may have had an effect


def test_an_attempt_without_effect_needs_no_reconciling(ledger):
    ledger.process(delivery(), NO_EFFECT)

    assert ledger.lease(delivery()).outcome_unknown_since is None


def test_an_unknown_outcome_is_passed_on(ledger):
    start = ledger.clock.now
    ledger.process(delivery(), UNKNOWN)
    ledger.clock.now += 10

    assert ledger.lease(delivery()).outcome_unknown_since == start


def test_the_outcome_of_an_expired_lease_is_unknown(ledger):
    start = ledger.clock.now
    ledger.lease(delivery())
    ledger.expire_leases()

    assert ledger.lease(delivery()).outcome_unknown_since == start


def test_the_first_unknown_outcome_counts(ledger):
    """The outcome of a later attempt says nothing about the first one's."""
    start = ledger.clock.now
    for outcome in (UNKNOWN, NO_EFFECT, UNKNOWN):
        ledger.process(delivery(), outcome)
        ledger.clock.now += 100

    assert ledger.lease(delivery()).outcome_unknown_since == start


def test_an_unknown_outcome_concerns_a_repost(ledger):
    start = ledger.clock.now
    ledger.process(delivery("m1"), UNKNOWN)
    ledger.clock.now += 10

    assert ledger.lease(delivery("m2")).outcome_unknown_since == start


def test_an_unknown_outcome_does_not_concern_another_value(ledger):
    ledger.process(delivery("m1", "A"), UNKNOWN)

    assert ledger.lease(delivery("m2", "B")).outcome_unknown_since is None


def test_a_message_is_the_same_with_another_content_hash(ledger):
    """As computed by a release that knows one more field or another default."""
    start = ledger.clock.now
    ledger.process(delivery("m1", "A"), UNKNOWN)

    assert ledger.lease(delivery("m1", "B")).outcome_unknown_since == start


# Attempts whose failure does not say whether another attempt can succeed

AMBIGUOUS = Outcome(503, "Could not save", final=False, ambiguous=True)


def test_ambiguous_attempts_of_a_message_are_counted(ledger):
    for outcome in (NO_EFFECT, AMBIGUOUS, AMBIGUOUS, UNKNOWN):
        ledger.clock.now += 100
        ledger.process(delivery(), outcome)

    ledger.clock.now += 100
    lease = ledger.lease(delivery())
    assert (lease.attempt, lease.ambiguous_attempts) == (5, 2)
    assert lease.ambiguous_seconds == 300


def test_a_repost_counts_its_own_ambiguous_attempts(ledger):
    ledger.process(delivery("m1"), AMBIGUOUS)

    lease = ledger.lease(delivery("m2"))
    assert (lease.ambiguous_attempts, lease.ambiguous_seconds) == (0, 0.0)
