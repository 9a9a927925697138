"""The catalogue of events, read from ``catalog.json``.

Terraform reads the same file for topics, subscriptions and functions.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from marshmallow import Schema, ValidationError

from functions.events.fields import load_list
from functions.events.identifiers import normalize_identifier

MARKER = "be-observer."
OUTBOUND_PREFIX = "outbound-"  # of the entities of outbound events
MAX_KEY_LENGTH = 100  # characters of an unknown key in an error's path
MAX_LISTED_ERRORS = 20  # of one value, in a summary
MAX_ORDERING_KEY_BYTES = 1024  # Pub/Sub's limit

# Inbound: to Commerce. Outbound: from Commerce to the third party.
Direction = Literal["inbound", "outbound"]


class InvalidValue(ValueError):
    """A value that does not fit its event's schema.

    Attributes:
        errors: messages by dotted path from the value's root ("" is the value itself),
            for example ``{"0.quantity": ["Must be a number."]}``.
    """

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(f"{len(errors)} invalid fields")
        self.errors = errors

    def summary(self) -> str:
        """The first errors in one line, without values."""
        return "; ".join(
            f"{path or 'value'}: {' '.join(messages)}"
            for path, messages in islice(self.errors.items(), MAX_LISTED_ERRORS)
        )


@dataclass(frozen=True)
class Event:
    """One line of the catalogue.

    Attributes:
        name: without namespace, e.g. ``be-observer.customer_update``.
        entity: names the topic and the handlers' module.
        domain: the consumer that serves it.
        direction: ``inbound`` or ``outbound``.
        schema: of its value.
        handler: function in the entity's module of ``functions/handlers``.
        key: field of the value that identifies the resource.
        key_case: ``lower`` where the key is case-insensitive.
        idempotent: false where each application has another effect (adds a comment or
            a shipment).
        source: of an outbound event, the event of Commerce that it is made of, without
            namespace: ``observer.customer_save_commit_after``.
    """

    name: str
    entity: str
    domain: str
    direction: Direction
    schema: Schema
    handler: str
    key: str
    key_case: str | None
    idempotent: bool
    source: str | None = None

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
        if not isinstance(value, list):
            return bounded_ordering_key(self.entity, self._resource(value))
        names = {self._resource(item) for item in value}
        return bounded_ordering_key(self.entity, *names) if len(names) == 1 else ""

    def _resource(self, item: dict[str, Any]) -> str:
        name = str(item[self.key])
        return normalize_identifier(name) if self.key_case == "lower" else name


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
    """The Python module of *entity*, within the package of schemas or handlers.

    ``customer_group`` for ``customer-group``, ``outbound.stock`` for
    ``outbound-stock``.
    """
    if entity.startswith(OUTBOUND_PREFIX):
        return f"outbound.{module_of(entity.removeprefix(OUTBOUND_PREFIX))}"
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


@cache
def _read() -> dict[str, Any]:
    content = Path(__file__).with_name("catalog.json").read_text()
    catalog: dict[str, Any] = json.loads(content)
    return catalog


def parse(entities: dict[str, Any]) -> dict[str, Event]:
    """The events of ``catalog.json``'s content.

    Raises:
        LookupError: a key, schema module or schema is missing; the text names it.
    """
    events: dict[str, Event] = {}
    for entity, definition in entities.items():
        _require(definition, ("domain", "direction", "events"), entity)
        for name, line in definition["events"].items():
            _require(line, ("schema", "handler", "key"), name)
            schema = load_attribute(
                "functions.events.schemas", entity, "schema", line["schema"]
            )
            events[name] = Event(
                name=name,
                entity=entity,
                domain=definition["domain"],
                direction=definition["direction"],
                schema=schema(),
                handler=line["handler"],
                key=line["key"],
                key_case=line.get("key_case"),
                idempotent=line.get("idempotent", True),
                source=line.get("source"),
            )
    return events


def _require(definition: dict[str, Any], keys: tuple[str, ...], name: str) -> None:
    for key in keys:
        if key not in definition:
            raise LookupError(f"catalog.json: {name} has no {key!r}: add it")


EVENTS = parse(_read())
INBOUND_EVENTS = {n: e for n, e in EVENTS.items() if e.direction == "inbound"}
OUTBOUND_EVENTS = {n: e for n, e in EVENTS.items() if e.direction == "outbound"}
ENTITIES = tuple(dict.fromkeys(event.entity for event in EVENTS.values()))
INBOUND_ENTITIES = tuple(dict.fromkeys(e.entity for e in INBOUND_EVENTS.values()))
OUTBOUND_ENTITIES = tuple(dict.fromkeys(e.entity for e in OUTBOUND_EVENTS.values()))


def find(name: Any, direction: Direction | None = None) -> Event | None:
    """The event called *name*; of an inbound one a namespace may precede the name.

    Args:
        direction: only an event of this direction; None for any.
    """
    if not isinstance(name, str):
        return None
    event = EVENTS.get(name)
    if event is None:
        namespace, _, bare = name.rpartition(f".{MARKER}")
        event = EVENTS.get(MARKER + bare) if namespace else None
    return event if event and direction in (None, event.direction) else None


@cache
def subscribed_fields() -> dict[str, tuple[str, ...]]:
    """The fields to subscribe to of each event of Commerce; ``("*",)`` is all."""
    return {
        source: tuple(subscription["fields"])
        for definition in _read().values()
        for source, subscription in definition.get("sources", {}).items()
    }


@cache
def delivery_settings() -> dict[str, int]:
    """``delivery.json``: seconds, except ``max_delivery_attempts``."""
    path = Path(__file__).with_name("delivery.json")
    settings: dict[str, int] = json.loads(path.read_text())
    return settings
