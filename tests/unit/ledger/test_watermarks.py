"""The newest event of a resource, and the watermark of each row of stock."""

import pytest

from functions.ledger.hashes import resource_key
from tests.support.ledger_kit import (
    HASHES,
    NEW,
    NO_EFFECT,
    OLD,
    REJECTION,
    SOURCE,
    SUCCESS,
    UNKNOWN,
    delivery,
)

LAMP, CHAIR = "stock:LAMP@default", "stock:CHAIR@default"


def stock_lease(ledger, uid, time):
    """The lease of a stock event."""
    return ledger.acquire(
        SOURCE, uid, delivery(f"m-{uid}", uid, resource=None, time=time)
    )


def test_the_newest_event_of_an_ordering_key_is_known(ledger):
    assert ledger.newest("product:LAMP") is None
    ledger.process(delivery("m1", "A", time=NEW), SUCCESS)
    ledger.process(delivery("m2", "B", time=OLD), SUCCESS)

    assert ledger.newest("product:LAMP") == NEW


@pytest.mark.parametrize("outcome", [REJECTION, NO_EFFECT, UNKNOWN])
def test_an_event_without_success_is_not_the_newest(ledger, outcome):
    ledger.process(delivery(time=NEW), outcome)

    assert ledger.newest("product:LAMP") is None


def test_an_older_row_is_outdated(ledger):
    newer, older = stock_lease(ledger, "1", NEW), stock_lease(ledger, "2", OLD)
    assert ledger.acquire_watermarks(newer, [LAMP]) == ["send"]
    ledger.complete(newer, SUCCESS, applied=[LAMP])

    assert ledger.acquire_watermarks(older, [LAMP, CHAIR]) == ["outdated", "send"]


@pytest.mark.parametrize("times", [(OLD, NEW), (NEW, OLD)])
def test_a_row_waits_while_another_event_sets_it(ledger, times):
    first, second = (stock_lease(ledger, time, time) for time in times)
    ledger.acquire_watermarks(first, [LAMP])

    assert ledger.acquire_watermarks(second, [CHAIR, LAMP]) is None
    third = stock_lease(ledger, "3", OLD)
    assert ledger.acquire_watermarks(third, [CHAIR]) == ["send"]


def test_rows_of_the_same_time_are_sent(ledger):
    first, second = stock_lease(ledger, "1", NEW), stock_lease(ledger, "2", NEW)
    ledger.acquire_watermarks(first, [LAMP])
    ledger.complete(first, SUCCESS, applied=[LAMP])

    assert ledger.acquire_watermarks(second, [LAMP]) == ["send"]
    assert ledger.complete(second, SUCCESS, applied=[LAMP])
    # The one that was applied last is known, also to its replay.
    replay = ledger.acquire(SOURCE, "2", delivery("m3", "other", time=NEW))
    assert ledger.acquire_watermarks(replay, [LAMP]) == ["applied"]


def test_an_older_completion_keeps_the_newer_watermark(ledger):
    newer, older = stock_lease(ledger, "1", NEW), stock_lease(ledger, "2", OLD)
    ledger.complete(newer, SUCCESS, applied=[LAMP])

    ledger.complete(older, SUCCESS, applied=[LAMP])

    third = stock_lease(ledger, "3", OLD)
    assert ledger.acquire_watermarks(third, [LAMP]) == ["outdated"]


def test_rows_of_an_earlier_attempt_are_applied(ledger):
    lease = stock_lease(ledger, "1", NEW)
    ledger.acquire_watermarks(lease, [LAMP, CHAIR])
    ledger.complete(lease, UNKNOWN, applied=[LAMP])

    second = stock_lease(ledger, "1", NEW)
    assert ledger.acquire_watermarks(second, [LAMP, CHAIR]) == ["applied", "send"]


def test_rows_of_a_replay_are_applied(ledger):
    """A replay is another message of the same event, with its time."""
    lease = stock_lease(ledger, "1", NEW)
    ledger.acquire_watermarks(lease, [LAMP, CHAIR])
    ledger.complete(lease, REJECTION, applied=[LAMP], released=[CHAIR])

    replay = ledger.acquire(SOURCE, "1", delivery("replay", "1", time=NEW))
    assert ledger.acquire_watermarks(replay, [LAMP, CHAIR]) == ["applied", "send"]


def test_a_released_row_can_be_acquired(ledger):
    older, newer = stock_lease(ledger, "1", OLD), stock_lease(ledger, "2", NEW)
    ledger.acquire_watermarks(older, [LAMP])
    ledger.complete(older, NO_EFFECT, released=[LAMP])

    assert ledger.acquire_watermarks(newer, [LAMP]) == ["send"]


def test_releasing_an_unknown_row_does_nothing(ledger):
    ledger.complete(stock_lease(ledger, "1", OLD), NO_EFFECT, released=[LAMP])

    assert ledger.store.get(resource_key(HASHES.resource(LAMP))) is None


def test_an_unknown_outcome_holds_a_row_until_its_lease_expires(ledger):
    older, newer = stock_lease(ledger, "1", OLD), stock_lease(ledger, "2", NEW)
    ledger.acquire_watermarks(older, [LAMP])
    ledger.complete(older, UNKNOWN)
    assert ledger.acquire_watermarks(newer, [LAMP]) is None

    ledger.expire_leases()
    newer = stock_lease(ledger, "2", NEW)
    assert ledger.acquire_watermarks(newer, [LAMP]) == ["send"]


def test_a_fenced_delivery_does_not_release_its_successors_row(ledger):
    """Otherwise a newer level could be sent during the successor's call."""
    first = stock_lease(ledger, "1", OLD)
    ledger.acquire_watermarks(first, [LAMP])
    ledger.expire_leases()
    second = stock_lease(ledger, "1", OLD)
    assert ledger.acquire_watermarks(second, [LAMP]) == ["send"]

    assert not ledger.complete(first, NO_EFFECT, released=[LAMP])
    assert not ledger.complete(first, NO_EFFECT, applied=[LAMP])

    assert ledger.acquire_watermarks(stock_lease(ledger, "2", NEW), [LAMP]) is None


def test_a_late_release_does_not_concern_another_event(ledger):
    late = stock_lease(ledger, "1", OLD)
    ledger.acquire_watermarks(late, [LAMP])
    ledger.expire_leases()
    holding = stock_lease(ledger, "2", OLD)
    assert ledger.acquire_watermarks(holding, [LAMP]) == ["send"]

    ledger.complete(late, NO_EFFECT, released=[LAMP])

    assert ledger.acquire_watermarks(stock_lease(ledger, "3", NEW), [LAMP]) is None


def test_a_fenced_delivery_acquires_no_row(ledger):
    first = stock_lease(ledger, "1", OLD)
    ledger.expire_leases()
    second = stock_lease(ledger, "1", OLD)

    assert ledger.acquire_watermarks(first, [LAMP]) is None

    assert ledger.store.get(resource_key(HASHES.resource(LAMP))) is None
    assert ledger.acquire_watermarks(second, [LAMP]) == ["send"]
