"""A posted body, checked: every fault of envelope and value in one answer."""

import json
from itertools import islice
from typing import Any, NamedTuple

from functions.events import catalog
from functions.events.catalog import Event, InvalidValue

MAX_UID_BYTES = 256  # bytes; a Pub/Sub attribute holds 1024
LONGEST_SHOWN = 200  # characters of an event's name in an answer
MOST_ERRORS = 1000  # a megabyte of wrong rows must not become an answer of twenty
MAX_KEYS = 1000  # of one object; more of them are no event but an attack
REQUIRED = "Missing data for required field."
MISSING = object()
# What JSON calls what Python calls otherwise.
KINDS = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}


class Refused(Exception):
    """The body is not an event we take.

    Attributes:
        error: one sentence.
        errors: messages by dotted path from the body's root; {} where no field is.
        event: the catalogue's name of the event, where it is known.
        uid: the caller's id of it, where it is valid.
    """

    def __init__(
        self,
        error: str,
        errors: dict[str, list[str]],
        event: Event | None = None,
        uid: str | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.errors = errors
        self.event = event
        self.uid = uid


class Posted(NamedTuple):
    """A valid event.

    Attributes:
        uid: the caller's id of it, as text.
        name: the event's name as sent.
        event: its line of the catalogue.
        value: valid, without unknown keys.
    """

    uid: str
    name: str
    event: Event
    value: Any


def read(body: bytes) -> Posted:
    """Check *body*: ``{"data": {"uid", "event", "value"[, "entity"]}}``, UTF-8 JSON.

    Raises:
        Refused: with the one sentence and every field's faults.
    """
    data = _parse(body).get("data", {})
    if type(data) is not dict:
        errors = {"data": ["Must be an object."]}
        raise Refused(_missing(["uid", "event", "value"]), errors)
    errors: dict[str, list[str]] = {}
    uid, name = data.get("uid", MISSING), data.get("event", MISSING)
    value, entity = data.get("value", MISSING), data.get("entity", MISSING)

    absent = [
        field
        for field, given in (("uid", uid), ("event", name), ("value", value))
        if given is MISSING or given == ""
    ]
    for field in absent:
        errors[f"data.{field}"] = [REQUIRED]
    if "uid" not in absent:
        uid = _uid(uid, errors)

    event = catalog.find(name)
    if event is None and "event" not in absent:
        known = "Unknown event type." if type(name) is str else "Must be text."
        errors["data.event"] = [known]
    if event is not None:
        if "value" not in absent:
            try:
                value = event.load(value)
            except InvalidValue as error:
                for path, messages in islice(error.errors.items(), MOST_ERRORS):
                    where = f"data.value.{path}" if path else "data.value"
                    errors[where] = messages
        # An entity that is left empty is left out.
        if entity is not MISSING and entity != "" and entity != event.entity:
            errors["data.entity"] = [f"Must be {event.entity}, as the event's own."]

    if absent:
        error = _missing(absent)
    elif event is None:
        error = f"Unable to publish event {_shown(name)}: Unknown event type"
    elif errors:
        error = f"Invalid value for {_shown(name)}"
    else:
        return Posted(uid, name, event, value)
    known = None if "uid" in absent or "data.uid" in errors else uid
    raise Refused(error, errors, event, known)


def _missing(fields: list[str]) -> str:
    return f"missing parameter(s) '{','.join(f'data.{field}' for field in fields)}'"


def _shown(name: Any) -> str:
    """An event's *name* fit for an answer: bounded, and valid UTF-8."""
    if type(name) is not str:
        return KINDS[type(name)]
    return name[:LONGEST_SHOWN].encode(errors="replace").decode()


def _uid(uid: Any, errors: dict[str, list[str]]) -> str:
    if type(uid) is int:
        # Beyond this size Python refuses to write a number out; so do we.
        uid = str(uid) if uid.bit_length() <= 1024 else "9" * (MAX_UID_BYTES + 1)
    if type(uid) is not str:
        fault = "Must be text or a whole number."
    elif (encoded := _encoded(uid)) is None or b"\0" in encoded:
        fault = "Must not hold lone surrogates or NUL characters."
    elif len(encoded) > MAX_UID_BYTES:
        fault = f"Must be at most {MAX_UID_BYTES} bytes."
    else:
        return uid
    errors["data.uid"] = [fault]
    return ""


def _encoded(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    if len(found) > MAX_KEYS:
        raise ValueError(f"an object holds more than {MAX_KEYS} keys")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


def _parse(body: bytes) -> dict[str, Any]:
    if not body:
        raise Refused("The body is empty; it must be a JSON object", {})
    try:
        # Many systems on Windows write a byte order mark before their JSON.
        parsed = _decode(body.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError:
        raise Refused("The body is not UTF-8", {}) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(f"The body is not JSON ({where}: {error.msg})", {}) from None
    except RecursionError:
        raise Refused("The body is nested too deeply", {}) from None
    except ValueError as error:
        # Ours above, or Python's own bound on the digits of a number.
        told = str(error) if error.args and "limit" not in str(error) else None
        raise Refused(
            f"The body is not JSON ({told or 'a number has too many digits'})", {}
        ) from None
    if type(parsed) is not dict:
        raise Refused("The body must be a JSON object", {})
    return parsed
