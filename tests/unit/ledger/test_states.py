"""The table of states in docs/ledger.md: every cell of it is driven."""

import re
from pathlib import Path

import pytest

from functions.ledger import rules
from functions.ledger.decisions import AlreadyProcessed, InFlight
from functions.ledger.ledger import Lease
from tests.ledger.parts import (
    DONE,
    NO_EFFECT,
    REFUSED,
    UID,
    UNKNOWN,
    Timed,
    delivery,
)

PAGE = (Path(__file__).parents[2] / "docs/ledger.md").read_text()
CANNOT = "–"
MINE, OTHER = delivery("mine"), delivery("other")


def table() -> dict[str, dict[str, str]]:
    """Cells by state and by what happens."""
    section = PAGE.partition("## States of a message")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*\|$", section, re.M)
    ]
    head, _, *body = rows
    return {state: dict(zip(head[1:], cells, strict=True)) for state, *cells in body}


class Scene(Timed):
    """One message, and the lease by which somebody acts or once acted on it."""

    claim_of_it: Lease | None = None

    def state(self) -> str:
        """Its state, by the word of the table."""
        record = self.record() or {}
        entry = record.get("open", {}).get(MINE.message_id)
        for one in record.get("finished", []):
            if one["message"] == MINE.message_id:
                entry = one
        if entry is None:
            return "new"
        state = rules.state(entry, self.now)
        if state != "failed":
            return state
        return f"failed, {'no effect' if entry['outcome_unknown'] is None else 'effect unknown'}"

    def deliver(self) -> str:
        match said := self.acquire(MINE):
            case AlreadyProcessed():
                assert not said.repeated
                assert (said.status, said.answer) in (DONE_ANSWER, REFUSED_ANSWER)
                return "its answer"
            case InFlight():
                return "come again"
        return "look, then act" if said.leased.outcome_unknown_since else "act"

    def ends(self, outcome: rules.Outcome) -> None:
        self.ledger.complete(self.claim_of_it, outcome)

    def done_by_another(self) -> None:
        lease = self.acquire(OTHER)
        if isinstance(lease, Lease):
            self.ledger.complete(lease, DONE)


DONE_ANSWER = (DONE.status, DONE.answer)
REFUSED_ANSWER = (REFUSED.status, REFUSED.answer)

# How a message comes into a state, from being leased.
INTO = {
    "under way": lambda scene: None,
    "lost": Scene.lease_runs_out,
    "failed, no effect": lambda scene: scene.ends(NO_EFFECT),
    "failed, effect unknown": lambda scene: scene.ends(UNKNOWN),
    "done": lambda scene: scene.ends(DONE),
    "rejected": lambda scene: scene.ends(REFUSED),
}
HAPPENS = {
    "delivered": Scene.deliver,
    "its call succeeds": lambda scene: scene.ends(DONE),
    "is refused": lambda scene: scene.ends(REFUSED),
    "fails without effect": lambda scene: scene.ends(NO_EFFECT),
    "fails, effect unknown": lambda scene: scene.ends(UNKNOWN),
    "its lease is renewed": lambda scene: scene.ledger.renew(scene.claim_of_it),
    "its lease runs out": Scene.lease_runs_out,
    "the same event is done by another message": Scene.done_by_another,
    "it is forgotten": lambda scene: scene.ledger.forget_uid(UID),
}


def test_the_table_is_whole():
    states, happens = ["new", *INTO], list(HAPPENS)

    assert [(state, list(row)) for state, row in table().items()] == [
        (state, happens) for state in states
    ]


@pytest.mark.parametrize("what", HAPPENS)
@pytest.mark.parametrize("state", ["new", *INTO])
def test_a_message_goes_from_state_to_state_as_the_table_says(store, state, what):
    after, _, said = table()[state][what].partition(": ")
    scene = Scene(store)
    if state in INTO:
        scene.claim_of_it = scene.leased(MINE)
        INTO[state](scene)
    assert scene.state() == state
    if after == CANNOT:
        assert scene.claim_of_it is None
        return

    told = HAPPENS[what](scene)

    assert scene.state() == after
    if what == "delivered":
        assert told == said
