"""Parses and validates a posted body; reports all errors of envelope and value."""

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any, NamedTuple

from functions.events import catalog
from functions.events.catalog import Event, InvalidValue

MAX_UID_BYTES = 256  # a Pub/Sub attribute holds 1024
MAX_NAME_LENGTH = 200  # of an unknown event's name in an error
MAX_ERRORS = 1000  # keeps the response to a megabyte of invalid rows small
MAX_KEYS = 1000  # of one object; a larger one is an attack
REQUIRED = "Missing data for required field."
REQUIRED_FIELDS = ("uid", "event", "value")
WRAP = 'Wrap uid, event and value in "data": {"data": {"uid": ..., ...}}.'
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


def parse(body: bytes) -> PostedEvent:
    """Parse *body*: ``{"data": {"uid", "event", "value"[, "entity"]}}``, UTF-8 JSON.

    Raises:
        InvalidEvent: with all errors.
    """
    parsed = _parse_object(body)
    data, errors = parsed.get("data", {}), {}
    if type(data) is not dict:
        errors["data"] = ["Must be an object."]
        raise InvalidEvent(_missing_parameters(REQUIRED_FIELDS), errors)
    if "data" not in parsed and not parsed.keys().isdisjoint(REQUIRED_FIELDS):
        errors["data"] = [WRAP]
    return _validate(data, errors)


def _validate(data: dict[str, Any], errors: dict[str, list[str]]) -> PostedEvent:
    name, value = data.get("event"), data.get("value")
    # Empty text counts as missing.
    missing = [field for field in REQUIRED_FIELDS if data.get(field, "") == ""]
    for field in missing:
        errors[f"data.{field}"] = [REQUIRED]
    uid = None if "uid" in missing else _validate_uid(data["uid"], errors)
    event = catalog.find(name, "inbound")
    if event is not None:
        if "value" not in missing:
            value = _validate_value(event, value, errors)
        # An empty entity counts as absent.
        if data.get("entity", "") not in ("", event.entity):
            errors["data.entity"] = [f"Must be {event.entity}, as the event's own."]
    elif "event" not in missing:
        errors["data.event"] = _unknown_event(name)

    if missing:
        error = _missing_parameters(missing)
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


def _missing_parameters(fields: Iterable[str]) -> str:
    return f"missing parameter(s) '{','.join(f'data.{field}' for field in fields)}'"


def _printable(name: Any) -> str:
    """An event's *name* for a response: bounded, and valid UTF-8."""
    if type(name) is not str:
        return JSON_TYPES[type(name)]
    return name[:MAX_NAME_LENGTH].encode(errors="replace").decode()


def _validate_value(event: Event, value: Any, errors: dict[str, list[str]]) -> Any:
    try:
        return event.load(value)
    except InvalidValue as invalid:
        for path, messages in islice(invalid.errors.items(), MAX_ERRORS):
            errors[f"data.value.{path}" if path else "data.value"] = messages
        return None


def _validate_uid(uid: Any, errors: dict[str, list[str]]) -> str | None:
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
    errors["data.uid"] = [error]
    return None


def _encode(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


class _InvalidJson(ValueError):
    """JSON that Python's decoder accepts and we do not."""


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _InvalidJson("a key stands twice in one object")
    if len(result) > MAX_KEYS:
        raise _InvalidJson(f"an object holds more than {MAX_KEYS} keys")
    return result


def _reject_constant(name: str) -> None:
    raise _InvalidJson(f"{name} is not JSON")


# Made once: json.loads with these arguments makes a decoder for each call.
_decoder = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_reject_constant
)


def _parse_object(body: bytes) -> dict[str, Any]:
    if not body:
        raise InvalidEvent("The body is empty; it must be a JSON object")
    try:
        # Many systems on Windows write a byte order mark before their JSON.
        parsed = _decoder.decode(body.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError:
        raise InvalidEvent("The body is not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidEvent(f"The body is not JSON ({where}: {error.msg})") from None
    except RecursionError:
        raise InvalidEvent("The body is nested too deeply") from None
    except _InvalidJson as error:
        raise InvalidEvent(f"The body is not JSON ({error})") from None
    except ValueError:
        # Python's own limit.
        reason = "a number has too many digits"
        raise InvalidEvent(f"The body is not JSON ({reason})") from None
    if type(parsed) is not dict:
        raise InvalidEvent("The body must be a JSON object")
    return parsed
