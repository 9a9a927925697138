"""A delivery's body: one event or up to 20, as JSON or as base64 of it."""

import base64
import binascii
import json
from typing import Any

MAX_EVENTS = 20  # of one delivery
MAX_CONTENT_BYTES = 2_097_152  # of one delivery, decoded
MAX_BODY_BYTES = MAX_CONTENT_BYTES * 4 // 3 + 1024  # as base64


class InvalidBody(Exception):
    """The body holds no events.

    Attributes:
        status: of the response.
    """

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


def decode(body: bytes) -> bytes:
    """The signed content of *body*, which may be base64 of it.

    Raises:
        InvalidBody: it is too long.
    """
    content = body
    if not body.lstrip().startswith((b"{", b"[")):
        try:
            content = base64.b64decode(body.strip(), validate=True)
        except (binascii.Error, ValueError):
            content = body
    if len(content) > MAX_CONTENT_BYTES:
        raise InvalidBody(413, f"The body is longer than {MAX_CONTENT_BYTES} bytes")
    return content


def parse(content: bytes) -> Any:
    """*content* as JSON.

    Raises:
        InvalidBody: it is none.
    """
    try:
        return json.loads(content.decode())
    except (ValueError, RecursionError):
        raise InvalidBody(400, "The body is not JSON") from None


def events_of(parsed: Any) -> tuple[list[Any], bool]:
    """The events in a *parsed* body, and whether they came as a list.

    Raises:
        InvalidBody: they are too many.
    """
    if not isinstance(parsed, list):
        return [parsed], False
    if len(parsed) > MAX_EVENTS:
        raise InvalidBody(413, f"The body holds more than {MAX_EVENTS} events")
    return parsed, True
