"""An event as a Pub/Sub message: CloudEvents 1.0, Pub/Sub binding, binary mode.

https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md
"""

import json
import re
from typing import Any, NamedTuple

from functions.events.catalog import Event

# W3C Trace Context, version 00; ff and ids of zeros only are invalid there. Later
# versions add fields after these four.
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


class Message(NamedTuple):
    """A Pub/Sub message.

    Attributes:
        data: the event's value as JSON, UTF-8.
        attributes: those of CloudEvents (``ce-…``) and ours; see docs/events.md.
        ordering_key: "" for none.
    """

    data: bytes
    attributes: dict[str, str]
    ordering_key: str


def message(
    event: Event,
    uid: str,
    value: Any,
    source: str,
    time: str,
    traceparent: str | None,
    webhook_id: str | None = None,
) -> Message:
    """The message that carries *event* with a valid *value*.

    Args:
        source: the caller, as ``/ingest/<name>``.
        time: of the request, RFC 3339 with six digits.
        traceparent: W3C trace context, None for none.
        webhook_id: id of the signed request, None for none.
    """
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": uid,
        "ce-type": event.name,
        "ce-source": source,
        "ce-time": time,
        "content-type": "application/json",
        "entity": event.entity,
    }
    if traceparent:
        attributes["traceparent"] = traceparent
    if webhook_id:
        attributes["webhook-id"] = webhook_id
    return Message(json_bytes(value), attributes, event.ordering_key(value))


def json_bytes(value: Any) -> bytes:
    """*value* as compact JSON in UTF-8; NaN and infinity are a ValueError."""
    return _encode(value).encode()


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def parse_traceparent(text: str | None) -> str | None:
    """The version 00 fields of a valid W3C ``traceparent``; None for any other text."""
    if not text or not (match := TRACEPARENT.match(text)):
        return None
    rest = text[match.end() :]
    later_version = rest.startswith("-") and not text.startswith("00")
    return match.group() if not rest or later_version else None
