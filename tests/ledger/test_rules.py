"""The ledger's rules, each by itself, through what consumer and handlers call."""

import json

import pytest

from functions.ledger import rules
from functions.ledger.ledger import Claim, event_key, thing_hash, thing_key
from functions.ledger.record import (
    FINISHED_KEPT,
    LONGEST_ANSWER,
    OPEN_KEPT,
    THINGS_KEPT,
)
from functions.ledger.rules import Answered, Busy, Outcome
from tests.ledger.parts import (
    DONE,
    KEEP_DAYS,
    LEASE,
    NO_EFFECT,
    REFUSED,
    SOURCE,
    UID,
    UNKNOWN,
    Timed,
    delivery,
)

DAY = 86_400
OLD, BETWEEN, NEW = (f"2026-01-0{day}T00:00:00.000000Z" for day in (1, 2, 3))
MARK = "stock:LAMP@default"


@pytest.fixture
def timed(store):
    return Timed(store)


def answered(outcome: Outcome, repeated: bool) -> Answered:
    return Answered(outcome.status, outcome.answer, repeated)


# What is finished, and what is the caller's repeat


@pytest.mark.parametrize("outcome", [DONE, REFUSED], ids=["done", "refused"])
def test_what_is_finished_stays_finished(timed, outcome):
    timed.settled(delivery("m1"), outcome)
    timed.settled(delivery("m2", "B"), DONE)

    assert timed.claim(delivery("m1")) == answered(outcome, repeated=False)


def test_a_uid_is_the_callers_own(timed):
    timed.settled(delivery("m1"), DONE)

    assert isinstance(timed.claim(delivery("m2"), source="/ingest/wms"), Claim)


def test_a_new_message_that_says_the_same_as_the_last_gets_its_answer(timed):
    timed.settled(delivery("m1"), DONE)

    assert timed.claim(delivery("m2")) == answered(DONE, repeated=True)
    assert timed.claim(delivery("m2")) == answered(DONE, repeated=False)


def test_what_was_refused_and_comes_again_is_tried_afresh(timed):
    timed.settled(delivery("m1"), REFUSED)

    timed.settled(delivery("m2"), DONE)

    assert timed.claim(delivery("m1")) == answered(REFUSED, repeated=False)
    assert timed.claim(delivery("m3")) == answered(DONE, repeated=True)


@pytest.mark.parametrize("outcome", [DONE, REFUSED], ids=["done", "refused"])
def test_the_same_uid_with_another_value_is_another_event(timed, outcome):
    """A, then B, then A are three changes, whatever became of B."""
    timed.settled(delivery("m1", "A"), DONE)
    timed.settled(delivery("m2", "B"), outcome)

    assert isinstance(timed.claim(delivery("m3", "A")), Claim)


def test_what_waits_with_another_value_came_between(timed):
    """A, B that is being retried, A: were the last no change, B would remain."""
    timed.settled(delivery("m1", "A", time=OLD), DONE)
    timed.settled(delivery("m2", "B", time=BETWEEN), NO_EFFECT)

    assert isinstance(timed.claim(delivery("m3", "A", time=NEW)), Claim)


def test_what_waits_since_before_does_not_make_a_repeat_a_change(timed):
    timed.settled(delivery("m1", "B", time=OLD), NO_EFFECT)
    timed.settled(delivery("m2", "A", time=BETWEEN), DONE)

    assert timed.claim(delivery("m3", "A", time=NEW)) == answered(DONE, repeated=True)


def test_a_happening_is_known_again_whatever_came_between(timed):
    timed.settled(delivery("m1", "A", happening=True), DONE)
    timed.settled(delivery("m2", "B", happening=True), DONE)

    said = timed.claim(delivery("m3", "A", happening=True))
    assert said == answered(DONE, repeated=True)


def test_a_happening_that_was_refused_is_tried_afresh(timed):
    timed.settled(delivery("m1", "A", happening=True), REFUSED)

    assert isinstance(timed.claim(delivery("m2", "A", happening=True)), Claim)


def test_what_waits_and_says_the_same_is_finished_along_with_it(timed):
    """A second post of what is being retried is not done a second time."""
    timed.settled(delivery("m1"), NO_EFFECT)

    timed.settled(delivery("m2"), DONE)

    assert timed.claim(delivery("m1")) == answered(DONE, repeated=False)


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
    claim = timed.claimed(delivery("m1"))

    assert timed.claim(other) == Busy()

    timed.ledger.settle(claim, NO_EFFECT)
    assert isinstance(timed.claim(other), Claim)


def test_a_lease_that_is_renewed_holds_longer(timed):
    claim = timed.claimed(delivery())
    timed.now += LEASE - 1
    assert timed.ledger.renew(claim)

    timed.now += LEASE - 1
    assert timed.claim(delivery()) == Busy()

    timed.now += 2
    assert isinstance(timed.claim(delivery()), Claim)


@pytest.mark.parametrize("outcome", [DONE, REFUSED, NO_EFFECT, UNKNOWN])
@pytest.mark.parametrize("then", [None, DONE, UNKNOWN])
def test_who_was_taken_over_records_nothing(timed, outcome, then):
    first = timed.claimed(delivery())
    timed.lease_runs_out()
    second = timed.claimed(delivery())
    if then:
        timed.ledger.settle(second, then)
    before = timed.record()

    assert timed.ledger.settle(first, outcome) is False
    assert timed.ledger.renew(first) is False

    assert timed.record() == before
    assert timed.ledger.newest("product:LAMP") == (OLD if then == DONE else None)


def test_who_was_taken_over_by_another_message_records_its_own(timed):
    """Both know what came of theirs; neither speaks of the other's."""
    first = timed.claimed(delivery("m1", "A"))
    timed.lease_runs_out()
    second = timed.claimed(delivery("m2", "B"))

    assert timed.ledger.settle(first, DONE)
    assert timed.ledger.settle(second, REFUSED)

    assert timed.claim(delivery("m1", "A")) == answered(DONE, repeated=False)
    assert timed.claim(delivery("m2", "B")) == answered(REFUSED, repeated=False)


def test_each_try_is_counted(timed):
    tries = [timed.settled(delivery(), NO_EFFECT).claimed.attempt for _ in range(3)]

    assert tries == [1, 2, 3]


# Whether an earlier try may have had an effect


def test_after_a_try_without_effect_nobody_need_look(timed):
    timed.settled(delivery(), NO_EFFECT)

    assert timed.claimed(delivery()).claimed.unsure_since is None


def test_after_a_try_whose_outcome_is_unknown_the_next_one_looks(timed):
    began = timed.now
    timed.settled(delivery(), UNKNOWN)
    timed.now += 10

    assert timed.claimed(delivery()).claimed.unsure_since == began


def test_after_a_lease_that_ran_out_the_next_one_looks(timed):
    began = timed.now
    timed.claimed(delivery())
    timed.lease_runs_out()

    assert timed.claimed(delivery()).claimed.unsure_since == began


def test_it_looks_for_what_was_done_since_the_first_of_them(timed):
    """A later try without effect, or of unknown effect, does not settle the first's."""
    began = timed.now
    for outcome in (UNKNOWN, NO_EFFECT, UNKNOWN):
        timed.settled(delivery(), outcome)
        timed.now += 100

    assert timed.claimed(delivery()).claimed.unsure_since == began


def test_another_message_that_says_the_same_looks_as_well(timed):
    """What is posted or replayed again, while nobody knows of the first."""
    began = timed.now
    timed.settled(delivery("m1"), UNKNOWN)
    timed.now += 10

    assert timed.claimed(delivery("m2")).claimed.unsure_since == began


def test_another_message_that_says_something_else_need_not(timed):
    timed.settled(delivery("m1", "A"), UNKNOWN)

    assert timed.claimed(delivery("m2", "B")).claimed.unsure_since is None


def test_a_message_is_the_same_for_a_version_that_reads_it_otherwise(timed):
    """As one does that knows a field more, or another default."""
    began = timed.now
    timed.settled(delivery("m1", "A"), UNKNOWN)

    assert timed.claimed(delivery("m1", "B")).claimed.unsure_since == began


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


# How long, and of what


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
