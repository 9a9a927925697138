"""Finds and removes what is stored about an entity id or a uid, for data protection."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from cli import journal_file
from cli.dead_letter import DeadLetter, Selection
from cli.dead_letter_queue import DeadLetterQueue
from cli.ledger_entries import record_entries
from functions.events import catalog
from functions.events.catalog import Event, bounded_ordering_key
from functions.events.identifiers import normalize_identifier, watermark_name
from functions.ledger import rules
from functions.ledger.ledger import Ledger
from functions.ledger.store import Record


class InvalidId(ValueError):
    """The text is not ``ENTITY:ID``; the message says what is expected."""


@dataclass(frozen=True)
class Subject:
    """Whose data is removed: exactly one of the two is set.

    Attributes:
        uid: of an event.
        resource: an ordering key such as ``customer:15``, or the name of a watermark.
    """

    uid: str | None = None
    resource: str | None = None

    @property
    def name(self) -> str:
        """The uid, or the id without its entity and inventory source."""
        if self.uid is not None:
            return self.uid
        name = str(self.resource).partition(":")[2]
        return name.rpartition("@")[0] or name if self._is_watermark else name

    @property
    def _is_watermark(self) -> bool:
        return str(self.resource).startswith("stock:")

    def __str__(self) -> str:
        return f"uid {self.uid}" if self.resource is None else self.resource


@dataclass(frozen=True)
class StoredData:
    """What is stored about a subject.

    Attributes:
        records: keys of ledger records.
        in_flight: how many of them have a message in flight.
        letters: dead letters about it alone.
        shared: dead letters about other resources as well (stock of several SKUs).
        message_ids: of messages that carried it.
        journal_entries: how many the local journal has.
    """

    records: list[str]
    in_flight: int
    dead_letters: list[DeadLetter]
    shared: list[DeadLetter]
    message_ids: frozenset[str]
    journal_entries: int

    def __bool__(self) -> bool:
        return bool(self.records or self.dead_letters or self.journal_entries)


def parse_id(text: str) -> Subject:
    """``ENTITY:ID`` as an ordering key, in the form in which Commerce compares ids.

    ``stock:SKU@SOURCE`` is the watermark of a SKU at an inventory source.

    Raises:
        InvalidId: the entity is unknown, or the id is missing.
    """
    entity, colon, name = text.partition(":")
    if not (colon and name) or entity not in catalog.ENTITIES:
        entities = ", ".join(catalog.ENTITIES)
        raise InvalidId(
            "must be ENTITY:ID, such as customer:15 or customer:jane@example.com;"
            f" entities are {entities}"
        )
    sku, at, source = name.rpartition("@")
    if entity == "stock" and at:
        # A source's code may be written as the watermark has it.
        return Subject(resource=watermark_name(sku, unquote(source)))
    return Subject(resource=bounded_ordering_key(entity, _normalize(entity, name)))


def find_data(subject: Subject, queue: DeadLetterQueue) -> StoredData:
    """What ledger, dead letters and the local journal store about *subject*.

    Raises:
        Unreachable, LedgerUnavailable.
    """
    deployment = queue.deployment
    ledger = deployment.ledger
    records = _records(ledger, subject) if ledger else []
    resource = None
    if ledger and subject.resource:
        resource = ledger.hashes.resource(subject.resource)
    message_ids = {
        message_id
        for _, record in records
        for message_id in _message_ids(record, resource)
    }
    dead_letters: list[DeadLetter] = []
    shared: list[DeadLetter] = []
    for dead_letter in queue.select(Selection(uid=subject.uid)):
        if subject.resource is None or dead_letter.ordering_key == subject.resource:
            dead_letters.append(dead_letter)
        elif subject.resource in (resources := named_resources(dead_letter)):
            several = len(resources) > 1 and isinstance(_value(dead_letter), list)
            (shared if several else dead_letters).append(dead_letter)
    for dead_letter in dead_letters:
        message_ids |= {dead_letter.message_id, dead_letter.original_message_id} - {""}
    return StoredData(
        records=[key for key, _ in records],
        in_flight=sum(rules.is_in_flight(record, time.time()) for _, record in records),
        dead_letters=dead_letters,
        shared=shared,
        message_ids=frozenset(message_ids),
        journal_entries=journal_file.count_entries(
            deployment.state, subject.uid, message_ids
        ),
    )


def erase(
    subject: Subject, data: StoredData, queue: DeadLetterQueue
) -> tuple[int, int]:
    """Remove *data* of *subject*.

    The journal comes first: its entries are found through dead letters and ledger, also
    by a second command after one that was killed.

    Returns:
        How many ledger records were removed, and how many were kept because one of
        their messages is in flight.

    Raises:
        Unreachable, LedgerUnavailable.
    """
    deployment = queue.deployment
    journal_file.delete_entries(
        deployment.state, subject.uid, data.message_ids, subject.name
    )
    for _ in queue.discard(data.dead_letters, recorded=False):
        pass
    ledger = deployment.ledger
    if ledger is None:
        return 0, 0
    if subject.uid is not None:
        return ledger.forget_uid(subject.uid)
    return ledger.forget_resource(str(subject.resource))


def named_resources(dead_letter: DeadLetter) -> set[str]:
    """The resources that a dead letter's value names, as ordering keys.

    Besides the key of its event these are other names of the same entity: an update of
    customer 15 contains the e-mail address that is the key of a creation.
    """
    event = catalog.find(dead_letter.event)
    if event is None:
        return set()
    try:
        value = _value(dead_letter)
    except ValueError:
        return set()
    fields = {event.key, *(e.key for e in _events_of(event.entity) if e.key_case)}
    items = value if isinstance(value, list) else [value]
    return {
        bounded_ordering_key(event.entity, _normalize(event.entity, str(item[field])))
        for item in items
        if isinstance(item, dict)
        for field in fields
        if item.get(field) is not None
    }


def _value(dead_letter: DeadLetter) -> object:
    """The dead letter's value.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return json.loads(dead_letter.data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _normalize(entity: str, name: str) -> str:
    lower = any(event.key_case == "lower" for event in _events_of(entity))
    return normalize_identifier(name) if lower else name


def _events_of(entity: str) -> list[Event]:
    return [event for event in catalog.EVENTS.values() if event.entity == entity]


def _records(ledger: Ledger, subject: Subject) -> list[tuple[str, Record]]:
    if subject.uid is not None:
        return ledger.find_uid(subject.uid)
    return ledger.find_resource(str(subject.resource))


def _message_ids(record: Record, resource: str | None) -> Iterator[str]:
    """The messages of an event's *record*, of one resource if it is not None."""
    if record["kind"] != "event":
        return
    for message_id, entry in record_entries(record):
        if resource in (None, entry["resource"]):
            yield message_id
