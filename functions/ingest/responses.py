"""Ingest's HTTP responses; docs/openapi.json has every form of them."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from functions.events.catalog import INBOUND_EVENTS

MEDIA_TYPE = "application/json"
RETRY_AFTER_SECONDS = 5  # until a caller sends again when Pub/Sub is unavailable
UNAVAILABLE = "The event could not be stored; please send it again"
TOO_LARGE = "The event is larger than Pub/Sub's 10 MB; split it"
RETRY_AFTER = {"retry-after": str(RETRY_AFTER_SECONDS)}


def json_response(
    status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """*content* as JSON.

    Starlette's JSONResponse writes UTF-8, which cannot hold the lone surrogates that
    an event's name may have; here they are escaped.
    """
    body = json.dumps(content)
    return Response(body, status, headers, media_type=MEDIA_TYPE)


def published_content(event_name: str) -> dict[str, Any]:
    """What is answered for an event that is stored in Pub/Sub.

    Args:
        event_name: as it was sent.
    """
    response = {"success": True, "message": "Event published successfully"}
    return {"type": event_name, "response": response}


def published_response(event_name: str) -> Response:
    """The response to one event; see :func:`published_content`."""
    response = _PUBLISHED.get(event_name)
    return response or json_response(200, published_content(event_name))


# Made once, since a response has no state: most callers send no namespace.
_PUBLISHED = {
    name: json_response(200, published_content(name)) for name in INBOUND_EVENTS
}


def error_response(
    status: int,
    error: str,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``{"error": …}``, with ``errors`` (messages by path) if there are any."""
    content: dict[str, Any] = {"error": error}
    if errors:
        content["errors"] = errors
    return json_response(status, content, headers)


def unavailable_response(error: str) -> Response:
    """A 503 that says when to send again."""
    return error_response(503, error, headers=RETRY_AFTER)
