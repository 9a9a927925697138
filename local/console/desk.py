"""What the console does on behalf of a person: the operator's commands, from a page.

Everything here blocks, and talks to the broker of this very program: call it in a
thread.
"""

from dataclasses import dataclass
from typing import Any

import requests

from cli import local_stack
from cli.dead_letters import Step, opened
from cli.letters import Letter, Selection
from cli.samples import Run
from cli.trace import Life, life
from cli.where import Where
from local.console.events import parsed

POST_SECONDS = 40


@dataclass(frozen=True)
class Posted:
    """What ingest answered.

    Attributes:
        status: 0 where it did not answer.
    """

    status: int
    answer: Any


class Desk:
    """One stack's.

    Args:
        where: the stack, as the commands know it.
        token: sent to ingest, where it asks for one.
    """

    def __init__(self, where: Where, token: str = "") -> None:
        self.where = where
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def letters(self, selection: Selection | None = None) -> list[Letter]:
        """The dead letters, oldest event first; each is given back at once."""
        with opened(self.where) as box:
            return box.select(selection or Selection())

    def life(self, uid: str) -> tuple[Life | None, list[Letter]]:
        """What became of *uid*, and its dead letters."""
        letters = self.letters(Selection(uid=uid))
        return life(self.where, uid, letters), letters

    def replay(self, message_id: str, even_if_newer: bool = False) -> Step | None:
        """Send a dead letter again; None where it is gone.

        A person who presses the button has seen it come back.
        """
        with opened(self.where) as box:
            found = box.select(Selection(ids=frozenset({message_id})))
            steps = box.replay(found, again=True, even_if_newer=even_if_newer)
            return next(iter(steps), None)

    def discard(self, message_id: str) -> Letter | None:
        """Remove a dead letter for good; None where it is gone."""
        with opened(self.where) as box:
            found = box.select(Selection(ids=frozenset({message_id})))
            return next(iter(box.discard(found)), None)

    def sample(self, event: str) -> dict[str, Any]:
        """A body to post: the sample of *event*, made this run's own.

        Raises:
            KeyError: there is no such event.
        """
        run = Run()
        run.ids.update(local_stack.ids(self.where.stack, run))
        name = event.rpartition(".")[2]
        uid = f"console-{run.name}-{name}"
        return {"data": {"uid": uid, "event": event, "value": run.value(event)}}

    def post(self, body: bytes) -> Posted:
        """Hand *body* to ingest as it is."""
        try:
            answer = requests.post(
                self.where.stack["ingest"],
                data=body,
                headers={"Content-Type": "application/json", **self._headers},
                timeout=POST_SECONDS,
            )
        except requests.RequestException as error:
            return Posted(0, {"error": f"Ingest does not answer: {error!r:.100}"})
        return Posted(answer.status_code, parsed(answer.text))
