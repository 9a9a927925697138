"""What is newest: of each thing, and of each row of stock."""

import pytest

from functions.ledger.ledger import Claim, thing_hash, thing_key
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


def stock(timed: Timed, uid: str, time: str) -> Claim:
    """The claim of a stock event."""
    given = delivery(f"m-{uid}", uid, thing=None, time=time)
    return timed.ledger.claim(SOURCE, uid, given)


def test_an_older_row_is_dropped(timed):
    newer, older = stock(timed, "1", NEW), stock(timed, "2", OLD)
    assert timed.ledger.claim_marks(newer, [MARK]) == ["send"]
    timed.ledger.apply_marks(newer, [MARK])

    assert timed.ledger.claim_marks(older, [MARK, "stock:B@default"]) == [
        "drop",
        "send",
    ]


@pytest.mark.parametrize("times", [(OLD, NEW), (NEW, OLD)])
def test_a_row_waits_while_anothers_call_is_under_way(timed, times):
    first, second = (stock(timed, time, time) for time in times)
    timed.ledger.claim_marks(first, [MARK])

    assert timed.ledger.claim_marks(second, ["stock:B@default", MARK]) is None
    third = stock(timed, "3", OLD)
    assert timed.ledger.claim_marks(third, ["stock:B@default"]) == ["send"]


def test_equal_times_pass(timed):
    first, second = stock(timed, "1", NEW), stock(timed, "2", NEW)
    timed.ledger.claim_marks(first, [MARK])
    timed.ledger.apply_marks(first, [MARK])

    assert timed.ledger.claim_marks(second, [MARK]) == ["send"]


def test_what_a_try_applied_the_next_one_leaves_out(timed):
    claim = stock(timed, "1", NEW)
    timed.ledger.claim_marks(claim, [MARK, "stock:B@default"])
    timed.ledger.apply_marks(claim, [MARK])
    timed.ledger.settle(claim, UNKNOWN)

    again = stock(timed, "1", NEW)
    marks = timed.ledger.claim_marks(again, [MARK, "stock:B@default"])
    assert marks == ["drop", "send"]


def test_a_call_known_to_have_failed_holds_up_nobody(timed):
    older, newer = stock(timed, "1", OLD), stock(timed, "2", NEW)
    timed.ledger.claim_marks(older, [MARK])
    timed.ledger.release_marks(older, [MARK])

    assert timed.ledger.claim_marks(newer, [MARK]) == ["send"]


def test_a_call_of_unknown_outcome_holds_others_up_until_its_lease_runs_out(timed):
    older, newer = stock(timed, "1", OLD), stock(timed, "2", NEW)
    timed.ledger.claim_marks(older, [MARK])
    timed.ledger.settle(older, UNKNOWN)
    assert timed.ledger.claim_marks(newer, [MARK]) is None

    timed.lease_runs_out()
    newer = stock(timed, "2", NEW)
    assert timed.ledger.claim_marks(newer, [MARK]) == ["send"]


def test_who_was_taken_over_frees_no_mark_of_its_successors(timed):
    """Else a newer level could be sent while the successor's call is under way."""
    first = stock(timed, "1", OLD)
    timed.ledger.claim_marks(first, [MARK])
    timed.lease_runs_out()
    second = stock(timed, "1", OLD)
    assert timed.ledger.claim_marks(second, [MARK]) == ["send"]

    timed.ledger.release_marks(first, [MARK])
    timed.ledger.apply_marks(first, [MARK])

    assert timed.ledger.claim_marks(stock(timed, "2", NEW), [MARK]) is None


def test_who_frees_its_mark_late_frees_no_other_events(timed):
    late = stock(timed, "1", OLD)
    timed.ledger.claim_marks(late, [MARK])
    timed.lease_runs_out()
    holding = stock(timed, "2", OLD)
    assert timed.ledger.claim_marks(holding, [MARK]) == ["send"]

    timed.ledger.release_marks(late, [MARK])

    assert timed.ledger.claim_marks(stock(timed, "3", NEW), [MARK]) is None


def test_who_was_taken_over_claims_no_mark(timed):
    first = stock(timed, "1", OLD)
    timed.lease_runs_out()
    second = stock(timed, "1", OLD)

    assert timed.ledger.claim_marks(first, [MARK]) is None

    assert timed.store.get(thing_key(thing_hash(MARK))) is None
    assert timed.ledger.claim_marks(second, [MARK]) == ["send"]


def test_a_mark_whose_claim_names_no_holder_is_its_messages(timed):
    """Such a claim is of a version that named none."""
    claim = stock(timed, "1", OLD)
    timed.ledger.claim_marks(claim, [MARK])
    key = thing_key(thing_hash(MARK))
    mark = timed.store.get(key)
    nameless = {k: v for k, v in mark["claim"].items() if k != "holder"}
    timed.store.change([key], lambda _: ([{**mark, "claim": nameless}], None))

    timed.ledger.release_marks(claim, [MARK])

    assert timed.store.get(key) is None
