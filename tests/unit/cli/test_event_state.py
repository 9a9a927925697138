"""One rule for the current state of an event."""

from cli.event_state import Observation, current_state
from functions.ledger.states import entry_state


def at(minute: int) -> str:
    return f"2026-10-05T12:{minute:02}:00.000000Z"


def observed(minute, state, message_id="m1"):
    return Observation(at(minute), message_id, state)


def test_the_state_follows_from_observations(subtests):
    for observations, exhausted, paused, expected in [
        ([], [], False, "waiting"),
        ([], [at(1)], False, "exhausted"),
        ([observed(1, "waiting"), observed(2, "retrying")], [], False, "retrying"),
        ([observed(1, "retrying"), observed(2, "in flight")], [], False, "in flight"),
        ([observed(1, "retrying")], [at(2)], False, "exhausted"),
        ([observed(1, "handled")], [at(2)], False, "handled"),
        (
            [observed(1, "retrying"), observed(3, "waiting", "m2")],
            [at(2)],
            0,
            "waiting",
        ),
        ([observed(1, "retrying")], [], True, "paused"),
        ([observed(1, "waiting")], [], True, "paused"),
        ([observed(1, "handled")], [], True, "handled"),
        ([observed(1, "rejected")], [], True, "rejected"),
    ]:
        with subtests.test(observations=observations):
            state = current_state(observations, exhausted, paused=bool(paused))

            assert state.state == expected


def test_a_final_result_stays_final():
    """A delivery that lost its lease may report a retry later."""
    observations = [observed(1, "handled"), observed(2, "retrying")]

    assert current_state(observations).state == "handled"


def test_a_skipped_event_is_handled_in_the_ledger():
    """The log entry, which follows, knows more."""
    observations = [observed(1, "handled"), observed(2, "skipped")]

    assert current_state(observations).state == "skipped"


def test_a_newer_message_decides():
    observations = [observed(1, "rejected"), observed(2, "handled", "m2")]

    assert current_state(observations).state == "handled"


def test_a_rejected_request_does_not_change_an_event():
    handled, rejected = observed(1, "handled"), observed(2, "rejected", None)

    assert current_state([handled, rejected]).state == "handled"
    assert current_state([rejected]).state == "rejected"


OPEN = {"owner": None, "lease_expires": None, "status": 503}


def test_the_state_of_a_ledger_entry(subtests):
    for entry, expected in [
        ({"finished_at": 1.0, "status": 200}, "handled"),
        ({"finished_at": 1.0, "status": 404}, "rejected"),
        (OPEN, "retrying"),
        ({**OPEN, "owner": "a", "lease_expires": 11.0}, "in flight"),
        ({**OPEN, "owner": "a", "lease_expires": 9.0}, "retrying"),
        ({**OPEN, "owner": "a", "lease_expires": 9.0, "status": None}, "waiting"),
    ]:
        with subtests.test(entry=entry):
            assert entry_state(entry, now=10.0) == expected


def test_a_removed_dead_letter_is_discarded(subtests):
    for discarded, expected in [
        ([(at(3), "m1")], "discarded"),
        ([(at(3), None)], "discarded"),
        ([(at(1), None)], "rejected"),  # an earlier dead letter of the same uid
        ([(at(3), "m0")], "rejected"),
    ]:
        with subtests.test(discarded=discarded):
            observations = [observed(2, "rejected")]

            assert current_state(observations, discarded=discarded).state == expected
            # A replay, or another event with the uid, is not discarded by it.
            later = [*observations, observed(4, "handled", "m2")]
            assert current_state(later, discarded=discarded).state == "handled"


def test_an_exhausted_event_may_be_discarded_too():
    observations = [observed(1, "retrying")]

    state = current_state(observations, [at(2)], discarded=[(at(3), None)])

    assert state.state == "discarded"
