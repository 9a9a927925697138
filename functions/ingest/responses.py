"""Ingest's HTTP responses; docs/openapi.json has every form of them."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

RETRY_AFTER_SECONDS = 5  # until a caller sends again when Pub/Sub is unavailable


def json_response(
    status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """*content* as JSON.

    Starlette's JSONResponse writes UTF-8, which cannot hold the lone surrogates that
    an event's name may have; here they are escaped.
    """
    body = json.dumps(content)
    return Response(body, status, headers, media_type="application/json")


def published_response(event_name: str) -> Response:
    """The response to an event that is stored in Pub/Sub.

    Args:
        event_name: as it was sent.
    """
    response = {"success": True, "message": "Event published successfully"}
    return json_response(200, {"type": event_name, "response": response})


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
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
    return error_response(503, error, headers=headers)
