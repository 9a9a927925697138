"""Who may act, and whether it must look for what an earlier try did."""

import pytest

from functions.ledger.decisions import InFlight
from functions.ledger.ledger import Lease
from tests.ledger.parts import (
    DONE,
    LEASE,
    NO_EFFECT,
    OLD,
    REFUSED,
    UNKNOWN,
    answered,
    delivery,
)

# Claims


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(delivery("m1"), id="the-same-message"),
        pytest.param(delivery("m2"), id="the-same-again"),
        pytest.param(delivery("m2", "B"), id="another-value"),
    ],
)
def test_while_one_is_under_way_any_other_of_its_uid_waits(timed, other):
    lease = timed.leased(delivery("m1"))

    assert timed.acquire(other) == InFlight()

    timed.ledger.complete(lease, NO_EFFECT)
    assert isinstance(timed.acquire(other), Lease)


def test_a_lease_that_is_renewed_holds_longer(timed):
    lease = timed.leased(delivery())
    timed.now += LEASE - 1
    assert timed.ledger.renew(lease)

    timed.now += LEASE - 1
    assert timed.acquire(delivery()) == InFlight()

    timed.now += 2
    assert isinstance(timed.acquire(delivery()), Lease)


@pytest.mark.parametrize("outcome", [DONE, REFUSED, NO_EFFECT, UNKNOWN])
@pytest.mark.parametrize("then", [None, DONE, UNKNOWN])
def test_who_was_taken_over_records_nothing(timed, outcome, then):
    first = timed.leased(delivery())
    timed.lease_runs_out()
    second = timed.leased(delivery())
    if then:
        timed.ledger.complete(second, then)
    before = timed.record()

    assert timed.ledger.complete(first, outcome) is False
    assert timed.ledger.renew(first) is False

    assert timed.record() == before
    assert timed.ledger.newest("product:LAMP") == (OLD if then == DONE else None)


def test_who_was_taken_over_by_another_message_records_its_own(timed):
    """Both know what came of theirs; neither speaks of the other's."""
    first = timed.leased(delivery("m1", "A"))
    timed.lease_runs_out()
    second = timed.leased(delivery("m2", "B"))

    assert timed.ledger.complete(first, DONE)
    assert timed.ledger.complete(second, REFUSED)

    assert timed.acquire(delivery("m1", "A")) == answered(DONE, repeated=False)
    assert timed.acquire(delivery("m2", "B")) == answered(REFUSED, repeated=False)


def test_each_try_is_counted(timed):
    tries = [timed.settled(delivery(), NO_EFFECT).leased.attempt for _ in range(3)]

    assert tries == [1, 2, 3]


# Whether an earlier try may have had an effect


def test_after_a_try_without_effect_nobody_need_look(timed):
    timed.settled(delivery(), NO_EFFECT)

    assert timed.leased(delivery()).leased.outcome_unknown_since is None


def test_after_a_try_whose_outcome_is_unknown_the_next_one_looks(timed):
    began = timed.now
    timed.settled(delivery(), UNKNOWN)
    timed.now += 10

    assert timed.leased(delivery()).leased.outcome_unknown_since == began


def test_after_a_lease_that_ran_out_the_next_one_looks(timed):
    began = timed.now
    timed.leased(delivery())
    timed.lease_runs_out()

    assert timed.leased(delivery()).leased.outcome_unknown_since == began


def test_it_looks_for_what_was_done_since_the_first_of_them(timed):
    """A later try without effect, or of unknown effect, does not settle the first's."""
    began = timed.now
    for outcome in (UNKNOWN, NO_EFFECT, UNKNOWN):
        timed.settled(delivery(), outcome)
        timed.now += 100

    assert timed.leased(delivery()).leased.outcome_unknown_since == began


def test_another_message_that_says_the_same_looks_as_well(timed):
    """What is posted or replayed again, while nobody knows of the first."""
    began = timed.now
    timed.settled(delivery("m1"), UNKNOWN)
    timed.now += 10

    assert timed.leased(delivery("m2")).leased.outcome_unknown_since == began


def test_another_message_that_says_something_else_need_not(timed):
    timed.settled(delivery("m1", "A"), UNKNOWN)

    assert timed.leased(delivery("m2", "B")).leased.outcome_unknown_since is None


def test_a_message_is_the_same_for_a_version_that_reads_it_otherwise(timed):
    """As one does that knows a field more, or another default."""
    began = timed.now
    timed.settled(delivery("m1", "A"), UNKNOWN)

    assert timed.leased(delivery("m1", "B")).leased.outcome_unknown_since == began
