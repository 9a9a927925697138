"""A dead letter, read: which event it was, why it lies here, since when."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.pubsub import ReceivedMessage
from cli.where import Where
from functions.consumer.dead_letter_topic import PREFIX
from functions.events import catalog
from functions.events.catalog import MARKER, InvalidValue
from functions.events.message import content_hash
from functions.ledger import rules
from functions.ledger.ledger import event_key, resource_hash
from functions.ledger.store import Store
from functions.timestamps import normalize_timestamp, timestamp

# What Pub/Sub says of a message whose tries are used up:
# https://cloud.google.com/pubsub/docs/dead-letter-topics#how_dead_letter_topics_work
SOURCE = "CloudPubSubDeadLetterSource"
REPLAYED = "replayed"  # our attribute: how often an event was replayed


@dataclass(frozen=True)
class Letter:
    """A dead letter under a lease.

    Attributes:
        message_id: its own, by which commands name it.
        since: when it became a dead letter.
        time: ce-time of the event, normalised; else when it was first published.
        entity: "" where nobody can tell.
        subscription: short name of the one it came from.
        original_message_id: "" where Pub/Sub dead-lettered it, which drops that.
        by: who put it here: ``consumer``, ``pubsub``, or ``?``.
        replayed: how often it was replayed before.
    """

    message_id: str
    ack_id: str
    since: str
    event: str
    entity: str
    uid: str
    source: str
    time: str
    ordering_key: str
    reason: str
    status: int | None
    attempts: int | None
    subscription: str
    original_message_id: str
    by: str
    replayed: int
    attributes: dict[str, str]
    data: bytes

    def summary(self) -> dict[str, Any]:
        """What ``--json`` lists: everything but the event's value."""
        names = (
            "message_id since event entity uid source time ordering_key reason status"
            " attempts subscription original_message_id by replayed"
        )
        return {name: getattr(self, name) for name in names.split()}

    def whole(self) -> dict[str, Any]:
        """The summary, the attributes and the value; what is no JSON as base64."""
        try:
            data = {"data": json.loads(self.data.decode())}
        except (ValueError, RecursionError):
            data = {"data_base64": base64.b64encode(self.data).decode()}
        return {**self.summary(), "attributes": self.attributes, **data}


@dataclass(frozen=True)
class Selection:
    """Which letters are meant; what is None or empty does not matter.

    Attributes:
        ids: message ids, as listed.
        event: with or without ``be-observer.``.
        reason: part of it, in any case.
        since: the letter is not older; in :func:`timestamp`'s form.
        until: the letter is older.
    """

    ids: frozenset[str] = frozenset()
    entity: str | None = None
    event: str | None = None
    uid: str | None = None
    reason: str | None = None
    since: str | None = None
    until: str | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether *letter* is meant."""
        return (
            (not self.ids or letter.message_id in self.ids)
            and self.entity in (None, letter.entity)
            and self.event
            in (None, letter.event, letter.event.rpartition(MARKER)[2] or None)
            and self.uid in (None, letter.uid)
            and (self.reason or "").lower() in letter.reason.lower()
            and (self.since or "") <= letter.since
            and (self.until is None or letter.since < self.until)
        )


class Reader:
    """Makes letters of pulled messages.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, where: Where, clock: Callable[[], float] = time.time) -> None:
        self._where = where
        self._clock = clock

    def read(self, received: ReceivedMessage) -> Letter:
        """The letter that *received* is; whatever it holds, this does not raise.

        Raises:
            LedgerUnavailable: its last error is asked for in vain.
        """
        message = received.message
        given = dict(message.attributes)
        published = timestamp(message.publish_time.ToDatetime(UTC))
        by = _by(given)
        ours = by == "consumer"
        subscription = given.get(
            f"{PREFIX}subscription" if ours else f"{SOURCE}Subscription", ""
        )
        event = given.get("ce-type", "")
        known = catalog.find(event)
        entity = known.entity if known else given.get("entity", "")
        if entity not in catalog.ENTITIES:
            entity = self._where.entity_of(subscription)
        attempts = _number(
            given.get(f"{PREFIX}attempts" if ours else f"{SOURCE}DeliveryCount")
        )
        letter = Letter(
            message_id=message.message_id,
            ack_id=received.ack_id,
            since=normalize_timestamp(given.get(f"{PREFIX}time", "")) or published,
            event=event,
            entity=entity,
            uid=given.get("ce-id", ""),
            source=given.get("ce-source", ""),
            time=normalize_timestamp(given.get("ce-time", ""))
            or normalize_timestamp(given.get(f"{SOURCE}TopicPublishTime", ""))
            or published,
            ordering_key=message.ordering_key,
            reason=given.get(f"{PREFIX}reason", ""),
            status=_number(given.get(f"{PREFIX}status")),
            attempts=attempts,
            subscription=subscription.rpartition("/")[2],
            original_message_id=given.get(f"{PREFIX}message-id", ""),
            by=by,
            replayed=_number(given.get(REPLAYED)) or 0,
            attributes=given,
            data=message.data,
        )
        return letter if ours else self._explained(letter)

    def _explained(self, letter: Letter) -> Letter:
        """*letter* with what the ledger knows of its last try."""
        if letter.by != "pubsub":
            reason, status = "It says no reason: not put here by this project", None
        else:
            reason, status = last_error(self._where.store, letter, self._clock())
            reason = f"Out of tries: {reason}"
        return Letter(**{**vars(letter), "reason": reason, "status": status})


def last_error(
    store: Store | None, letter: Letter, now: float
) -> tuple[str, int | None]:
    """How the last try of *letter* ended, in words and as a status, by the ledger."""
    if store is None:
        return "the last error stands in the ledger, and LEDGER is not set", None
    wanted = _fingerprint(letter)
    entries = [
        entry
        for record in _records(store, letter)
        for entry in (*record["open"].values(), *record["finished"])
        if entry["event"] == letter.event and wanted in (None, entry["content_hash"])
    ]
    if not entries:
        return "none of them has reached the consumer's ledger", None
    last = max(entries, key=lambda entry: entry.get("at") or entry["began"])
    status, answer = last.get("status"), last.get("answer") or ""
    told = f"{status} {answer}" if status is not None else "no answer before"
    match rules.state(last, now):
        case "lost":
            return f"the consumer ended amid the last one ({told})", status
        case "under way":
            return f"one is still under way ({told})", status
        case "done":
            return f"yet it was handled: {told}", status
        case _:
            return told, status


def _records(store: Store, letter: Letter) -> list[dict]:
    if letter.uid:
        record = store.get(event_key(letter.source, letter.uid))
        return [record] if record else []
    # What is published past ingest may have no uid; its thing leads to it.
    if not letter.ordering_key:
        return []
    found = store.find("resources", resource_hash(letter.ordering_key))
    return [record for _, record in found if record.get("kind") == "event"]


def _fingerprint(letter: Letter) -> str | None:
    event = catalog.find(letter.event)
    try:
        return event and content_hash(event.name, event.load(json.loads(letter.data)))
    except (ValueError, InvalidValue, RecursionError):
        return None


def _by(attributes: dict[str, str]) -> str:
    # A dead letter of the consumer's that was replayed and then ran out of tries has
    # only Pub/Sub's: a replay drops ours.
    if f"{PREFIX}reason" in attributes:
        return "consumer"
    return "pubsub" if f"{SOURCE}Subscription" in attributes else "?"


def _number(text: str | None) -> int | None:
    if text and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    return None


def moment(seconds: float) -> str:
    """Seconds since 1970 in :func:`timestamp`'s form."""
    return timestamp(datetime.fromtimestamp(seconds, UTC))
