"""The receiver's answers; Adobe's Debug Tracing shows them to operators."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

RETRY_AFTER_SECONDS = 60  # Adobe's own backoff begins with a minute


def published(event_type: str) -> dict[str, Any]:
    """The result of an event that is stored in Pub/Sub.

    Args:
        event_type: as it was sent.
    """
    response = {"success": True, "message": "Event published successfully"}
    return {"type": event_type, "response": response}


@lru_cache(maxsize=64)
def published_response(event_type: str) -> Response:
    """The response to one event; made once for each type, since it has no state."""
    return json_response(200, published(event_type))


def failed(status: int, error: str) -> dict[str, Any]:
    """The result of an event that is not published, in the form of a consumer's."""
    return {"error": {"statusCode": status, "body": {"error": error}}}


def json_response(
    status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """*content* as JSON; a 503 says when to deliver again."""
    if status == 503:
        headers = {**(headers or {}), "retry-after": str(RETRY_AFTER_SECONDS)}
    return JSONResponse(content, status, headers)


def error_response(
    status: int, error: str, headers: Mapping[str, str] | None = None
) -> Response:
    """``{"error": …}``, for a request as a whole."""
    return json_response(status, {"error": error}, headers)


def challenge_response(challenge: str) -> Response:
    """The *challenge* as Adobe expects it back."""
    return PlainTextResponse(challenge, headers={"x-content-type-options": "nosniff"})
