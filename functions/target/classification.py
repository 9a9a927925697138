"""What a webhook's response means: the one table from status to an outcome.

==================  ================================================================
2xx                 handled, whatever the body is
408, 425, 429       Unavailable, no effect
5xx                 Unavailable, outcome unknown (no effect for a 503 with
                    Retry-After)
400, 409, 413, 422  Rejected, with the receiver's message
3xx, other 4xx      Unavailable, alarm: a wrong URL, a proxy, expired credentials
==================  ================================================================
"""

from typing import Any

from functions.errors import HandlerError, Rejected, Unavailable
from functions.http_client.responses import (
    NOT_JSON,
    HttpResponse,
    one_line,
    parse_json,
    redirect_host,
    retry_after,
)

REJECTED = frozenset({400, 409, 413, 422})
NO_EFFECT = frozenset({408, 425, 429})
TEMPORARY = NO_EFFECT | frozenset(range(500, 600))
CREDENTIALS = frozenset({401, 403, 407})
# Where a JSON error says what is wrong, as far as there are conventions.
MESSAGE_KEYS = ("message", "error_description", "detail", "error", "title", "errors")
MAX_DEPTH = 4


def check(name: str, response: HttpResponse) -> None:
    """Raise what *response* means unless it is a success.

    Args:
        name: method and route of the request, without values.

    Raises:
        Rejected, Unavailable: as the table above says.
    """
    if not 200 <= response.status < 300:
        raise classify(name, response)


def classify(name: str, response: HttpResponse) -> HandlerError:
    """The error for a response that is not a success."""
    status = response.status
    message = f"The target answered {status} to {name}"
    if status < 400:
        location = redirect_host(response)
        message = f"{message}, a redirect{location}: is TARGET_URL right?"
        return Unavailable(503, message, alarm=True)
    if text := _message(response):
        message = f"{message}: {text}"
    seconds = retry_after(response.headers.get("Retry-After"))
    if status in REJECTED:
        return Rejected(status, message)
    if status in NO_EFFECT:
        return Unavailable(status, message, retry_after=seconds)
    if status >= 500:
        unknown = status != 503 or seconds is None
        return Unavailable(
            status, message, outcome_unknown=unknown, retry_after=seconds
        )
    return Unavailable(
        status if status in CREDENTIALS else 503,
        message,
        retry_after=seconds,
        alarm=True,
    )


def _message(response: HttpResponse) -> str:
    """The receiver's own words, bounded; "" for a page or none."""
    document = parse_json(response.content)
    if document is not NOT_JSON:
        return one_line(_first_text(document, MAX_DEPTH))
    if "html" in response.headers.get("Content-Type", "").lower():
        return ""
    return one_line(response.content.decode(errors="replace"))


def _first_text(document: Any, depth: int) -> str:
    if isinstance(document, str):
        return document
    if depth and isinstance(document, list):
        return "; ".join(
            text for item in document[:10] if (text := _first_text(item, depth - 1))
        )
    if depth and isinstance(document, dict):
        for key in MESSAGE_KEYS:
            if text := _first_text(document.get(key), depth - 1):
                return text
    return ""
