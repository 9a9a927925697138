"""The message on a topic as JSON Schema, in Pub/Sub's own JSON form."""

from typing import Any

from functions.events.catalog import (
    INBOUND_ENTITIES,
    INBOUND_EVENTS,
    MAX_ORDERING_KEY_BYTES,
)
from functions.events.message import TRACEPARENT
from functions.ingest.envelope import CONTROL_CHARACTERS, MAX_UID_BYTES
from functions.standard_webhooks import ID_PATTERN
from tools.docs.json_schema import DIALECT

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"


def document() -> dict[str, Any]:
    """The form of every message that ingest publishes."""
    attributes = {
        "ce-specversion": {"const": "1.0"},
        "ce-id": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_UID_BYTES,
            "not": {"pattern": CONTROL_CHARACTERS},
            "description": f"The uid of the event, at most {MAX_UID_BYTES} bytes.",
        },
        "ce-type": {
            "enum": list(INBOUND_EVENTS),
            "description": "Without a namespace.",
        },
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
        "entity": {"enum": list(INBOUND_ENTITIES)},
    }
    return {
        "$schema": DIALECT,
        "title": "A message on the topic of an entity",
        "description": "CloudEvents 1.0, Pub/Sub binding. Pub/Sub adds"
        " messageId and publishTime.",
        "type": "object",
        "properties": {
            "data": {
                "type": "string",
                "contentEncoding": "base64",
                "contentMediaType": "application/json",
                "description": "The value of the event, UTF-8; ce-type selects its"
                " schema.",
            },
            "attributes": {
                "type": "object",
                "properties": {
                    **attributes,
                    "traceparent": {
                        "type": "string",
                        "pattern": f"^{TRACEPARENT.pattern}$",
                    },
                    "webhook-id": {
                        "type": "string",
                        "pattern": f"^{ID_PATTERN}( [0-9]{{1,3}})?$",
                        "description": "Id of the signed request, under"
                        " INGEST_AUTH=hmac; for an item of a batch with its position"
                        " after a blank.",
                    },
                },
                "required": list(attributes),
                "additionalProperties": False,
                "allOf": [
                    _entity_of(event.name, event.entity)
                    for event in INBOUND_EVENTS.values()
                ],
            },
            "orderingKey": {
                "type": "string",
                "pattern": f"^({'|'.join(INBOUND_ENTITIES)}):",
                "maxLength": MAX_ORDERING_KEY_BYTES,
                "description": f"<entity>:<id>, at most {MAX_ORDERING_KEY_BYTES}"
                " bytes; absent for stock of several SKUs.",
            },
        },
        "required": ["data", "attributes"],
    }


def _entity_of(name: str, entity: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"ce-type": {"const": name}}},
        "then": {"properties": {"entity": {"const": entity}}},
    }
