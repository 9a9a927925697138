"""The catalogue: every event there is, read from ``catalog.json``.

Terraform reads the same file for topics, subscriptions and functions.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from functions.events.fields import load_rows

MARKER = "be-observer."
LONGEST_NAME = 100  # characters of an unknown key in an error's path
LONGEST_KEY = 1024  # bytes: Pub/Sub's limit for an ordering key


class InvalidValue(ValueError):
    """A value that its event's schema refuses.

    Attributes:
        errors: messages by dotted path from the value's root ("" is the value itself),
            for example ``{"0.quantity": ["Must be a number."]}``.
    """

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(f"{len(errors)} invalid fields")
        self.errors = errors


@dataclass(frozen=True)
class Event:
    """One line of the catalogue.

    Attributes:
        name: without namespace, e.g. ``be-observer.customer_update``.
        entity: what it is about; names the topic and the handlers' module.
        domain: which consumer serves it.
        schema: of its value.
        handler: function in ``functions/handlers/<entity>.py``.
        key: field of the value that says which thing it is about.
        key_case: ``lower`` where the thing's name does not tell cases apart.
        idempotent: applying it twice is the same as applying it once; false for what
            adds something each time (a comment, a shipment).
    """

    name: str
    entity: str
    domain: str
    schema: Schema
    handler: str
    key: str
    key_case: str | None
    idempotent: bool

    def load(self, value: Any) -> Any:
        """Return *value* with the keys its schema knows.

        Raises:
            InvalidValue: with every fault of the value.
        """
        try:
            if self.schema.many:
                return load_rows(self.schema, value, least=1)
            return self.schema.load(value)
        except ValidationError as error:
            raise InvalidValue(flat(error.messages)) from None

    def ordering_key(self, value: Any) -> str:
        """Pub/Sub ordering key of a valid *value*; "" where it names many things."""
        if isinstance(value, list):
            names = {row[self.key] for row in value}
            if len(names) > 1:
                return ""
            name = names.pop()
        else:
            name = str(value[self.key])
        if self.key_case == "lower":
            name = name.lower()
        return bounded_ordering_key(self.entity, name)


def bounded_ordering_key(entity: str, name: str) -> str:
    """``entity:name``, or its hash where that is longer than Pub/Sub takes."""
    key = f"{entity}:{name}"
    if len(key) * 4 <= LONGEST_KEY or len(key.encode()) <= LONGEST_KEY:
        return key
    return f"{entity}:sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def flat(messages: Any, path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as one level of dotted paths."""
    if isinstance(messages, list):
        return {path: [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for name, inner in messages.items():
        # marshmallow files what concerns a whole object under "_schema".
        shown = str(name)[:LONGEST_NAME].encode(errors="replace").decode()
        step = path if name == "_schema" else f"{path}.{shown}" if path else shown
        for where, texts in flat(inner, step).items():
            told = found.setdefault(where, [])
            # Long names may have become one.
            told.extend(text for text in texts if text not in told)
    return found


def module_of(entity: str) -> str:
    """The Python module name of *entity*: ``customer-group`` is ``customer_group``."""
    return entity.replace("-", "_")


def named(package: str, entity: str, kind: str, name: str) -> Any:
    """What the catalogue calls *name*, in the module that *package* has of *entity*.

    Raises:
        LookupError: there is none; the sentence says which and where.
    """
    module = f"{package}.{module_of(entity)}"
    path = f"{module.replace('.', '/')}.py"
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise LookupError(
            f"catalog.json names the {kind} {name}; there is no {path}"
        ) from None
    if found is None:
        raise LookupError(f"catalog.json names the {kind} {name}; {path} has none")
    return found


def _read() -> dict[str, Event]:
    entities = json.loads(Path(__file__).with_name("catalog.json").read_text())
    return {
        name: Event(
            name=name,
            entity=entity,
            domain=about["domain"],
            schema=named(
                "functions.events.schemas", entity, "schema", line["schema"]
            )(),
            handler=line["handler"],
            key=line["key"],
            key_case=line.get("key_case"),
            idempotent=line.get("idempotent", True),
        )
        for entity, about in entities.items()
        for name, line in about["events"].items()
    }


EVENTS = _read()
ENTITIES = tuple(dict.fromkeys(event.entity for event in EVENTS.values()))


def find(name: Any) -> Event | None:
    """The event called *name*, with or without a namespace before ``be-observer.``."""
    event = EVENTS.get(name) if isinstance(name, str) else None
    if event is not None or not isinstance(name, str):
        return event
    namespace, _, bare = name.rpartition(f".{MARKER}")
    return EVENTS.get(MARKER + bare) if namespace else None


@cache
def delivery() -> dict[str, int]:
    """The numbers of delivery, in seconds but for ``max_delivery_attempts``."""
    return json.loads(Path(__file__).with_name("delivery.json").read_text())
