"""Lists, replays and discards dead letters; used by the commands and the console."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from google.pubsub_v1.types import PubsubMessage

from cli.dead_letter import (
    PUBSUB_PREFIX,
    REPLAYED,
    DeadLetter,
    Selection,
    read_dead_letter,
)
from cli.deployment import Deployment
from cli.journal_file import add_operation
from cli.leased_messages import LeasedMessages
from cli.pubsub import PubSub, PubSubError
from cli.receiver_dead_letters import StillNotPublishable, as_published
from functions.consumer.push import WEBHOOK_ID
from functions.ledger.ledger import Ledger
from functions.pubsub.dead_letters import PREFIX
from functions.timestamps import normalize_timestamp

MAX_REPLAYS = 3  # a dead letter that was replayed this often needs --again

ReplayResult = Literal[
    "replayed", "would replay", "would discard", "left out", "failed"
]


class LedgerNotConfigured(Exception):
    """The operation needs the ledger, and LEDGER is not set."""


@dataclass(frozen=True)
class Replay:
    """What became of one dead letter.

    Attributes:
        detail: why it was left out or failed.
        new_message_id: of a replayed one.
    """

    dead_letter: DeadLetter
    result: ReplayResult
    detail: str = ""
    new_message_id: str = ""


class DeadLetterQueue:
    """The dead letters of one deployment, leased while this is open."""

    def __init__(
        self, deployment: Deployment, pubsub: PubSub, messages: LeasedMessages
    ) -> None:
        self.deployment = deployment
        self._pubsub = pubsub
        self._messages = messages

    def select(
        self, selection: Selection, limit: int | None = None
    ) -> list[DeadLetter]:
        """The selected dead letters in the order of their event times.

        Args:
            limit: stop reading after that many.

        Raises:
            Unreachable, LedgerUnavailable.
        """
        limit = len(selection.ids) or limit
        dead_letters: list[DeadLetter] = []
        for received in self._messages:
            dead_letter = read_dead_letter(self.deployment, received)
            if selection.matches(dead_letter):
                dead_letters.append(dead_letter)
                if len(dead_letters) == limit:
                    break
        return sorted(
            dead_letters, key=lambda dead_letter: (dead_letter.time, dead_letter.since)
        )

    def discard(
        self, dead_letters: Iterable[DeadLetter], *, recorded: bool = True
    ) -> Iterator[DeadLetter]:
        """Remove *dead_letters* for good; yields each when it is removed.

        Args:
            recorded: in the local stack's journal; nothing records it of a deployment.
        """
        for dead_letter in dead_letters:
            self._messages.acknowledge(dead_letter.message_id)
            add_operation(
                self.deployment.state if recorded else None,
                "discarded",
                event=dead_letter.event,
                entity=dead_letter.entity,
                uid=dead_letter.uid,
                message_id=dead_letter.original_message_id or None,
            )
            yield dead_letter

    def replay(
        self,
        dead_letters: Iterable[DeadLetter],
        *,
        dry_run: bool = False,
        again: bool = False,
        even_if_newer: bool = False,
        rate: float = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[Replay]:
        """Publish *dead_letters* to the topics of their entities, in the order given.

        Each is published first and acknowledged afterwards: if the process is killed in
        between, a second copy remains, which the ledger recognises as a duplicate.

        Args:
            again: also those replayed MAX_REPLAYS times before.
            even_if_newer: also those with a newer event of the same ordering key.
            rate: at most that many a second; 0 is no limit.

        Raises:
            LedgerNotConfigured: newer events cannot be detected.
            Unreachable, LedgerUnavailable: the dead letters not yielded are unchanged.
        """
        ledger = None if even_if_newer else self.deployment.ledger
        if not even_if_newer:
            if ledger is None:
                raise LedgerNotConfigured(
                    "Newer events of the same ordering key cannot be detected without"
                    " the ledger: set LEDGER, or add --even-if-newer"
                )
        failed_keys: set[str] = set()  # a later event must not overtake a failed one
        due = clock()
        for dead_letter in dead_letters:
            detail = ""
            if dead_letter.origin == "receiver":
                try:
                    dead_letter = as_published(dead_letter)
                except StillNotPublishable as error:
                    detail = str(error)
            detail = detail or _left_out(dead_letter, ledger, again)
            if not detail and dead_letter.ordering_key in failed_keys:
                detail = "An earlier event of the same ordering key was not replayed"
            if detail:
                yield Replay(dead_letter, "left out", detail)
            elif dry_run:
                yield Replay(dead_letter, "would replay")
            else:
                sleep(max(0.0, due - clock()))
                replay = self._publish(dead_letter)
                if replay.result == "failed" and dead_letter.ordering_key:
                    failed_keys.add(dead_letter.ordering_key)
                yield replay
                due = max(due, clock() - 1) + (1 / rate if rate else 0)

    def _publish(self, dead_letter: DeadLetter) -> Replay:
        topic = self.deployment.topic(dead_letter.entity)
        try:
            message_id = self._pubsub.publish(topic, original_message(dead_letter))
        except PubSubError as error:
            return Replay(dead_letter, "failed", str(error))
        self._messages.acknowledge(dead_letter.message_id)
        return Replay(dead_letter, "replayed", new_message_id=message_id)


@contextmanager
def open_dead_letters(deployment: Deployment) -> Iterator[DeadLetterQueue]:
    """The dead letters of *deployment*; those not removed are released at the end.

    Raises:
        Unreachable: Pub/Sub does not answer, or the subscription does not exist.
    """
    with (
        PubSub(deployment.pubsub) as pubsub,
        LeasedMessages(pubsub, deployment.dead_letter_subscription) as messages,
    ):
        yield DeadLetterQueue(deployment, pubsub, messages)


def original_message(dead_letter: DeadLetter) -> PubsubMessage:
    """The message before it became a dead letter, with the number of replays.

    Without the id of the signed request: a replay is an operator's and no repetition.
    """
    attributes = {
        name: value
        for name, value in dead_letter.attributes.items()
        if name != WEBHOOK_ID and not name.startswith((PREFIX, PUBSUB_PREFIX))
    }
    attributes[REPLAYED] = str(dead_letter.replayed + 1)
    # The event time is never later than the first publish time, which Pub/Sub keeps of
    # a message whose attempts are exhausted; a replay has another.
    published = dead_letter.attributes.get(f"{PUBSUB_PREFIX}TopicPublishTime", "")
    first = normalize_timestamp(published)
    given = normalize_timestamp(attributes.get("ce-time", ""))
    if first and (not given or given > first):
        attributes["ce-time"] = first
    return PubsubMessage(
        data=dead_letter.data,
        attributes=attributes,
        ordering_key=dead_letter.ordering_key,
    )


def _left_out(dead_letter: DeadLetter, ledger: Ledger | None, again: bool) -> str:
    """Why *letter* must not be replayed; "" where it may."""
    if not dead_letter.entity:
        return "Its entity is not in the catalogue, so it has no topic"
    if dead_letter.replayed >= MAX_REPLAYS and not again:
        return (
            f"Already replayed {dead_letter.replayed} times; add --again to replay it"
        )
    if ledger and dead_letter.ordering_key:
        newest = ledger.newest(dead_letter.ordering_key)
        if newest and newest > dead_letter.time:
            return (
                f"A newer event of {dead_letter.ordering_key} ({newest}) was handled"
                " since; add --even-if-newer to replay it"
            )
    return ""
