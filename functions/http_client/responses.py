"""An HTTP response, and readers of what any system's response may contain."""

import json
import time
import unicodedata
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

MAX_MESSAGE_LENGTH = 500  # characters of another system's text in an error of ours
NOT_JSON = object()


class HttpResponse(NamedTuple):
    """An HTTP response; names in *headers* are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def parse_json(content: bytes) -> Any:
    """The JSON document, or ``NOT_JSON``."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return NOT_JSON


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds to wait, from a Retry-After in seconds or as a date; None for others."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        time_given = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if time_given.tzinfo is None:
        return None
    return max(0.0, time_given.timestamp() - (time.time() if now is None else now))


def one_line(text: str) -> str:
    """*text* without line breaks and controls, at most MAX_MESSAGE_LENGTH long."""
    text = text[: 4 * MAX_MESSAGE_LENGTH]
    if not text.isascii() or not text.isprintable():
        # No line breaks, controls, direction marks or lone surrogates in a log entry.
        text = "".join(
            " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
            for c in text
        )
    text = " ".join(text.split())
    if len(text) <= MAX_MESSAGE_LENGTH:
        return text
    return text[: MAX_MESSAGE_LENGTH - 1] + "…"


def redirect_host(response: HttpResponse) -> str:
    """`` to HOST`` of a redirect, for an error; "" where it names none."""
    try:
        host = urlsplit(response.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return f" to {one_line(host)}" if host else ""
