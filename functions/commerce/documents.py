"""Readers of Commerce's JSON documents, which may contain anything."""

from datetime import UTC, datetime
from typing import Any

from functions.errors import Unavailable


def read_object(document: Any) -> dict[str, Any]:
    """*document*, which must be an object; PHP writes an empty one as ``[]``.

    Raises:
        Unavailable: it is not an object, so it is not a response of Commerce.
    """
    if isinstance(document, dict):
        return document
    if document == []:
        return {}
    raise Unavailable(
        503, "Commerce answered in an undocumented form: is COMMERCE_BASE_URL right?"
    )


def read_list(document: Any, name: str = "items") -> list[dict[str, Any]]:
    """The objects listed under *name* of *document*; an empty list for none.

    Raises:
        Unavailable: *document* or a listed item is not an object.
    """
    items = read_object(document).get(name)
    return [read_object(item) for item in items] if isinstance(items, list) else []


def read_time(value: Any) -> datetime | None:
    """A time as Commerce writes it, ``2025-01-31 12:00:00`` in UTC; None for others."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def read_number(value: Any) -> float:
    """A JSON number or its text as a number; 0 for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
