"""Recognises an event of Commerce that only reports our own change: pure functions.

An inbound event leaves a note on the resource that it changes: hashes of what it sets.
An event of Commerce is our own change if it carries what a note says, and otherwise
what the last event of that resource carried. Each note counts once. In doubt an event
is delivered: the third party then gets its own change back once, and no edit is lost.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from functions.ledger.hashes import LedgerHashes
from functions.ledger.record import Note, ResourceRecord
from functions.ledger.watermarks import copy_record, unless_empty

CLOCK_SECONDS = 60.0  # that Commerce's clock may be behind ours
MAX_NOTES = 10  # of one resource, the newest
TIMESTAMPS = frozenset({"created_at", "updated_at", "low_stock_date"})
NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)


@dataclass(frozen=True)
class Change:
    """What an inbound event sets.

    Attributes:
        resource: hash of the resource's name, as events of Commerce name it.
        fields: hash of the value by field; None for a deletion.
    """

    resource: str
    fields: dict[str, str] | None


@dataclass(frozen=True)
class Content:
    """What an event of Commerce carries.

    Attributes:
        fields: hash of the value by field, without timestamps.
        numbers: the same of numbers, also as text, in their shortest form.
        is_deletion: the resource was deleted.
        time: event time, seconds since 1970.
    """

    fields: dict[str, str]
    numbers: dict[str, str]
    is_deletion: bool
    time: float


def set_fields(hashes: LedgerHashes, values: Mapping[str, Any]) -> dict[str, str]:
    """The hashes of *values*, as they are set: text stays text."""
    hashed = {}
    for name, value in values.items():
        number = None if isinstance(value, str) else _number(value)
        hashed[name] = hashes.field(name, _text(value) if number is None else number)
    return hashed


def content(
    hashes: LedgerHashes, value: Mapping[str, Any], is_deletion: bool, time: float
) -> Content:
    """The *value* of an event of Commerce; fields that begin with ``_`` are notes."""
    compared = {
        name: field
        for name, field in value.items()
        if name not in TIMESTAMPS and not name.startswith("_")
    }
    numbers = {name: _number(field) for name, field in compared.items()}
    return Content(
        {name: hashes.field(name, _text(field)) for name, field in compared.items()},
        {name: hashes.field(name, n) for name, n in numbers.items() if n is not None},
        is_deletion,
        time,
    )


def add_note(
    record: ResourceRecord | None,
    change: Change,
    message_id: str,
    since: float,
    until: float,
) -> ResourceRecord:
    """The record with a note that message *message_id* makes *change*.

    Args:
        since: when its attempt started; that of an earlier attempt counts.
        until: after this the note no longer counts.
    """
    changed = copy_record(record, change.resource)
    notes = changed.get("notes", [])
    earlier = [note["since"] for note in notes if note["message_id"] == message_id]
    note: Note = {
        "message_id": message_id,
        "since": min([since, *earlier]),
        "until": until,
        "fields": change.fields,
    }
    kept = [
        each
        for each in notes
        if each["message_id"] != message_id and each["until"] > since
    ]
    changed["notes"] = [*kept, note][-MAX_NOTES:]
    return changed


def remove_note(
    record: ResourceRecord | None, message_id: str
) -> ResourceRecord | None:
    """The record after an attempt that is known to have had no effect."""
    if record is None:
        return None
    changed = copy_record(record, "")
    notes = changed.get("notes", [])
    changed["notes"] = [note for note in notes if note["message_id"] != message_id]
    return unless_empty(changed)


def complete_note(
    record: ResourceRecord | None, message_id: str, fields: dict[str, str]
) -> ResourceRecord | None:
    """The record whose note of message *message_id* has *fields*, too.

    A note that was moved to another resource is not made again.
    """
    if record is None:
        return None
    changed = copy_record(record, "")
    changed["notes"] = [
        {**note, "fields": {**(note["fields"] or {}), **fields}}
        if note["message_id"] == message_id
        else note
        for note in changed.get("notes", [])
    ]
    return changed


def notes_of_creation(notes: list[Note], name: str, content: Content) -> list[Note]:
    """Those of *notes*, by the name of a creation, that are of this new resource.

    Args:
        name: of the field with its id, which a completed note has.
    """
    hashes = (content.fields.get(name), content.numbers.get(name))
    return [
        note
        for note in notes
        if content.time >= note["since"] - CLOCK_SECONDS
        and (note["fields"] or {}).get(name, hashes[0]) in hashes
    ]


def without_notes(
    record: ResourceRecord | None, moved: list[Note]
) -> ResourceRecord | None:
    """The record after the notes *moved* became those of another resource."""
    for note in moved:
        record = remove_note(record, note["message_id"])
    return record


def find_note(
    record: ResourceRecord | None,
    notes: list[Note],
    content: Content,
    now: float,
) -> Note | None:
    """The note that explains all of *content*.

    A later note that says otherwise must be of a change after the event: after ours,
    a person may have restored what an earlier note says.

    Args:
        record: of the resource; it has what the last event carried.
        notes: of the resource.
    """
    last = record.get("last_event") if record else None
    if last is None:
        return None
    for number, note in enumerate(notes, 1):
        if _explains(note, last, content, now) and all(
            content.time < later["since"] or _agrees(later, content)
            for later in notes[number:]
        ):
            return note
    return None


def _explains(note: Note, last: dict[str, str], content: Content, now: float) -> bool:
    fields = note["fields"]
    if note["until"] < now or content.time < note["since"] - CLOCK_SECONDS:
        return False
    if content.is_deletion or fields is None:
        return content.is_deletion and fields is None
    unset, unset_before = _without(content.fields, fields), _without(last, fields)
    return unset == unset_before and _arrived_as_set(fields, content)


def _agrees(note: Note, content: Content) -> bool:
    fields = note["fields"]
    return fields is not None and _arrived_as_set(fields, content)


def _arrived_as_set(fields: dict[str, str], content: Content) -> bool:
    """Whether *content*, as far as it has these fields, has them as they were set."""
    return all(
        fields[name] in (content.fields[name], content.numbers.get(name))
        for name in fields.keys() & content.fields.keys()
    )


def _without(hashed: dict[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in hashed.items() if name not in fields}


def remaining_notes(
    notes: list[Note], content: Content, own_change: Note | None
) -> list[Note]:
    """The notes that still count after an event.

    An event that was delivered and says otherwise than a note ends it: the third party
    then needs the event of our change, to know what came last. One that agrees with a
    note leaves it, since an event that is skipped later says nothing new.
    One that is older than the change leaves its note, too: else several changes of one
    resource that the third party posts back would go round without end.

    Args:
        own_change: the note that explains the event; None where it was delivered.
    """
    if own_change is not None:
        since = own_change["since"]
        return [note for note in notes if note != own_change and note["since"] >= since]
    if content.is_deletion:
        return []
    return [n for n in notes if _agrees(n, content) or n["since"] > content.time]


def note_event(
    record: ResourceRecord | None,
    resource: str,
    content: Content,
    own_change: Note | None,
    created: list[Note],
) -> ResourceRecord:
    """The record after an event was delivered, or skipped as our own change.

    Args:
        created: notes of its creation. One that says otherwise ends: no event of a
            resource is older than its creation.
    """
    changed = copy_record(record, resource)
    notes = remaining_notes(changed.get("notes", []), content, own_change)
    changed["notes"] = [note for note in created if _agrees(note, content)] + notes
    changed["last_event"] = None if content.is_deletion else content.fields
    return changed


def _text(value: Any) -> str:
    return "text:" + json.dumps(value, sort_keys=True)


def _number(value: Any) -> str | None:
    """*value*, a number or a list of numbers, in one form; None for anything else."""
    if isinstance(value, list):
        numbers = [_number(each) for each in value]
        if None in numbers:
            return None
        return f"[{','.join(number for number in numbers if number)}]"
    if not isinstance(value, int | float | str):
        return None
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if NUMBER.fullmatch(text) is None:
        return None
    return f"number:{Decimal(text).normalize() + 0}"
