"""The attributes that a dead letter adds to those of its event."""

from collections.abc import Mapping
from datetime import datetime

from functions.timestamps import timestamp

MAX_ATTRIBUTE_BYTES = 1024  # Pub/Sub's limits
MAX_NAME_BYTES = 256
MAX_ATTRIBUTES = 100
PREFIX = "dead-letter-"
RECEIVER = "commerce_events"  # the subscription of what the receiver rejects


def add_dead_letter_attributes(
    attributes: Mapping[str, str],
    *,
    reason: str,
    status: int,
    subscription: str,
    message_id: str,
    attempts: int,
    now: datetime,
) -> dict[str, str]:
    """*attributes* and those of the dead letter, within Pub/Sub's limits.

    Attributes of an earlier dead letter of the same event are replaced.

    Args:
        subscription: full name of the one that the event was pushed by; or the function
            that rejected the event before it was published.
        message_id: of the event's message; "" where it had none.
    """
    ours = {
        "reason": reason,
        "status": str(status),
        "subscription": subscription,
        "message-id": message_id,
        "attempts": str(attempts),
        "time": timestamp(now),
    }
    original = {
        name: truncate(value, MAX_ATTRIBUTE_BYTES)
        for name, value in attributes.items()
        if name and not name.startswith(PREFIX) and len(name.encode()) <= MAX_NAME_BYTES
    }
    kept = dict(list(original.items())[: MAX_ATTRIBUTES - len(ours)])
    return kept | {
        PREFIX + name: truncate(value, MAX_ATTRIBUTE_BYTES)
        for name, value in ours.items()
    }


def truncate(text: str, max_bytes: int) -> str:
    """*text* in at most *max_bytes* of UTF-8, in whole characters."""
    raw = text.encode(errors="replace")
    if len(raw) <= max_bytes:
        return raw.decode()
    return raw[: max_bytes - 3].decode(errors="ignore") + "…"
