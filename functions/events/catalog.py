"""The catalogue of events, read from ``catalog.json``.

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

from functions.events.fields import load_list
from functions.events.identifiers import normalize_identifier

MARKER = "be-observer."
MAX_KEY_LENGTH = 100  # characters of an unknown key in an error's path
MAX_ORDERING_KEY_BYTES = 1024  # Pub/Sub's limit


class InvalidValue(ValueError):
    """A value that does not fit its event's schema.

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
        entity: names the topic and the handlers' module.
        domain: the consumer that serves it.
        schema: of its value.
        handler: function in ``functions/handlers/<entity>.py``.
        key: field of the value that identifies the resource.
        key_case: ``lower`` where the key is case-insensitive.
        idempotent: false where each application has another effect (adds a comment or
            a shipment).
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
        """Validate *value* and return it without unknown keys.

        Raises:
            InvalidValue: with all errors.
        """
        try:
            if self.schema.many:
                return load_list(self.schema, value, min_length=1)
            return self.schema.load(value)
        except ValidationError as error:
            raise InvalidValue(flatten_messages(error.messages)) from None

    def ordering_key(self, value: Any) -> str:
        """Pub/Sub ordering key of a valid *value*; "" for several resources."""
        items = value if isinstance(value, list) else [value]
        names = {str(item[self.key]) for item in items}
        if self.key_case == "lower":
            names = {normalize_identifier(name) for name in names}
        if len(names) > 1:
            return ""
        return bounded_ordering_key(self.entity, names.pop())


def bounded_ordering_key(entity: str, name: str) -> str:
    """``entity:name``, or its hash where that is longer than Pub/Sub allows."""
    key = f"{entity}:{name}"
    if len(key.encode()) <= MAX_ORDERING_KEY_BYTES:
        return key
    return f"{entity}:sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def flatten_messages(messages: Any, path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as one level of dotted paths."""
    if isinstance(messages, list):
        return {path: [str(message) for message in messages]}
    flat: dict[str, list[str]] = {}
    for name, nested in messages.items():
        key = str(name)[:MAX_KEY_LENGTH].encode(errors="replace").decode()
        # marshmallow keeps messages about a whole object under "_schema".
        step = path if name == "_schema" else f"{path}.{key}" if path else key
        for nested_path, texts in flatten_messages(nested, step).items():
            known = flat.setdefault(nested_path, [])
            # Truncated keys may be equal.
            known.extend(text for text in texts if text not in known)
    return flat


def module_of(entity: str) -> str:
    """The Python module name of *entity*: ``customer_group`` for ``customer-group``."""
    return entity.replace("-", "_")


def load_attribute(package: str, entity: str, kind: str, name: str) -> Any:
    """The attribute *name* of the module that *package* has for *entity*.

    Args:
        kind: what it is, for the error: ``schema`` or ``handler``.

    Raises:
        LookupError: the module or the attribute is missing.
    """
    module = f"{package}.{module_of(entity)}"
    path = f"{module.replace('.', '/')}.py"
    try:
        attribute = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise LookupError(
            f"catalog.json names the {kind} {name}; there is no {path}"
        ) from None
    if attribute is None:
        raise LookupError(f"catalog.json names the {kind} {name}; {path} has none")
    return attribute


def _read() -> dict[str, Event]:
    return parse(json.loads(Path(__file__).with_name("catalog.json").read_text()))


def parse(entities: dict[str, Any]) -> dict[str, Event]:
    """The events of ``catalog.json``'s content.

    Raises:
        LookupError: a key, schema module or schema is missing; the text names it.
    """
    events: dict[str, Event] = {}
    for entity, definition in entities.items():
        _require(definition, ("domain", "events"), entity)
        for name, line in definition["events"].items():
            _require(line, ("schema", "handler", "key"), name)
            schema = load_attribute(
                "functions.events.schemas", entity, "schema", line["schema"]
            )
            events[name] = Event(
                name=name,
                entity=entity,
                domain=definition["domain"],
                schema=schema(),
                handler=line["handler"],
                key=line["key"],
                key_case=line.get("key_case"),
                idempotent=line.get("idempotent", True),
            )
    return events


def _require(definition: dict[str, Any], keys: tuple[str, ...], name: str) -> None:
    for key in keys:
        if key not in definition:
            raise LookupError(f"catalog.json: {name} has no {key!r}: add it")


EVENTS = _read()
ENTITIES = tuple(dict.fromkeys(event.entity for event in EVENTS.values()))


def find(name: Any) -> Event | None:
    """The event called *name*, with or without a namespace before ``be-observer.``."""
    if not isinstance(name, str):
        return None
    if name in EVENTS:
        return EVENTS[name]
    namespace, _, bare = name.rpartition(f".{MARKER}")
    return EVENTS.get(MARKER + bare) if namespace else None


@cache
def delivery_settings() -> dict[str, int]:
    """``delivery.json``: seconds, except ``max_delivery_attempts``."""
    path = Path(__file__).with_name("delivery.json")
    settings: dict[str, int] = json.loads(path.read_text())
    return settings
