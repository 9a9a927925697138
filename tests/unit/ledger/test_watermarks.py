"""What is newest: of each resource, and of each row of stock."""

import pytest

from functions.ledger.ledger import Lease, resource_hash, resource_key
from tests.ledger.parts import (
    DONE,
    NEW,
    NO_EFFECT,
    OLD,
    REFUSED,
    SOURCE,
    UNKNOWN,
    Timed,
    delivery,
)

MARK = "stock:LAMP@default"


# Things: what is newest


def test_the_newest_that_took_effect_is_known_by_ordering_key(timed):
    assert timed.ledger.newest("product:LAMP") is None
    timed.settled(delivery("m1", "A", time=NEW), DONE)
    timed.settled(delivery("m2", "B", time=OLD), DONE)

    assert timed.ledger.newest("product:LAMP") == NEW


@pytest.mark.parametrize("outcome", [REFUSED, NO_EFFECT, UNKNOWN])
def test_what_did_not_take_effect_is_not_the_newest(timed, outcome):
    timed.settled(delivery(time=NEW), outcome)

    assert timed.ledger.newest("product:LAMP") is None


# Stock: a mark per SKU and source


def stock(timed: Timed, uid: str, time: str) -> Lease:
    """The lease of a stock event."""
    given = delivery(f"m-{uid}", uid, resource=None, time=time)
    return timed.ledger.acquire(SOURCE, uid, given)


def test_an_older_row_is_dropped(timed):
    newer, older = stock(timed, "1", NEW), stock(timed, "2", OLD)
    assert timed.ledger.acquire_watermarks(newer, [MARK]) == ["send"]
    timed.ledger.complete_watermarks(newer, [MARK])

    assert timed.ledger.acquire_watermarks(older, [MARK, "stock:B@default"]) == [
        "drop",
        "send",
    ]


@pytest.mark.parametrize("times", [(OLD, NEW), (NEW, OLD)])
def test_a_row_waits_while_anothers_call_is_under_way(timed, times):
    first, second = (stock(timed, time, time) for time in times)
    timed.ledger.acquire_watermarks(first, [MARK])

    assert timed.ledger.acquire_watermarks(second, ["stock:B@default", MARK]) is None
    third = stock(timed, "3", OLD)
    assert timed.ledger.acquire_watermarks(third, ["stock:B@default"]) == ["send"]


def test_equal_times_pass(timed):
    first, second = stock(timed, "1", NEW), stock(timed, "2", NEW)
    timed.ledger.acquire_watermarks(first, [MARK])
    timed.ledger.complete_watermarks(first, [MARK])

    assert timed.ledger.acquire_watermarks(second, [MARK]) == ["send"]


def test_what_a_try_applied_the_next_one_leaves_out(timed):
    lease = stock(timed, "1", NEW)
    timed.ledger.acquire_watermarks(lease, [MARK, "stock:B@default"])
    timed.ledger.complete_watermarks(lease, [MARK])
    timed.ledger.complete(lease, UNKNOWN)

    again = stock(timed, "1", NEW)
    marks = timed.ledger.acquire_watermarks(again, [MARK, "stock:B@default"])
    assert marks == ["drop", "send"]


def test_a_call_known_to_have_failed_holds_up_nobody(timed):
    older, newer = stock(timed, "1", OLD), stock(timed, "2", NEW)
    timed.ledger.acquire_watermarks(older, [MARK])
    timed.ledger.release_watermarks(older, [MARK])

    assert timed.ledger.acquire_watermarks(newer, [MARK]) == ["send"]


def test_a_call_of_unknown_outcome_holds_others_up_until_its_lease_runs_out(timed):
    older, newer = stock(timed, "1", OLD), stock(timed, "2", NEW)
    timed.ledger.acquire_watermarks(older, [MARK])
    timed.ledger.complete(older, UNKNOWN)
    assert timed.ledger.acquire_watermarks(newer, [MARK]) is None

    timed.lease_runs_out()
    newer = stock(timed, "2", NEW)
    assert timed.ledger.acquire_watermarks(newer, [MARK]) == ["send"]


def test_who_was_taken_over_frees_no_mark_of_its_successors(timed):
    """Else a newer level could be sent while the successor's call is under way."""
    first = stock(timed, "1", OLD)
    timed.ledger.acquire_watermarks(first, [MARK])
    timed.lease_runs_out()
    second = stock(timed, "1", OLD)
    assert timed.ledger.acquire_watermarks(second, [MARK]) == ["send"]

    timed.ledger.release_watermarks(first, [MARK])
    timed.ledger.complete_watermarks(first, [MARK])

    assert timed.ledger.acquire_watermarks(stock(timed, "2", NEW), [MARK]) is None


def test_who_frees_its_mark_late_frees_no_other_events(timed):
    late = stock(timed, "1", OLD)
    timed.ledger.acquire_watermarks(late, [MARK])
    timed.lease_runs_out()
    holding = stock(timed, "2", OLD)
    assert timed.ledger.acquire_watermarks(holding, [MARK]) == ["send"]

    timed.ledger.release_watermarks(late, [MARK])

    assert timed.ledger.acquire_watermarks(stock(timed, "3", NEW), [MARK]) is None


def test_who_was_taken_over_claims_no_mark(timed):
    first = stock(timed, "1", OLD)
    timed.lease_runs_out()
    second = stock(timed, "1", OLD)

    assert timed.ledger.acquire_watermarks(first, [MARK]) is None

    assert timed.store.get(resource_key(resource_hash(MARK))) is None
    assert timed.ledger.acquire_watermarks(second, [MARK]) == ["send"]


def test_a_mark_whose_claim_names_no_holder_is_its_messages(timed):
    """Such a lease is of a version that named none."""
    lease = stock(timed, "1", OLD)
    timed.ledger.acquire_watermarks(lease, [MARK])
    key = resource_key(resource_hash(MARK))
    mark = timed.store.get(key)
    nameless = {k: v for k, v in mark["lease"].items() if k != "owner"}
    timed.store.change([key], lambda _: ([{**mark, "lease": nameless}], None))

    timed.ledger.release_watermarks(lease, [MARK])

    assert timed.store.get(key) is None
