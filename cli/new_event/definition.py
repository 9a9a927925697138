"""What a new event is: its names, fields and operation."""

import keyword
import re
from dataclasses import dataclass
from typing import Literal

from functions.events.catalog import MARKER, OUTBOUND_PREFIX, module_of

Direction = Literal["inbound", "outbound"]

FIELD = re.compile(r"([A-Za-z]\w*):([a-z]+)(\?)?", re.ASCII)
PARAMETER = re.compile(r"\{(\w+)\}")
PATH = re.compile(r"[A-Za-z0-9_-]+(/([A-Za-z0-9_-]+|\{\w+\}))*")
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
KEY = Kind("Key", "15")  # of outbound events: text or a number


@dataclass(frozen=True)
class EventField:
    """A field of the value."""

    name: str
    kind: str
    required: bool

    @property
    def sample(self) -> object:
        """A valid value."""
        sample = KINDS.get(self.kind, KEY).sample
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
        may_echo: whether an outbound event may report the change of an inbound one, so
            that ``functions/handlers/own_changes.py`` must know it.
        operation: of Commerce's REST API; None for an outbound event.
        source: of an outbound event, the event of Commerce that it is made of.
        key: the field that identifies the resource.
        handler: name of its function.
    """

    entity: str
    domain: str
    direction: Direction
    name: str
    fields: list[EventField]
    operation: Operation | None
    source: str | None
    key: str
    handler: str
    new_entity: bool
    may_echo: bool

    @property
    def short(self) -> str:
        """The name without ``be-observer.``."""
        return self.name.removeprefix(MARKER)

    @property
    def identifier(self) -> str:
        """The short name as a word of Python."""
        return re.sub(r"[.-]", "_", self.short)

    @property
    def schema(self) -> str:
        """Name of its schema's class."""
        return "".join(word.capitalize() for word in self.identifier.split("_"))

    @property
    def module(self) -> str:
        """Path of the entity's module in a package, without ``.py``."""
        return module_of(self.entity).replace(".", "/")

    @property
    def noun(self) -> str:
        """The entity in a sentence."""
        return self.entity.removeprefix(OUTBOUND_PREFIX).replace("-", " ")

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
        return self.operation is None or self.operation.method != "POST"

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
