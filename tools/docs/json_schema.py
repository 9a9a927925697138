"""The values of the events as JSON Schema, derived from the marshmallow schemas.

It knows the fields of ``functions/events/fields.py``; a general generator does not.
"""

import inspect
import re
from typing import Any

from marshmallow import RAISE, Schema
from marshmallow.fields import Field, Nested

from functions.events import samples
from functions.events.catalog import INBOUND_ENTITIES, INBOUND_EVENTS, Event
from functions.events.fields import (
    BLANKS,
    MAX_ID,
    Boolean,
    Id,
    Number,
    ObjectList,
    Sku,
    Text,
)
from functions.ingest.envelope import MAX_ITEMS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NO_NUL = r"^[^\u0000]*$"


def value_schema(event: Event) -> dict[str, Any]:
    """The schema of the value of *event*."""
    item = object_schema(event.schema)
    if not event.schema.many:
        return item
    return {"type": "array", "minItems": 1, "items": item}


def object_schema(schema: Schema) -> dict[str, Any]:
    """One object of *schema*."""
    return {
        "type": "object",
        "description": inspect.getdoc(type(schema)),
        "properties": {name: field_schema(f) for name, f in schema.fields.items()},
        "required": [name for name, f in schema.fields.items() if f.required],
        "additionalProperties": schema.unknown != RAISE,
    }


def field_schema(field: Field) -> dict[str, Any]:
    """One field. JSON Schema accepts 15.0 as an integer; the project does not.

    Raises:
        TypeError: the field is of an unknown class; add it here.
    """
    match field:
        case Sku():
            rejected: dict[str, Any] = {"enum": [".", ".."]}
            if field.trimmed:
                blank = "[" + "".join(f"\\u{ord(char):04x}" for char in BLANKS) + "]"
                padded = [{"pattern": f"^{blank}"}, {"pattern": f"{blank}$"}]
                rejected = {"anyOf": [rejected, *padded]}
            return _text(field) | {"not": rejected}
        case Text():
            return _text(field)
        case Number():
            limit = field.limit
            return {"type": "number", "minimum": -limit, "maximum": limit}
        case Id():
            return {
                "type": "integer",
                "minimum": field.minimum,
                "maximum": MAX_ID,
                "description": "Written without a fraction: 15, not 15.0.",
            }
        case Boolean():
            return {"type": "boolean"}
        case ObjectList():
            return {"type": "array", "items": object_schema(field.item)}
        case Nested():
            return object_schema(field.schema)
    raise TypeError(f"no JSON Schema for {type(field).__name__}: add it here")


def documents() -> dict[str, dict[str, Any]]:
    """The document of each event's value, and that of a batch, by file name."""
    values = {
        f"{name}.json": {
            "$schema": DIALECT,
            "title": name,
            **value_schema(event),
            "examples": [samples.value(name)],
        }
        for name, event in INBOUND_EVENTS.items()
    }
    return {"batch.json": _batch(), **values}


def _batch() -> dict[str, Any]:
    events = [
        {
            "if": {"properties": {"event": {"pattern": f"{re.escape(name)}$"}}},
            "then": {"properties": {"value": {"$ref": f"{name}.json"}}},
        }
        for name in INBOUND_EVENTS
    ]
    name, value = next((name, samples.value(name)) for name in INBOUND_EVENTS)
    return {
        "$schema": DIALECT,
        "title": "The body of a batch",
        "description": "As application/x-ndjson, each line is one item of data.",
        "type": "object",
        "properties": {
            "data": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_ITEMS,
                "items": {
                    "type": "object",
                    "properties": {
                        "uid": {"type": ["string", "integer"]},
                        "event": {"type": "string"},
                        "entity": {"enum": list(INBOUND_ENTITIES)},
                    },
                    "required": ["uid", "event", "value"],
                    "allOf": events,
                },
            }
        },
        "required": ["data"],
        "examples": [{"data": [{"uid": "4711", "event": name, "value": value}]}],
    }


def _text(field: Text) -> dict[str, Any]:
    # No text has more characters than bytes; JSON Schema cannot count bytes.
    longest = field.max_length or field.max_bytes
    bounds = {
        "minLength": field.min_length,
        "maxLength": longest,
        "x-maxBytes": field.max_bytes,
    }
    present = {name: bound for name, bound in bounds.items() if bound}
    schema = {"type": "string", **present, "pattern": NO_NUL}
    if field.max_bytes:
        schema["description"] = f"At most {field.max_bytes} bytes in UTF-8."
    return schema
