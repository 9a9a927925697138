"""Parses and validates a posted body; reports all errors of envelope and value."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any, NamedTuple

from functions.events import catalog
from functions.events.catalog import Event, InvalidValue
from functions.events.fields import limited_errors
from functions.ingest import strict_json

MAX_UID_BYTES = 256  # a Pub/Sub attribute holds 1024
MAX_NAME_LENGTH = 200  # of an unknown event's name in an error
MAX_ERRORS = 1000  # keeps the response to a megabyte of invalid rows small
MAX_ITEMS = 500  # of a batch
MAX_LOGGED_FIELDS = 20
REQUIRED = "Missing data for required field."
REQUIRED_FIELDS = ("uid", "event", "value")
WRAP = 'Wrap uid, event and value in "data": {"data": {"uid": ..., ...}}.'
WRAP_LIST = 'wrap a list of events in "data": {"data": [...]}'
NDJSON_HINT = "; one event in each line needs Content-Type: application/x-ndjson"
EVENT_LIST = "All event types: docs/events.md"
MIN_SIMILARITY = 0.5  # of an event's name that is proposed, from 0 to 1
CONTROL_CHARACTERS = r"[\u0000-\u001f\u007f-\u009f]"  # not allowed in CloudEvents
_CONTROL_CHARACTER = re.compile(CONTROL_CHARACTERS)
# The names of JSON's types by those of Python.
JSON_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}


class InvalidEvent(Exception):
    """The body is not a valid event.

    Attributes:
        error: one sentence.
        errors: messages by dotted path from the body's root; {} for an unreadable body.
        event: the catalogue's event, if its name is known.
        uid: the event's uid, if it is valid.
    """

    def __init__(
        self,
        error: str,
        errors: dict[str, list[str]] | None = None,
        event: Event | None = None,
        uid: str | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.errors = errors or {}
        self.event = event
        self.uid = uid

    @property
    def known_fields(self) -> list[str] | None:
        """The invalid fields' paths for the log, without names the caller chose."""
        return known_fields(self.errors)


def known_fields(*errors: dict[str, list[str]]) -> list[str] | None:
    """The paths in *errors* for the log, without names that the caller chose."""
    paths = (
        path
        for each in errors
        for path, texts in each.items()
        if texts[0] != "Unknown field."
    )
    return list(islice(paths, MAX_LOGGED_FIELDS)) or None


class PostedEvent(NamedTuple):
    """A valid event.

    Attributes:
        uid: as text.
        name: the event's name as sent.
        event: the catalogue's event.
        value: valid, without unknown keys.
    """

    uid: str
    name: str
    event: Event
    value: Any


def parse(body: bytes) -> PostedEvent | list[Any]:
    """Parse *body*: ``{"data": {"uid", "event", "value"[, "entity"]}}``, UTF-8 JSON.

    Returns:
        The event; of a batch, whose ``data`` is a list, its items, not validated.

    Raises:
        InvalidEvent: with all errors.
    """
    parsed = _parse_object(body)
    data = parsed.get("data", {})
    if type(data) is list:
        return data
    errors: dict[str, list[str]] = {}
    if "data" not in parsed and not parsed.keys().isdisjoint(REQUIRED_FIELDS):
        errors["data"] = [WRAP]
    return _validate(data, "data", errors)


def parse_lines(body: bytes) -> list[Any]:
    """The items of an ``application/x-ndjson`` *body*: one event in each line.

    Blank lines are skipped. The item of an unreadable line is an InvalidEvent.
    Reading stops after ``MAX_ITEMS`` + 1 items.
    """
    items: list[Any] = []
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        if len(items) > MAX_ITEMS:
            break
        try:
            items.append(strict_json.decode(line))
        except strict_json.InvalidJson as invalid:
            items.append(InvalidEvent(f"Line {number} {invalid}"))
    return items


def validate_item(item: Any, index: int, max_errors: int) -> PostedEvent:
    """Validate the item *index* of a batch.

    Args:
        max_errors: where validation of a list stops; one row may exceed it.

    Raises:
        InvalidEvent: with errors by path, such as ``data.3.value.sku``.
    """
    if isinstance(item, InvalidEvent):
        raise item
    with limited_errors(max_errors):
        return _validate(item, f"data.{index}", {}, max_errors)


def _validate(
    data: Any,
    root: str,
    errors: dict[str, list[str]],
    max_errors: int = MAX_ERRORS,
) -> PostedEvent:
    """Validate the event *data* at the path *root*; *errors* are known already."""
    if type(data) is not dict:
        errors[root] = ["Must be an object."]
        raise InvalidEvent(_missing_parameters(root, REQUIRED_FIELDS), errors)
    name, value = data.get("event"), data.get("value")
    # Empty text counts as missing.
    missing = [field for field in REQUIRED_FIELDS if data.get(field, "") == ""]
    for field in missing:
        errors[f"{root}.{field}"] = [REQUIRED]
    uid = None if "uid" in missing else _validate_uid(data["uid"], root, errors)
    event = catalog.find(name, "inbound")
    if event is not None:
        if "value" not in missing:
            try:
                value = event.load(value)
            except InvalidValue as invalid:
                for path, texts in islice(invalid.errors.items(), max_errors):
                    at = f"{root}.value.{path}" if path else f"{root}.value"
                    errors[at] = texts
        # An empty entity counts as absent.
        if data.get("entity", "") not in ("", event.entity):
            errors[f"{root}.entity"] = [f"Must be {event.entity}, as the event's own."]
    elif "event" not in missing:
        errors[f"{root}.event"] = _unknown_event(name)

    if missing:
        error = _missing_parameters(root, missing)
    elif event is None:
        error = f"Unable to publish event {_printable(name)}: Unknown event type"
    elif errors or uid is None:
        error = f"Invalid value for {_printable(name)}"
    else:
        return PostedEvent(uid, str(name), event, value)
    raise InvalidEvent(error, errors, event, uid)


def _unknown_event(name: Any) -> list[str]:
    """What is wrong with the event's *name*, and which one may be meant."""
    if type(name) is not str:
        return ["Must be text."]
    bare = name[-MAX_NAME_LENGTH:].rpartition(".")[2].lower()
    names = [known.removeprefix(catalog.MARKER) for known in catalog.INBOUND_EVENTS]
    nearest = get_close_matches(bare, names, 1, MIN_SIMILARITY)
    proposals = [f"Did you mean {catalog.MARKER}{name}?" for name in nearest]
    return ["Unknown event type.", *proposals, EVENT_LIST]


def _missing_parameters(root: str, fields: Iterable[str]) -> str:
    return f"missing parameter(s) '{','.join(f'{root}.{field}' for field in fields)}'"


def _printable(name: Any) -> str:
    """An event's *name* for a response: bounded, and valid UTF-8."""
    if type(name) is not str:
        return JSON_TYPES[type(name)]
    return name[:MAX_NAME_LENGTH].encode(errors="replace").decode()


def _validate_uid(uid: Any, root: str, errors: dict[str, list[str]]) -> str | None:
    """*uid* as text; None where it is invalid, with the error in *errors*."""
    if type(uid) is int:
        # Python refuses to convert a number of more than 4300 digits.
        uid = str(uid) if uid.bit_length() <= 1024 else "9" * (MAX_UID_BYTES + 1)
    if type(uid) is not str:
        error = "Must be text or a whole number."
    elif (encoded := _encode(uid)) is None or _CONTROL_CHARACTER.search(uid):
        error = "Must not hold control characters or lone surrogates."
    elif len(encoded) > MAX_UID_BYTES:
        error = f"Must be at most {MAX_UID_BYTES} bytes."
    else:
        return uid
    errors[f"{root}.uid"] = [error]
    return None


def _encode(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _has_json_lines(body: bytes) -> bool:
    """Whether the first line of *body*, one of several, is a JSON object."""
    first, _, rest = body.partition(b"\n")
    try:
        return bool(rest.strip()) and type(strict_json.decode(first)) is dict
    except strict_json.InvalidJson:
        return False


def _parse_object(body: bytes) -> dict[str, Any]:
    if not body:
        raise InvalidEvent("The body is empty; it must be a JSON object")
    try:
        parsed = strict_json.decode(body)
    except strict_json.InvalidJson as invalid:
        hint = NDJSON_HINT if _has_json_lines(body) else ""
        raise InvalidEvent(f"The body {invalid}{hint}") from None
    if type(parsed) is list:
        raise InvalidEvent(f"The body must be a JSON object; {WRAP_LIST}")
    if type(parsed) is not dict:
        raise InvalidEvent("The body must be a JSON object")
    return parsed
