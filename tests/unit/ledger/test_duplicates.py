"""What is finished stays so, and what is the caller's repeat."""

import pytest

from functions.ledger.ledger import Lease
from tests.ledger.parts import (
    BETWEEN,
    DONE,
    NEW,
    NO_EFFECT,
    OLD,
    REFUSED,
    answered,
    delivery,
)


@pytest.mark.parametrize("outcome", [DONE, REFUSED], ids=["done", "rejected"])
def test_what_is_finished_stays_finished(timed, outcome):
    timed.settled(delivery("m1"), outcome)
    timed.settled(delivery("m2", "B"), DONE)

    assert timed.acquire(delivery("m1")) == answered(outcome, repeated=False)


def test_a_uid_is_the_callers_own(timed):
    timed.settled(delivery("m1"), DONE)

    assert isinstance(timed.acquire(delivery("m2"), source="/ingest/wms"), Lease)


def test_a_new_message_that_says_the_same_as_the_last_gets_its_answer(timed):
    timed.settled(delivery("m1"), DONE)

    assert timed.acquire(delivery("m2")) == answered(DONE, repeated=True)
    assert timed.acquire(delivery("m2")) == answered(DONE, repeated=False)


def test_what_was_refused_and_comes_again_is_tried_afresh(timed):
    timed.settled(delivery("m1"), REFUSED)

    timed.settled(delivery("m2"), DONE)

    assert timed.acquire(delivery("m1")) == answered(REFUSED, repeated=False)
    assert timed.acquire(delivery("m3")) == answered(DONE, repeated=True)


@pytest.mark.parametrize("outcome", [DONE, REFUSED], ids=["done", "rejected"])
def test_the_same_uid_with_another_value_is_another_event(timed, outcome):
    """A, then B, then A are three changes, whatever became of B."""
    timed.settled(delivery("m1", "A"), DONE)
    timed.settled(delivery("m2", "B"), outcome)

    assert isinstance(timed.acquire(delivery("m3", "A")), Lease)


def test_what_waits_with_another_value_came_between(timed):
    """A, B that is being retried, A: were the last no change, B would remain."""
    timed.settled(delivery("m1", "A", time=OLD), DONE)
    timed.settled(delivery("m2", "B", time=BETWEEN), NO_EFFECT)

    assert isinstance(timed.acquire(delivery("m3", "A", time=NEW)), Lease)


def test_what_waits_since_before_does_not_make_a_repeat_a_change(timed):
    timed.settled(delivery("m1", "B", time=OLD), NO_EFFECT)
    timed.settled(delivery("m2", "A", time=BETWEEN), DONE)

    assert timed.acquire(delivery("m3", "A", time=NEW)) == answered(DONE, repeated=True)


def test_a_happening_is_known_again_whatever_came_between(timed):
    timed.settled(delivery("m1", "A", idempotent=False), DONE)
    timed.settled(delivery("m2", "B", idempotent=False), DONE)

    said = timed.acquire(delivery("m3", "A", idempotent=False))
    assert said == answered(DONE, repeated=True)


def test_a_happening_that_was_refused_is_tried_afresh(timed):
    timed.settled(delivery("m1", "A", idempotent=False), REFUSED)

    assert isinstance(timed.acquire(delivery("m2", "A", idempotent=False)), Lease)


def test_what_waits_and_says_the_same_is_finished_along_with_it(timed):
    """A second post of what is being retried is not done a second time."""
    timed.settled(delivery("m1"), NO_EFFECT)

    timed.settled(delivery("m2"), DONE)

    assert timed.acquire(delivery("m1")) == answered(DONE, repeated=False)
