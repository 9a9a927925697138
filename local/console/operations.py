"""The operator commands that the console's pages offer.

Everything here blocks, and calls the broker of this very program: use a thread.
"""

import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from cli.credentials import Credentials
from cli.dead_letter import DeadLetter, Selection
from cli.dead_letter_queue import DeadLetterQueue, Replay, open_dead_letters
from cli.deployment import Deployment
from cli.history import History, event_history
from cli.local_stack import stand_in_ids
from cli.sample_events import SampleRun
from local.console.events import parse

POST_SECONDS = 40


@dataclass(frozen=True)
class IngestResponse:
    """What ingest answered.

    Attributes:
        status: 0 where it did not answer.
        body: its JSON.
    """

    status: int
    body: Any


class Operations:
    """The commands of one stack.

    Args:
        deployment: the stack, as the commands know it.
        credentials: authenticate what is posted to ingest.
    """

    def __init__(
        self, deployment: Deployment, credentials: Credentials | None = None
    ) -> None:
        self.deployment = deployment
        self.credentials = credentials or Credentials()
        # Two pages that read at the same time would each see a part of them.
        self._lock = threading.Lock()

    @contextmanager
    def _queue(self) -> Iterator[DeadLetterQueue]:
        with self._lock, open_dead_letters(self.deployment) as queue:
            yield queue

    def dead_letters(self, selection: Selection | None = None) -> list[DeadLetter]:
        """The dead letters, oldest event first; their leases are released at once."""
        with self._queue() as queue:
            return queue.select(selection or Selection())

    def preview(
        self, selection: Selection, action: str, *, again: bool, even_if_newer: bool
    ) -> list[Replay]:
        """What would become of the selected dead letters; nothing is changed.

        Args:
            action: ``replay`` or ``discard``; the latter leaves none out.
        """
        with self._queue() as queue:
            dead_letters = queue.select(selection)
            if action == "discard":
                return [Replay(one, "would discard") for one in dead_letters]
            return list(
                queue.replay(
                    dead_letters, dry_run=True, again=again, even_if_newer=even_if_newer
                )
            )

    def replay_all(
        self, ids: frozenset[str], *, again: bool, even_if_newer: bool
    ) -> list[Replay]:
        """Publish dead letters again, in the order of their event times."""
        with self._queue() as queue:
            dead_letters = queue.select(Selection(ids=ids))
            return list(
                queue.replay(dead_letters, again=again, even_if_newer=even_if_newer)
            )

    def discard_all(self, ids: frozenset[str]) -> int:
        """Delete dead letters; how many of them were there."""
        with self._queue() as queue:
            return len(list(queue.discard(queue.select(Selection(ids=ids)))))

    def history(
        self, uid: str, paused: Container[str] = ()
    ) -> tuple[History | None, list[DeadLetter]]:
        """The history of *uid* (None for an unknown one) and its dead letters.

        Args:
            paused: entities that are not delivered.
        """
        dead_letters = self.dead_letters(Selection(uid=uid))
        history = event_history(
            self.deployment,
            uid,
            dead_letters,
            is_paused=lambda entity: entity in paused,
        )
        return history, dead_letters

    def replay(self, message_id: str, even_if_newer: bool = False) -> Replay | None:
        """Publish a dead letter again; None where it is no longer there.

        It is replayed even if an earlier replay was rejected again: the page shows
        that to the operator.
        """
        with self._queue() as queue:
            dead_letters = queue.select(Selection(ids=frozenset({message_id})))
            replays = queue.replay(
                dead_letters, again=True, even_if_newer=even_if_newer
            )
            return next(iter(replays), None)

    def discard(self, message_id: str) -> DeadLetter | None:
        """Delete a dead letter; None where it is no longer there."""
        with self._queue() as queue:
            dead_letters = queue.select(Selection(ids=frozenset({message_id})))
            return next(iter(queue.discard(dead_letters)), None)

    def sample(self, event: str) -> dict[str, Any]:
        """A body to post: the sample of *event*, with ids of its own.

        Raises:
            KeyError: there is no such event.
        """
        run = SampleRun()
        run.ids.update(stand_in_ids(self.deployment.stack, run))
        name = event.rpartition(".")[2]
        uid = f"console-{run.name}-{name}"
        return {"data": {"uid": uid, "event": event, "value": run.value(event)}}

    def post(self, body: bytes, media_type: str) -> IngestResponse:
        """Post *body* to ingest as it is."""
        try:
            response = requests.post(
                self.deployment.stack["ingest"],
                data=body,
                headers={"Content-Type": media_type, **self.credentials.headers(body)},
                timeout=POST_SECONDS,
            )
        except requests.RequestException as error:
            message = f"Ingest does not answer: {type(error).__name__}"
            return IngestResponse(0, {"error": message})
        return IngestResponse(response.status_code, parse(response.text))
