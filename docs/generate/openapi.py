"""Ingest's contract as OpenAPI 3.1."""

import tomllib
from pathlib import Path
from typing import Any

from docs.generate.json_schema import NO_NUL, value_schema
from functions.events import samples
from functions.events.catalog import EVENTS, Event
from functions.ingest.envelope import MAX_UID_BYTES
from functions.ingest.responses import RETRY_AFTER_SECONDS
from functions.ingest.status import STATES

NAMESPACE = r"^([A-Za-z0-9_.-]+\.)?"
TEXT = {"type": "string"}


def document() -> dict[str, Any]:
    """The whole contract."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Commerce events: ingest",
            "version": _version(),
            "description": "Takes events from third parties and stores them in Pub/Sub,"
            " from where they are applied to Adobe Commerce.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8080", "description": "make run"}],
        # Which one is asked for is INGEST_AUTH's to say; {} is its none.
        "security": [{name: []} for name in _SCHEMES] + [{}],
        "paths": {"/": {"post": _post(), "get": _get()}, "/events/{uid}": _status()},
        "components": {
            "securitySchemes": _SCHEMES,
            "schemas": {
                **{_name(event): _body(event) for event in EVENTS.values()},
                "Accepted": _ACCEPTED,
                "Refusal": _REFUSAL,
                "Status": _STATUS,
            },
        },
    }


_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "INGEST_AUTH=token, or a Google ID token under oidc.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "INGEST_AUTH=token: any user, the token as password.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "query": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "For callers that can set no header. A top-level token field of"
        " the body does the same.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "INGEST_AUTH=hmac: Standard Webhooks, with webhook-id and"
        " webhook-timestamp beside it.",
    },
}
_ACCEPTED = {
    "type": "object",
    "properties": {
        "type": {**TEXT, "description": "The event's name as it was sent."},
        "response": {
            "type": "object",
            "properties": {
                "success": {"const": True},
                "message": {"const": "Event published successfully"},
            },
            "required": ["success", "message"],
            "additionalProperties": False,
        },
    },
    "required": ["type", "response"],
    "additionalProperties": False,
}
_REFUSAL = {
    "type": "object",
    "properties": {
        "error": {**TEXT, "description": "One sentence."},
        "errors": {
            "type": "object",
            "description": "Where fields are at fault: all of them, by their path from"
            " the body's root, such as data.value.0.quantity.",
            "additionalProperties": {"type": "array", "items": TEXT, "minItems": 1},
        },
    },
    "required": ["error"],
    "additionalProperties": False,
}
_STATUS = {
    "type": "object",
    "properties": {
        "uid": TEXT,
        "event": {"enum": list(EVENTS)},
        "state": {"enum": list(STATES)},
        "message": {**TEXT, "description": "What Commerce made of it, where known."},
        "at": {**TEXT, "format": "date-time"},
    },
    "required": ["uid", "event", "state", "at"],
    "additionalProperties": False,
}


def _version() -> str:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    return tomllib.loads(project.read_text())["project"]["version"]


def _name(event: Event) -> str:
    return event.name.removeprefix("be-observer.")


def _body(event: Event) -> dict[str, Any]:
    suffix = event.name.replace(".", r"\.")
    return {
        "type": "object",
        "properties": {
            "data": {
                "type": "object",
                "properties": {
                    "uid": {
                        "anyOf": [
                            {
                                **TEXT,
                                "minLength": 1,
                                "maxLength": MAX_UID_BYTES,
                                "pattern": NO_NUL,
                            },
                            {"type": "integer"},
                        ],
                        "description": "The caller's own name of the event, at most"
                        f" {MAX_UID_BYTES} bytes. Posted again, it is done once.",
                    },
                    "event": {**TEXT, "pattern": f"{NAMESPACE}{suffix}$"},
                    "value": value_schema(event),
                    "entity": {"const": event.entity},
                },
                "required": ["uid", "event", "value"],
            },
            "token": {**TEXT, "description": "See the security scheme query."},
        },
        "required": ["data"],
    }


def _post() -> dict[str, Any]:
    examples = {
        _name(event): {
            "value": {
                "data": {"uid": "4711", "event": name, "value": samples.value(name)}
            }
        }
        for name, event in EVENTS.items()
    }
    bodies = [{"$ref": f"#/components/schemas/{_name(e)}"} for e in EVENTS.values()]
    return {
        "operationId": "postEvent",
        "summary": "Post one event",
        "description": "The body is read as JSON whatever its Content-Type says.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": bodies}, "examples": examples}
            },
        },
        "responses": {
            "200": _answer("Stored in Pub/Sub.", "Accepted"),
            "400": _answer("Not an event: nothing was stored.", "Refusal"),
            "401": _answer(
                "Nobody we know.", "Refusal", {"WWW-Authenticate": {"schema": TEXT}}
            ),
            "408": _answer("The body did not arrive in time.", "Refusal"),
            "413": _answer("The body is longer than MAX_BODY_BYTES.", "Refusal"),
            "500": _answer("A fault of ours; send again.", "Refusal"),
            "503": _later("Pub/Sub did not take it; send again."),
        },
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "page",
        "summary": "A page for people",
        "security": [{}],
        "responses": {
            "200": {
                "description": "Says what this address is for.",
                "content": {"text/html": {"schema": TEXT}},
            }
        },
    }


def _status() -> dict[str, Any]:
    return {
        "get": {
            "operationId": "eventStatus",
            "summary": "What became of one's own event",
            "description": "Where ingest has a LEDGER; else every GET here is a 405.",
            "parameters": [
                {"name": "uid", "in": "path", "required": True, "schema": TEXT}
            ],
            "responses": {
                "200": _answer("Its state.", "Status"),
                "401": _answer(
                    "Nobody we know.", "Refusal", {"WWW-Authenticate": {"schema": TEXT}}
                ),
                "404": _not_seen(),
                "405": _answer("No LEDGER.", "Refusal", {"Allow": {"schema": TEXT}}),
                "500": _answer("A fault of ours.", "Refusal"),
                "503": _later("The ledger is away; ask again."),
            },
        }
    }


def _not_seen() -> dict[str, Any]:
    told = _answer("Not seen yet.", "Refusal")
    # The framework finds no function for an address with a line break in it.
    told["content"]["text/plain"] = {"schema": TEXT}
    return told


def _later(meaning: str) -> dict[str, Any]:
    seconds = {"schema": {"const": str(RETRY_AFTER_SECONDS)}}
    return _answer(meaning, "Refusal", {"Retry-After": seconds})


def _answer(meaning: str, schema: str, headers: dict | None = None) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    told = {"description": meaning, "content": {"application/json": content}}
    if headers:
        told["headers"] = {
            name: {"required": True, **header} for name, header in headers.items()
        }
    return told
