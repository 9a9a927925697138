"""Checks what a developer asks for, and completes it to the definition of an event."""

import keyword
import re
from pathlib import Path

from cli.new_event.definition import (
    Definition,
    Direction,
    EventField,
    InvalidDefinition,
    Operation,
    parse_fields,
    parse_operation,
)
from functions.events import catalog
from functions.events.catalog import MARKER, OUTBOUND_PREFIX, module_of

ENTITY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
INBOUND_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
OUTBOUND_NAME = re.compile(r"commerce(\.[a-z][a-z0-9-]*){2}")
SOURCE = re.compile(r"(observer|plugin)(\.[a-z0-9_]+)+")
MAX_ENTITY_LENGTH = 40
RESERVED = {"dead-letters", "outbound"}
OUTBOUND_DOMAIN = "outbound"


def define(
    root: Path,
    *,
    entity: str,
    event: str,
    fields: str,
    operation: str | None = None,
    source: str | None = None,
    direction: Direction = "inbound",
    domain: str | None = None,
    key: str | None = None,
) -> Definition:
    """The event that these texts describe.

    Args:
        root: of the repository.
        entity: of an outbound event, with or without ``outbound-``.
        event: of an inbound event, with or without ``be-observer.``.
        fields: ``id:id name:text note:text?``; a question mark is an optional field.
        operation: of an inbound event: ``PUT salesRules/{id}``.
        source: of an outbound event: ``observer.salesrule_rule_save_commit_after``.
        domain: of a new entity; None for its own name, or for ``outbound``.
        key: None for the first field of the path, else the first required field.

    Raises:
        InvalidDefinition: one is invalid, or the event exists.
    """
    outbound = direction == "outbound"
    if outbound:
        entity = OUTBOUND_PREFIX + entity.removeprefix(OUTBOUND_PREFIX)
    if not ENTITY.fullmatch(entity) or len(entity) > MAX_ENTITY_LENGTH:
        raise InvalidDefinition(
            f"The entity {entity!r} must be words of small letters and digits, joined"
            f" by hyphens, at most {MAX_ENTITY_LENGTH} characters: price-rule"
        )
    name = event if outbound else MARKER + event.removeprefix(MARKER)
    _check_name(name, outbound)
    parsed_fields = parse_fields(fields)
    required = [field.name for field in parsed_fields if field.required]
    parsed_operation = _operation(operation, required, outbound)
    if outbound != (source is not None) or (source and not SOURCE.fullmatch(source)):
        raise InvalidDefinition(
            "An outbound event, and no other, has a source, the event of Commerce:"
            " observer.salesrule_rule_save_commit_after"
        )
    new_entity = entity not in catalog.ENTITIES
    domain = _domain(entity, domain, direction)
    if new_entity:
        _check_module(root, entity)
    parameters = parsed_operation.parameters if parsed_operation else []
    key = key or next(iter([*parameters, *required]), "")
    if key not in required:
        raise InvalidDefinition(
            "A required field must identify the resource: name it as the key"
        )
    return Definition(
        entity=entity,
        domain=domain,
        direction=direction,
        name=name,
        fields=_outbound_fields(parsed_fields, key) if outbound else parsed_fields,
        operation=parsed_operation,
        source=source,
        key=key,
        handler=_handler(root, module_of(entity), name, outbound),
        new_entity=new_entity,
        may_echo=_may_echo(entity, new_entity, outbound),
    )


def _check_name(name: str, outbound: bool) -> None:
    if outbound and not OUTBOUND_NAME.fullmatch(name):
        raise InvalidDefinition(
            f"The event {name!r} must be commerce, an entity and what happened, joined"
            " by dots, in small letters, digits, hyphens: commerce.price-rule.updated"
        )
    short = name.removeprefix(MARKER)
    if not outbound and not INBOUND_NAME.fullmatch(short):
        raise InvalidDefinition(
            f"The event {short!r} must be {MARKER} and words joined by underscores, of"
            f" small letters and digits: {MARKER}price_rule_update"
        )
    if catalog.find(name):
        raise InvalidDefinition(f"{name} is in the catalogue already")


def _operation(
    text: str | None, required: list[str], outbound: bool
) -> Operation | None:
    if outbound:
        if text:
            raise InvalidDefinition("An outbound event has no operation of Commerce")
        return None
    operation = parse_operation(text or "")
    for parameter in operation.parameters:
        if parameter not in required:
            raise InvalidDefinition(
                f"The path has {{{parameter}}}, which is no required field: add it to"
                " the fields"
            )
    return operation


def _outbound_fields(fields: list[EventField], key: str) -> list[EventField]:
    """The key first; Commerce may leave out any other field."""
    others = [field for field in fields if field.name != key]
    return [EventField(key, "key", True), *others]


def _domain(entity: str, domain: str | None, direction: Direction) -> str:
    known = {event.entity: event for event in catalog.EVENTS.values()}
    if entity not in known:
        domain = domain or (OUTBOUND_DOMAIN if direction == "outbound" else entity)
        if not ENTITY.fullmatch(domain):
            raise InvalidDefinition(
                f"The domain {domain!r} must be words of small letters and digits,"
                " joined by hyphens"
            )
        return domain
    if known[entity].direction != direction:
        raise InvalidDefinition(f"{entity} has {known[entity].direction} events only")
    if domain not in (None, known[entity].domain):
        raise InvalidDefinition(
            f"The domain of {entity} is {known[entity].domain}: leave --domain out"
        )
    return known[entity].domain


def _may_echo(entity: str, new_entity: bool, outbound: bool) -> bool:
    if outbound:
        return new_entity and entity.removeprefix(OUTBOUND_PREFIX) in catalog.ENTITIES
    return OUTBOUND_PREFIX + entity in catalog.ENTITIES


def _check_module(root: Path, entity: str) -> None:
    module = module_of(entity).replace(".", "/")
    taken = [
        path
        for folder in ("functions/handlers", "functions/events/schemas")
        for path in (f"{folder}/{module}.py", f"{folder}/{module}")
        if (root / path).exists()
    ]
    if entity in RESERVED or keyword.iskeyword(Path(module).name) or taken:
        reason = f"{taken[0]} exists" if taken else "the name is reserved"
        raise InvalidDefinition(f"The entity cannot be called {entity}: {reason}")


def _handler(root: Path, module: str, name: str, outbound: bool) -> str:
    """A name that the module of handlers does not have: the event's verb, if it can."""
    path = root / "functions/handlers" / f"{module.replace('.', '/')}.py"
    text = path.read_text() if path.exists() else ""
    if outbound:
        verb = short = name.rpartition(".")[2].replace("-", "_")
    else:
        short = name.removeprefix(MARKER)
        own = short.startswith(f"{module}_")
        verb = short.removeprefix(f"{module}_") if own else short.rpartition("_")[2]
    for function in (verb, short):
        taken = re.search(rf"^(def|class) {function}\b|^{function} = ", text, re.M)
        if function.isidentifier() and not keyword.iskeyword(function) and not taken:
            return function
    raise InvalidDefinition(f"{path} has a function {short} already")
