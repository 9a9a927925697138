"""The states of a message: every transition, as docs/ledger.md shows them too."""

import re
from pathlib import Path

import pytest

from functions.ledger import rules
from functions.ledger.decisions import AlreadyProcessed, InFlight
from functions.ledger.ledger import Lease
from functions.ledger.memory import MemoryStore
from tests.support.ledger_kit import (
    NO_EFFECT,
    REJECTION,
    SUCCESS,
    UID,
    UNKNOWN,
    LedgerUnderTest,
    delivery,
)

PAGE = Path(__file__).parents[3] / "docs/ledger.md"
IMPOSSIBLE = "–"
MESSAGE, OTHER = delivery("message"), delivery("other")


class Scenario(LedgerUnderTest):
    """One message, and the lease with which it is or was processed."""

    message_lease: Lease | None = None

    def state(self) -> str:
        """The message's state, by its name in the table."""
        record = self.record() or {}
        entry = record.get("open", {}).get(MESSAGE.message_id)
        for finished in record.get("finished", []):
            if finished["message_id"] == MESSAGE.message_id:
                entry = finished
        if entry is None:
            return "new"
        state = rules.state(entry, self.clock.now)
        if state != "failed":
            return state
        unknown = entry["outcome_unknown_since"] is not None
        return "failed, outcome unknown" if unknown else "failed, no effect"

    def deliver_message(self) -> str:
        """Deliver the message; the decision, by its name in the table."""
        decision = self.deliver(MESSAGE)
        if isinstance(decision, AlreadyProcessed):
            assert not decision.duplicate
            recorded = (decision.status, decision.message)
            assert recorded in {(o.status, o.message) for o in (SUCCESS, REJECTION)}
            return "recorded result"
        if isinstance(decision, InFlight):
            return "wait"
        return "reconcile, then act" if decision.outcome_unknown_since else "act"

    def succeed_in_another_message(self) -> None:
        lease = self.deliver(OTHER)
        if isinstance(lease, Lease):
            self.complete(lease, SUCCESS)


def ends_with(outcome):
    return lambda scenario: scenario.complete(scenario.message_lease, outcome)


# How a leased message gets into a state.
REACH = {
    "in flight": lambda scenario: None,
    "abandoned": Scenario.expire_leases,
    "failed, no effect": ends_with(NO_EFFECT),
    "failed, outcome unknown": ends_with(UNKNOWN),
    "succeeded": ends_with(SUCCESS),
    "rejected": ends_with(REJECTION),
}
STATES = ["new", *REACH]
HAPPENS = {
    "delivered": Scenario.deliver_message,
    "its call succeeds": ends_with(SUCCESS),
    "its call is rejected": ends_with(REJECTION),
    "it fails, no effect": ends_with(NO_EFFECT),
    "it fails, outcome unknown": ends_with(UNKNOWN),
    "its lease is renewed": lambda scenario: scenario.renew(scenario.message_lease),
    "its lease expires": Scenario.expire_leases,
    "the same event succeeds in another message": Scenario.succeed_in_another_message,
    "it is forgotten": lambda scenario: scenario.forget_uid(UID),
}
NOTHING_CHANGES = dict.fromkeys(HAPPENS)
# The state after what happens, and the decision after ": "; None for the same state.
TRANSITIONS = {
    "new": {
        **dict.fromkeys(HAPPENS, IMPOSSIBLE),
        "delivered": "in flight: act",
        "its lease expires": None,
        "the same event succeeds in another message": None,
        "it is forgotten": None,
    },
    "in flight": {
        **NOTHING_CHANGES,
        "delivered": "in flight: wait",
        "its call succeeds": "succeeded",
        "its call is rejected": "rejected",
        "it fails, no effect": "failed, no effect",
        "it fails, outcome unknown": "failed, outcome unknown",
        "its lease expires": "abandoned",
    },
    "abandoned": {
        "delivered": "in flight: reconcile, then act",
        "its call succeeds": "succeeded",
        "its call is rejected": "rejected",
        "it fails, no effect": "failed, no effect",
        "it fails, outcome unknown": "failed, outcome unknown",
        "its lease is renewed": "in flight",
        "its lease expires": None,
        "the same event succeeds in another message": "succeeded",
        "it is forgotten": "new",
    },
    "failed, no effect": {
        **NOTHING_CHANGES,
        "delivered": "in flight: act",
        "the same event succeeds in another message": "succeeded",
        "it is forgotten": "new",
    },
    "failed, outcome unknown": {
        **NOTHING_CHANGES,
        "delivered": "in flight: reconcile, then act",
        "the same event succeeds in another message": "succeeded",
        "it is forgotten": "new",
    },
    "succeeded": {
        **NOTHING_CHANGES,
        "delivered": "succeeded: recorded result",
        "it is forgotten": "new",
    },
    "rejected": {
        **NOTHING_CHANGES,
        "delivered": "rejected: recorded result",
        "it is forgotten": "new",
    },
}


def test_the_page_shows_these_transitions():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*\|$", PAGE.read_text(), re.M)
    ]
    head = next(row for row in rows if row[0] == "state" and "delivered" in row)
    first = rows.index(head) + 2
    page = {
        state: dict(zip(head[1:], cells, strict=True))
        for state, *cells in rows[first : first + len(STATES)]
    }

    assert page == {
        state: {name: after or state for name, after in row.items()}
        for state, row in TRANSITIONS.items()
    }


@pytest.mark.parametrize("state", STATES)
def test_the_transitions_of(state):
    actual = {}
    for name in HAPPENS:
        scenario = Scenario(MemoryStore())
        if state in REACH:
            scenario.message_lease = scenario.lease(MESSAGE)
            REACH[state](scenario)
        assert scenario.state() == state
        if TRANSITIONS[state][name] == IMPOSSIBLE:
            assert scenario.message_lease is None
            continue
        decision = HAPPENS[name](scenario)
        actual[name] = scenario.state()
        if name == "delivered":
            actual[name] += f": {decision}"

    assert actual == {
        name: after or state
        for name, after in TRANSITIONS[state].items()
        if after != IMPOSSIBLE
    }
