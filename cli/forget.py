"""Removes what is held of one entity id or uid: a person asked to be deleted."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from cli import journal
from cli.dead_letters import Letters
from cli.letters import Letter, Selection
from functions.events import catalog
from functions.events.catalog import bounded_ordering_key
from functions.ledger import rules
from functions.ledger.ledger import Ledger, resource_hash, uid_hash
from functions.ledger.store import Store


class NoSuchId(ValueError):
    """The text names no thing; it says how one is named."""


@dataclass(frozen=True)
class Subject:
    """Who or what is to be forgotten.

    Attributes:
        uid: of an event, or None.
        thing: an ordering key such as ``customer:15``, or None.
    """

    uid: str | None = None
    thing: str | None = None

    def __str__(self) -> str:
        return f"uid {self.uid}" if self.resource is None else self.resource


@dataclass(frozen=True)
class Held:
    """What is held of a subject.

    Attributes:
        records: keys of ledger records.
        under_way: how many of them are in use just now.
        letters: dead letters about it alone.
        shared: dead letters about other things as well (stock of several SKUs).
        messages: ids of messages that carried it.
        lines: of the local journal.
    """

    records: list[str]
    under_way: int
    letters: list[Letter]
    shared: list[Letter]
    messages: frozenset[str]
    lines: int


def thing(text: str) -> Subject:
    """``ENTITY:ID`` as events name it; an e-mail address is lower-cased.

    Raises:
        NoSuchId: there is no such entity, or no id.
    """
    entity, colon, name = text.partition(":")
    if not (colon and name) or entity not in catalog.ENTITIES:
        entities = ", ".join(catalog.ENTITIES)
        raise NoSuchId(
            "is ENTITY:ID, such as customer:15 or customer:jane@example.com;"
            f" entities are {entities}"
        )
    return Subject(resource=bounded_ordering_key(entity, _normal(entity, name)))


def held(subject: Subject, letters: Letters) -> Held:
    """What ledger, dead letters and, locally, the journal hold of *subject*.

    Raises:
        Unreachable, LedgerUnavailable.
    """
    where = letters.where
    found = _found(where.store, subject) if where.store else []
    messages = frozenset(
        message_id for _, record in found for message_id in _messages(record, subject)
    )
    alone, shared = [], []
    for letter in letters.select(Selection(uid=subject.uid)):
        if subject.resource is None or letter.ordering_key == subject.resource:
            alone.append(letter)
        elif named := names(letter):
            if subject.resource in named:
                (shared if len(named) > 1 and _many(letter) else alone).append(letter)
    messages |= {letter.message_id for letter in alone}
    messages |= {m for letter in alone if (m := letter.original_message_id)}
    return Held(
        records=[key for key, _ in found],
        under_way=sum(rules.at_work(record, time.time()) for _, record in found),
        letters=alone,
        shared=shared,
        messages=messages,
        lines=journal.about(where.state, subject.uid, messages),
    )


def forget(subject: Subject, what: Held, letters: Letters) -> tuple[int, int]:
    """Remove *what* is held of *subject*.

    The journal comes first: its lines are found by what letters and ledger hold, also
    by a second command after one that was killed half way.

    Returns:
        How many ledger records are gone, and how many stay since they are in use.

    Raises:
        Unreachable, LedgerUnavailable.
    """
    where = letters.where
    journal.forget(where.state, subject.uid, what.messages)
    for _ in letters.discard(what.letters):
        pass
    if where.store is None:
        return 0, 0
    ledger = Ledger(where.store, 0, 0)
    if subject.resource is None:
        return ledger.forget_uid(subject.uid)
    return ledger.forget_resource(subject.resource)


def names(letter: Letter) -> set[str]:
    """The things that a letter's value names, as ordering keys.

    Its event's own key, and what else says who is meant: a change of customer 15 holds
    the e-mail address that a creation goes by.
    """
    event = catalog.find(letter.event)
    if event is None:
        return set()
    try:
        value = _value(letter)
    except ValueError:
        return set()
    kin = [e for e in catalog.EVENTS.values() if e.entity == event.entity]
    fields = {event.key, *(e.key for e in kin if e.key_case)}
    rows = value if isinstance(value, list) else [value]
    return {
        bounded_ordering_key(event.entity, _normal(event.entity, str(row[field])))
        for row in rows
        if isinstance(row, dict)
        for field in fields
        if row.get(field) is not None
    }


def _value(letter: Letter) -> object:
    """The value, parsed.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return json.loads(letter.data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _many(letter: Letter) -> bool:
    value = _value(letter)
    return isinstance(value, list)


def _normal(entity: str, name: str) -> str:
    kin = [e for e in catalog.EVENTS.values() if e.entity == entity]
    return name.lower() if any(e.key_case == "lower" for e in kin) else name


def _found(store: Store, subject: Subject) -> list[tuple[str, dict]]:
    if subject.resource is None:
        return store.find("uid", uid_hash(subject.uid))
    return store.find("resources", resource_hash(subject.resource))


def _messages(record: dict, subject: Subject) -> Iterable[str]:
    if record.get("kind") != "event":
        return
    wanted = subject.resource and resource_hash(subject.resource)
    entries = [
        *record["open"].items(),
        *((entry["message"], entry) for entry in record["finished"]),
    ]
    for message_id, entry in entries:
        if wanted in (None, entry.get("resource")):
            yield message_id
