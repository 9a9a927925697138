"""The message on a topic as JSON Schema, in Pub/Sub's own JSON form."""

from typing import Any

from docs.generate.json_schema import DIALECT
from functions.events.catalog import ENTITIES, EVENTS, MAX_ORDERING_KEY_BYTES
from functions.events.message import TRACEPARENT
from functions.ingest.envelope import MAX_UID_BYTES

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"


def document() -> dict[str, Any]:
    """What every message of ingest is, and what is tied to its ``ce-type``."""
    attributes = {
        "ce-specversion": {"const": "1.0"},
        "ce-id": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_UID_BYTES,
            "description": f"The caller's uid, at most {MAX_UID_BYTES} bytes.",
        },
        "ce-type": {"enum": list(EVENTS), "description": "Without a namespace."},
        "ce-source": {
            "type": "string",
            "pattern": "^/ingest/.+$",
            "maxLength": 1024,
            "description": "/ingest/ and the caller's name, percent-encoded.",
        },
        "ce-time": {
            "type": "string",
            "pattern": TIME,
            "description": "When ingest received the event, by its clock.",
        },
        "content-type": {"const": "application/json"},
        "entity": {"enum": list(ENTITIES)},
    }
    return {
        "$schema": DIALECT,
        "title": "A message on the topic of an entity",
        "description": "CloudEvents 1.0, Pub/Sub binding. Pub/Sub's own members"
        " (messageId, publishTime) come beside these.",
        "type": "object",
        "properties": {
            "data": {
                "type": "string",
                "contentEncoding": "base64",
                "contentMediaType": "application/json",
                "description": "The event's value, UTF-8; its schema is the one of the"
                " event that ce-type names.",
            },
            "attributes": {
                "type": "object",
                "properties": {
                    **attributes,
                    "traceparent": {
                        "type": "string",
                        "pattern": f"^{TRACEPARENT.pattern}$",
                    },
                },
                "required": list(attributes),
                "additionalProperties": False,
                "allOf": [_tied(event.name, event.entity) for event in EVENTS.values()],
            },
            "orderingKey": {
                "type": "string",
                "pattern": f"^({'|'.join(ENTITIES)}):",
                "maxLength": MAX_ORDERING_KEY_BYTES,
                "description": f"<entity>:<id>, at most {MAX_ORDERING_KEY_BYTES}"
                " bytes; absent for stock of several SKUs.",
            },
        },
        "required": ["data", "attributes"],
    }


def _tied(name: str, entity: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"ce-type": {"const": name}}},
        "then": {"properties": {"entity": {"const": entity}}},
    }
