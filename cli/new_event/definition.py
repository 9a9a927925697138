"""What a new event is: its names, fields and operation."""

import keyword
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from functions.events import catalog
from functions.events.catalog import MARKER, module_of

Direction = Literal["inbound", "outbound"]

ENTITY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
INBOUND_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
FIELD = re.compile(r"([A-Za-z]\w*):([a-z]+)(\?)?", re.ASCII)
PARAMETER = re.compile(r"\{(\w+)\}")
PATH = re.compile(r"[A-Za-z0-9_-]+(/([A-Za-z0-9_-]+|\{\w+\}))*")
MAX_ENTITY_LENGTH = 40
RESERVED = {"dead-letters"}
METHODS = ("POST", "PUT", "DELETE")
PAST = {"create": "created", "update": "updated", "delete": "deleted"}


class InvalidDefinition(ValueError):
    """The event cannot be written; the text says what to change."""


@dataclass(frozen=True)
class Kind:
    """A type of fields: the class in ``functions.events.fields``, and a sample."""

    field: str
    sample: object


KINDS = {
    "id": Kind("Id", 15),
    "text": Kind("Text", "Sample"),
    "number": Kind("Number", 12.5),
    "boolean": Kind("Boolean", True),
    "sku": Kind("Sku", "LAMP-1"),
}


@dataclass(frozen=True)
class EventField:
    """A field of the value."""

    name: str
    kind: str
    required: bool

    @property
    def sample(self) -> object:
        """A valid value."""
        sample = KINDS[self.kind].sample
        return f"{sample} {self.name}" if self.kind == "text" else sample


@dataclass(frozen=True)
class Operation:
    """One operation of Commerce's REST API; the path is relative to ``V1/``."""

    method: str
    path: str

    @property
    def parameters(self) -> list[str]:
        """The fields in the path."""
        return PARAMETER.findall(self.path)


@dataclass(frozen=True)
class Definition:
    """A new event.

    Attributes:
        name: in full, ``be-observer.price_rule_update``.
        new_entity: whether the catalogue does not have *entity* yet.
        key: the field that identifies the resource.
        handler: name of its function.
    """

    entity: str
    domain: str
    direction: Direction
    name: str
    fields: list[EventField]
    operation: Operation
    key: str
    handler: str
    new_entity: bool

    @property
    def short(self) -> str:
        """The name without ``be-observer.``."""
        return self.name.removeprefix(MARKER)

    @property
    def schema(self) -> str:
        """Name of its schema's class."""
        return "".join(word.capitalize() for word in re.split(r"[_.-]", self.short))

    @property
    def module(self) -> str:
        """Name of the entity's module."""
        return module_of(self.entity)

    @property
    def noun(self) -> str:
        """The entity in a sentence."""
        return self.entity.replace("-", " ")

    @property
    def article(self) -> str:
        """Before the noun."""
        return "an" if self.noun[0] in "aeiou" else "a"

    @property
    def verb(self) -> str:
        """What the handler does."""
        return self.handler.partition("_")[0]

    @property
    def key_case(self) -> str | None:
        """Commerce compares text without case."""
        kinds = {field.name: field.kind for field in self.fields}
        return "lower" if kinds[self.key] in ("text", "sku") else None

    @property
    def idempotent(self) -> bool:
        """Whether the operation may be repeated."""
        return self.operation.method != "POST"

    @property
    def message(self) -> str:
        """What the handler answers."""
        past = PAST.get(self.verb)
        done = past or f"{self.handler.replace('_', ' ')} done"
        return f"{self.noun.capitalize()} {done} successfully"

    @property
    def sample(self) -> dict[str, object]:
        """A valid value."""
        return {field.name: field.sample for field in self.fields}


def define(
    root: Path,
    *,
    entity: str,
    event: str,
    fields: str,
    operation: str,
    domain: str | None = None,
    key: str | None = None,
) -> Definition:
    """The event that these texts describe.

    Args:
        root: of the repository.
        event: with or without ``be-observer.``.
        fields: ``id:id name:text note:text?``; a question mark is an optional field.
        operation: ``PUT salesRules/{id}``.
        domain: of a new entity; None for its own name.
        key: None for the first field of the path, else the first required field.

    Raises:
        InvalidDefinition: one is invalid, or the event exists.
    """
    if not ENTITY.fullmatch(entity) or len(entity) > MAX_ENTITY_LENGTH:
        raise InvalidDefinition(
            f"The entity {entity!r} must be words of small letters and digits, joined"
            f" by hyphens, at most {MAX_ENTITY_LENGTH} characters: price-rule"
        )
    short = event.removeprefix(MARKER)
    if not INBOUND_NAME.fullmatch(short):
        raise InvalidDefinition(
            f"The event {event!r} must be {MARKER} and words joined by underscores, of"
            f" small letters and digits: {MARKER}price_rule_update"
        )
    if catalog.find(MARKER + short):
        raise InvalidDefinition(f"{MARKER}{short} is in the catalogue already")
    new_entity = entity not in catalog.ENTITIES
    domain = _domain(entity, domain)
    if new_entity:
        _check_module(root, entity)
    parsed_fields = parse_fields(fields)
    parsed_operation = parse_operation(operation)
    required = [field.name for field in parsed_fields if field.required]
    for parameter in parsed_operation.parameters:
        if parameter not in required:
            raise InvalidDefinition(
                f"The path has {{{parameter}}}, which is no required field: add it to"
                " the fields"
            )
    key = key or next(iter([*parsed_operation.parameters, *required]), None)
    if key not in required:
        raise InvalidDefinition(
            "A required field must identify the resource: name it as the key"
        )
    return Definition(
        entity=entity,
        domain=domain,
        direction="inbound",
        name=MARKER + short,
        fields=parsed_fields,
        operation=parsed_operation,
        key=key,
        handler=_handler(root, module_of(entity), short),
        new_entity=new_entity,
    )


def parse_fields(text: str) -> list[EventField]:
    """The fields that *text* lists.

    Raises:
        InvalidDefinition: one is not of the form ``name:kind`` or ``name:kind?``.
    """
    parsed: list[EventField] = []
    for word in text.replace(",", " ").split():
        match = FIELD.fullmatch(word)
        if not match or match[2] not in KINDS or keyword.iskeyword(match[1]):
            raise InvalidDefinition(
                f"The field {word!r} must be NAME:KIND, or NAME:KIND? where it is"
                f" optional; kinds are {', '.join(KINDS)}"
            )
        parsed.append(EventField(match[1], match[2], not match[3]))
    names = [field.name for field in parsed]
    if not parsed or len(set(names)) < len(names):
        raise InvalidDefinition("Name one field or more, each once: id:id name:text")
    return parsed


def parse_operation(text: str) -> Operation:
    """The operation that *text* names.

    Raises:
        InvalidDefinition: it is not ``METHOD path``.
    """
    method, _, path = text.strip().partition(" ")
    path = path.strip().removeprefix("/").removeprefix("V1/")
    if method.upper() not in METHODS or not PATH.fullmatch(path):
        raise InvalidDefinition(
            f"The operation {text!r} must be {', '.join(METHODS)} and a path below V1:"
            " PUT salesRules/{id}"
        )
    return Operation(method.upper(), path)


def _domain(entity: str, domain: str | None) -> str:
    known = {event.entity: event for event in catalog.EVENTS.values()}
    if entity not in known:
        domain = domain or entity
        if not ENTITY.fullmatch(domain):
            raise InvalidDefinition(
                f"The domain {domain!r} must be words of small letters and digits,"
                " joined by hyphens"
            )
        return domain
    if known[entity].direction != "inbound":
        raise InvalidDefinition(f"{entity} is an entity of outbound events")
    if domain not in (None, known[entity].domain):
        raise InvalidDefinition(
            f"The domain of {entity} is {known[entity].domain}: leave --domain out"
        )
    return known[entity].domain


def _check_module(root: Path, entity: str) -> None:
    module = module_of(entity)
    taken = [
        path
        for folder in ("functions/handlers", "functions/events/schemas")
        for path in (f"{folder}/{module}.py", f"{folder}/{module}")
        if (root / path).exists()
    ]
    if entity in RESERVED or keyword.iskeyword(module) or taken:
        reason = f"{taken[0]} exists" if taken else "the name is reserved"
        raise InvalidDefinition(f"The entity cannot be called {entity}: {reason}")


def _handler(root: Path, module: str, short: str) -> str:
    """A name that the module of handlers does not have: the event's verb, if it can."""
    path = root / "functions/handlers" / f"{module}.py"
    text = path.read_text() if path.exists() else ""
    verb = short.removeprefix(f"{module}_") if short.startswith(f"{module}_") else ""
    for name in (verb or short.rpartition("_")[2], short):
        taken = re.search(rf"^(def|class) {name}\b|^{name} = ", text, re.M)
        if name.isidentifier() and not keyword.iskeyword(name) and not taken:
            return name
    raise InvalidDefinition(f"{path} has a function {short} already")
