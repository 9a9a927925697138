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
from cli.leased_messages import LeasedMessages
from cli.pubsub import PubSub, PubSubError
from functions.consumer.dead_letter_topic import PREFIX
from functions.consumer.push import WEBHOOK_ID
from functions.ledger.ledger import Ledger
from functions.timestamps import normalize_timestamp

MAX_REPLAYS = 3  # a dead letter that was replayed this often needs --again

ReplayResult = Literal["replayed", "would replay", "left out", "failed"]


class LedgerNotConfigured(Exception):
    """The operation needs the ledger, and LEDGER is not set."""


@dataclass(frozen=True)
class Replay:
    """What became of one dead letter.

    Attributes:
        detail: why it was left out or failed.
        new_message_id: of a replayed one.
    """

    letter: DeadLetter
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
        letters: list[DeadLetter] = []
        for received in self._messages:
            letter = read_dead_letter(self.deployment, received)
            if selection.matches(letter):
                letters.append(letter)
                if len(letters) == limit:
                    break
        return sorted(letters, key=lambda letter: (letter.time, letter.since))

    def discard(self, letters: Iterable[DeadLetter]) -> Iterator[DeadLetter]:
        """Remove *letters* for good; yields each when it is removed."""
        for letter in letters:
            self._messages.acknowledge(letter.message_id)
            yield letter

    def replay(
        self,
        letters: Iterable[DeadLetter],
        *,
        dry_run: bool = False,
        again: bool = False,
        even_if_newer: bool = False,
        rate: float = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[Replay]:
        """Publish *letters* to the topics of their entities, in the order given.

        Each is published first and acknowledged afterwards: if the process is killed in
        between, a second copy remains, which the ledger recognises as a duplicate.

        Args:
            again: also those replayed MAX_REPLAYS times before.
            even_if_newer: also those with a newer event of the same ordering key.
            rate: at most that many a second; 0 is no limit.

        Raises:
            LedgerNotConfigured: newer events cannot be detected.
            Unreachable, LedgerUnavailable: the letters not yielded are unchanged.
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
        for letter in letters:
            detail = _left_out(letter, ledger, again)
            if not detail and letter.ordering_key in failed_keys:
                detail = "An earlier event of the same ordering key was not replayed"
            if detail:
                yield Replay(letter, "left out", detail)
            elif dry_run:
                yield Replay(letter, "would replay")
            else:
                sleep(max(0.0, due - clock()))
                replay = self._publish(letter)
                if replay.result == "failed" and letter.ordering_key:
                    failed_keys.add(letter.ordering_key)
                yield replay
                due = max(due, clock() - 1) + (1 / rate if rate else 0)

    def _publish(self, letter: DeadLetter) -> Replay:
        topic = self.deployment.topic(letter.entity)
        try:
            message_id = self._pubsub.publish(topic, original_message(letter))
        except PubSubError as error:
            return Replay(letter, "failed", str(error))
        self._messages.acknowledge(letter.message_id)
        return Replay(letter, "replayed", new_message_id=message_id)


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


def original_message(letter: DeadLetter) -> PubsubMessage:
    """The message before it became a dead letter, with the number of replays.

    Without the id of the signed request: a replay is an operator's and no repetition.
    """
    attributes = {
        name: value
        for name, value in letter.attributes.items()
        if name != WEBHOOK_ID and not name.startswith((PREFIX, PUBSUB_PREFIX))
    }
    attributes[REPLAYED] = str(letter.replayed + 1)
    # The event time is never later than the first publish time, which Pub/Sub keeps of
    # a message whose attempts are exhausted; a replay has another.
    published = letter.attributes.get(f"{PUBSUB_PREFIX}TopicPublishTime", "")
    first = normalize_timestamp(published)
    given = normalize_timestamp(attributes.get("ce-time", ""))
    if first and (not given or given > first):
        attributes["ce-time"] = first
    return PubsubMessage(
        data=letter.data, attributes=attributes, ordering_key=letter.ordering_key
    )


def _left_out(letter: DeadLetter, ledger: Ledger | None, again: bool) -> str:
    """Why *letter* must not be replayed; "" where it may."""
    if not letter.entity:
        return "Its entity is not in the catalogue, so it has no topic"
    if letter.replayed >= MAX_REPLAYS and not again:
        return f"Already replayed {letter.replayed} times; add --again to replay it"
    if ledger and letter.ordering_key:
        newest = ledger.newest(letter.ordering_key)
        if newest and newest > letter.time:
            return (
                f"A newer event of {letter.ordering_key} ({newest}) was handled since;"
                " add --even-if-newer to replay it"
            )
    return ""
