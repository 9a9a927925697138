"""A dead letter as operators see it: its event, the reason, and its age."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Literal

from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

from cli.deployment import Deployment
from cli.ledger_entries import record_entries
from functions.events import catalog
from functions.events.catalog import MARKER, InvalidValue
from functions.ledger import rules
from functions.ledger.ledger import Ledger
from functions.ledger.record import EventRecord
from functions.ledger.states import last_change
from functions.pubsub.dead_letters import PREFIX, RECEIVER
from functions.timestamps import normalize_timestamp, timestamp

# Attributes that Pub/Sub adds to a message whose delivery attempts are exhausted:
# https://cloud.google.com/pubsub/docs/dead-letter-topics#how_dead_letter_topics_work
PUBSUB_PREFIX = "CloudPubSubDeadLetterSource"
REPLAYED = "replayed"  # our attribute: how often an event was replayed
EXHAUSTED = "Delivery attempts exhausted"

Origin = Literal["consumer", "receiver", "pubsub", "unknown"]


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter under a lease.

    Attributes:
        message_id: its own, by which commands name it.
        since: when it became a dead letter.
        time: ce-time of the event, normalised; otherwise when it was first published.
        entity: "" where it is unknown.
        subscription: short name of the one it came from.
        original_message_id: "" where Pub/Sub dead-lettered it, which does not keep it.
        origin: who published it: the consumer, which rejected the event; the receiver,
            which did so before it had a topic; Pub/Sub, whose delivery attempts were
            exhausted; or an unknown publisher.
        replayed: how often it was replayed before.
    """

    message_id: str
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
    origin: Origin
    replayed: int
    attributes: dict[str, str]
    data: bytes

    def summary(self) -> dict[str, Any]:
        """What ``--json`` lists: everything except attributes and data."""
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("attributes", "data")
        }

    def with_data(self) -> dict[str, Any]:
        """The summary, attributes and data; data that is not JSON as base64."""
        try:
            data = {"data": json.loads(self.data.decode())}
        except (ValueError, RecursionError):
            data = {"data_base64": base64.b64encode(self.data).decode()}
        return {**self.summary(), "attributes": self.attributes, **data}


@dataclass(frozen=True)
class Selection:
    """A filter of dead letters; what is None or empty is not compared.

    Attributes:
        ids: message ids, as listed.
        event: with or without ``be-observer.``.
        reason: part of it, case-insensitive.
        since: the dead letter is not older; in :func:`timestamp`'s form.
        until: the dead letter is older.
    """

    ids: frozenset[str] = frozenset()
    entity: str | None = None
    event: str | None = None
    uid: str | None = None
    reason: str | None = None
    since: str | None = None
    until: str | None = None

    def matches(self, dead_letter: DeadLetter) -> bool:
        """Whether *letter* is selected."""
        return (
            (not self.ids or dead_letter.message_id in self.ids)
            and self.entity in (None, dead_letter.entity)
            and self.event
            in (
                None,
                dead_letter.event,
                dead_letter.event.rpartition(MARKER)[2] or None,
            )
            and self.uid in (None, dead_letter.uid)
            and (self.reason or "").lower() in dead_letter.reason.lower()
            and (self.since or "") <= dead_letter.since
            and (self.until is None or dead_letter.since < self.until)
        )


def read_dead_letter(
    deployment: Deployment,
    received: ReceivedMessage,
    clock: Callable[[], float] = time.time,
) -> DeadLetter:
    """The dead letter that *received* is; no content makes this raise.

    Args:
        clock: seconds since 1970.

    Raises:
        LedgerUnavailable: the last error cannot be read.
    """
    message = received.message
    attributes = dict(message.attributes)
    published = timestamp(PubsubMessage.pb(message).publish_time.ToDatetime(UTC))
    origin = _origin(attributes)
    rejected = origin in ("consumer", "receiver")
    subscription = attributes.get(
        f"{PREFIX}subscription" if rejected else f"{PUBSUB_PREFIX}Subscription", ""
    )
    event = attributes.get("ce-type", "")
    known = catalog.find(event)
    entity = known.entity if known else attributes.get("entity", "")
    if entity not in catalog.ENTITIES:
        entity = deployment.entity_of(subscription)
    attempts = attributes.get(
        f"{PREFIX}attempts" if rejected else f"{PUBSUB_PREFIX}DeliveryCount"
    )
    dead_letter = DeadLetter(
        message_id=message.message_id,
        since=normalize_timestamp(attributes.get(f"{PREFIX}time", "")) or published,
        event=event,
        entity=entity,
        uid=attributes.get("ce-id", ""),
        source=attributes.get("ce-source", ""),
        time=normalize_timestamp(attributes.get("ce-time", ""))
        or normalize_timestamp(attributes.get(f"{PUBSUB_PREFIX}TopicPublishTime", ""))
        or published,
        ordering_key=message.ordering_key,
        reason=attributes.get(f"{PREFIX}reason", ""),
        status=_number(attributes.get(f"{PREFIX}status")),
        attempts=_number(attempts),
        subscription=subscription.rpartition("/")[2],
        original_message_id=attributes.get(f"{PREFIX}message-id", ""),
        origin=origin,
        replayed=_number(attributes.get(REPLAYED)) or 0,
        attributes=attributes,
        data=message.data,
    )
    if origin == "unknown":
        reason = "No reason: it was not published by this project"
        return replace(dead_letter, reason=reason, status=None)
    if origin == "pubsub":
        error, status = last_error(deployment.ledger, dead_letter, clock())
        return replace(dead_letter, reason=f"{EXHAUSTED}: {error}", status=status)
    return dead_letter


def last_error(
    ledger: Ledger | None, dead_letter: DeadLetter, now: float
) -> tuple[str, int | None]:
    """How the last delivery attempt of *letter* ended: a sentence and a status."""
    if ledger is None:
        return "the last error is in the ledger; set LEDGER to read it", None
    digest = _content_hash(ledger, dead_letter)
    entries = [
        entry
        for record in _records(ledger, dead_letter)
        for _, entry in record_entries(record)
        if entry["event"] == dead_letter.event
        and digest in (None, entry["content_hash"])
    ]
    if not entries:
        return "no attempt reached the consumer's ledger", None
    last = max(entries, key=last_change)
    status = last["status"]
    result = "no result" if status is None else f"{status} {last['message'] or ''}"
    match rules.state(last, now):
        case "abandoned":
            return f"the consumer ended during the last attempt ({result})", status
        case "in flight":
            return f"an attempt is still in flight ({result})", status
        case "succeeded":
            return f"but the event was handled: {result}", status
        case _:
            return result, status


def _records(ledger: Ledger, dead_letter: DeadLetter) -> list[EventRecord]:
    if dead_letter.uid:
        record = ledger.event(dead_letter.source, dead_letter.uid)
        return [record] if record else []
    # A message that was not published by ingest may have no uid; its resource then
    # leads to its record.
    if not dead_letter.ordering_key:
        return []
    records = ledger.find_resource(dead_letter.ordering_key)
    return [record for _, record in records if record["kind"] == "event"]


def _content_hash(ledger: Ledger, dead_letter: DeadLetter) -> str | None:
    event = catalog.find(dead_letter.event)
    if event is None:
        return None
    try:
        value = event.load(json.loads(dead_letter.data))
        return ledger.hashes.content(event.name, value)
    except (ValueError, InvalidValue, RecursionError):
        return None


def _origin(attributes: dict[str, str]) -> Origin:
    # A replay drops our attributes: a dead letter of the consumer that was replayed
    # and then exhausted its attempts has only Pub/Sub's.
    if f"{PREFIX}reason" in attributes:
        receiver = attributes.get(f"{PREFIX}subscription") == RECEIVER
        return "receiver" if receiver else "consumer"
    return "pubsub" if f"{PUBSUB_PREFIX}Subscription" in attributes else "unknown"


def _number(text: str | None) -> int | None:
    if text and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    return None
