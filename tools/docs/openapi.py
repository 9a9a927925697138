"""Ingest's contract as OpenAPI 3.1."""

import tomllib
from pathlib import Path
from typing import Any

from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS, Event
from functions.ingest.envelope import CONTROL_CHARACTERS, MAX_ITEMS, MAX_UID_BYTES
from functions.ingest.responses import RETRY_AFTER_SECONDS
from functions.ingest.status import STATES
from tools.docs.json_schema import value_schema

NAMESPACE = r"^([A-Za-z0-9_.-]+\.)?"
TEXT = {"type": "string"}


def document() -> dict[str, Any]:
    """The contract as an OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Commerce events: ingest",
            "version": _version(),
            "description": "Accepts events of third parties and publishes them to"
            " Pub/Sub. Consumers apply them to Adobe Commerce.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8080", "description": "make run"}],
        # INGEST_AUTH selects one; {} stands for INGEST_AUTH=none.
        "security": [{name: []} for name in _SCHEMES] + [{}],
        "paths": {"/": {"post": _post(), "get": _get()}, "/events/{uid}": _status()},
        "components": {
            "securitySchemes": _SCHEMES,
            "schemas": {
                **{_name(event): _body(event) for event in INBOUND_EVENTS.values()},
                "Batch": _batch(),
                "Accepted": _ACCEPTED,
                "BatchResult": _BATCH_RESULT,
                "Error": _ERROR,
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
        "description": "For callers that cannot set a header. A top-level token field"
        " of the body is equivalent.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "INGEST_AUTH=hmac: Standard Webhooks, with the headers"
        " webhook-id and webhook-timestamp as well.",
    },
}
_ACCEPTED = {
    "type": "object",
    "properties": {
        "type": {**TEXT, "description": "The event type as sent."},
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
_ERROR = {
    "type": "object",
    "properties": {
        "error": {**TEXT, "description": "One sentence."},
        "errors": {
            "type": "object",
            "description": "All invalid fields, by their path from the root of the"
            " body, such as data.value.0.quantity.",
            "additionalProperties": {"type": "array", "items": TEXT, "minItems": 1},
        },
    },
    "required": ["error"],
    "additionalProperties": False,
}
_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_ITEMS}
_BATCH_RESULT = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "description": "What became of each event, in the order of the request.",
            "maxItems": MAX_ITEMS,
            "items": {
                "type": "object",
                "properties": {
                    "uid": {
                        "type": ["string", "null"],
                        "description": "null where it is missing or invalid.",
                    },
                    "status": {"enum": [200, 400, 413, 503]},
                    **_ACCEPTED["properties"],
                    **_ERROR["properties"],
                },
                "required": ["uid", "status"],
                "additionalProperties": False,
            },
        },
        "accepted": _COUNT,
        "rejected": _COUNT,
        "failed": {**_COUNT, "description": "Not stored: send the batch again."},
        "error": {**TEXT, "description": "One sentence, with 400 and 503."},
    },
    "required": ["results", "accepted", "rejected", "failed"],
    "additionalProperties": False,
}
_STATUS = {
    "type": "object",
    "properties": {
        "uid": TEXT,
        "event": {"enum": list(INBOUND_EVENTS)},
        "state": {"enum": list(STATES)},
        "message": {**TEXT, "description": "Response of Commerce, if known."},
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


def _event(event: Event) -> dict[str, Any]:
    """What stands in ``data``, or as an item of a batch."""
    suffix = event.name.replace(".", r"\.")
    return {
        "type": "object",
        "properties": {
            "uid": {
                "anyOf": [
                    {
                        **TEXT,
                        "minLength": 1,
                        "maxLength": MAX_UID_BYTES,
                        "not": {"pattern": CONTROL_CHARACTERS},
                    },
                    {"type": "integer"},
                ],
                "description": "Identifier given by the caller, at most"
                f" {MAX_UID_BYTES} bytes. A repost of the same event is a"
                " duplicate and is applied once.",
            },
            "event": {**TEXT, "pattern": f"{NAMESPACE}{suffix}$"},
            "value": value_schema(event),
            "entity": {"const": event.entity},
        },
        "required": ["uid", "event", "value"],
    }


def _body(event: Event) -> dict[str, Any]:
    return _wrapped(_event(event))


def _wrapped(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "data": data,
            "token": {
                **TEXT,
                "description": "See the security scheme query.",
            },
        },
        "required": ["data"],
    }


def _batch() -> dict[str, Any]:
    items = [
        {"$ref": f"#/components/schemas/{_name(event)}/properties/data"}
        for event in INBOUND_EVENTS.values()
    ]
    return _wrapped(
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ITEMS,
            "description": "Every event is judged by itself.",
            "items": {"oneOf": items},
        }
    )


def _post() -> dict[str, Any]:
    examples = {
        _name(event): {
            "value": {
                "data": {"uid": "4711", "event": name, "value": samples.value(name)}
            }
        }
        for name, event in INBOUND_EVENTS.items()
    }
    names = [*map(_name, INBOUND_EVENTS.values()), "Batch"]
    bodies = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    examples["Batch"] = {
        "value": {"data": [one["value"]["data"] for one in examples.values()][:2]}
    }
    return {
        "operationId": "postEvent",
        "summary": "Post one event, or a batch",
        "description": "The body is parsed as JSON; Content-Type is ignored, except"
        " for application/x-ndjson.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": bodies}, "examples": examples},
                "application/x-ndjson": {
                    "schema": {
                        **TEXT,
                        "description": "A batch: each line is one event, as in data.",
                    }
                },
            },
        },
        "responses": {
            "200": _response("Stored in Pub/Sub.", "Accepted", "BatchResult"),
            "207": _response(
                "Of a batch: some events are stored, the others rejected.",
                "BatchResult",
            ),
            "400": _response(
                "No valid event: nothing is published.", "Error", "BatchResult"
            ),
            "401": _unauthenticated(),
            "408": _response("The body did not arrive in time.", "Error"),
            "413": _response("The body is longer than MAX_BODY_BYTES.", "Error"),
            "415": _response(
                "The body is compressed: send it without Content-Encoding.",
                "Error",
                headers={"Accept-Encoding": {"schema": {"const": "identity"}}},
            ),
            "500": _response("Internal error: send the event again.", "Error"),
            "503": _unavailable(
                "Pub/Sub did not accept an event: send the request again.",
                "BatchResult",
            ),
        },
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "page",
        "summary": "Information page",
        "security": [{}],
        "responses": {
            "200": {
                "description": "States the purpose of this URL.",
                "content": {"text/html": {"schema": TEXT}},
            }
        },
    }


def _status() -> dict[str, Any]:
    return {
        "get": {
            "operationId": "eventStatus",
            "summary": "State of an event of the same caller",
            "description": "Available when ingest has a LEDGER; otherwise 405.",
            "parameters": [
                {"name": "uid", "in": "path", "required": True, "schema": TEXT}
            ],
            "responses": {
                "200": _response("The state of the event.", "Status"),
                "401": _unauthenticated(),
                "404": _unknown_uid(),
                "405": _response(
                    "No LEDGER is set.", "Error", headers={"Allow": {"schema": TEXT}}
                ),
                "500": _response("Internal error.", "Error"),
                "503": _unavailable("The ledger is unavailable: repeat the request."),
            },
        }
    }


def _unauthenticated() -> dict[str, Any]:
    headers = {"WWW-Authenticate": {"schema": TEXT}}
    return _response("Authentication failed.", "Error", headers=headers)


def _unknown_uid() -> dict[str, Any]:
    response = _response("Unknown uid, or not delivered yet.", "Error")
    # functions-framework itself answers a path that contains a line break.
    response["content"]["text/plain"] = {"schema": TEXT}
    return response


def _unavailable(meaning: str, *schemas: str) -> dict[str, Any]:
    seconds = {"schema": {"const": str(RETRY_AFTER_SECONDS)}}
    return _response(meaning, "Error", *schemas, headers={"Retry-After": seconds})


def _response(
    meaning: str, *schemas: str, headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A JSON response of one of *schemas*."""
    references = [{"$ref": f"#/components/schemas/{name}"} for name in schemas]
    schema = references[0] if len(references) == 1 else {"oneOf": references}
    content = {"application/json": {"schema": schema}}
    response: dict[str, Any] = {"description": meaning, "content": content}
    if headers:
        response["headers"] = {
            name: {"required": True, **header} for name, header in headers.items()
        }
    return response
