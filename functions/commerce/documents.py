"""What handlers read of Commerce's documents, which may hold anything."""

from datetime import UTC, datetime
from typing import Any

from functions.commerce.errors import Unavailable


def record(document: Any) -> dict:
    """*document*, which must be an object.

    Raises:
        Unavailable: it is none: then this is not the Commerce we know.
    """
    if isinstance(document, dict):
        return document
    raise Unavailable(503, "Commerce answered in a form it does not document")


def records(found: Any, name: str = "items") -> list[dict]:
    """The objects listed under *name* of *found*; an empty list for none.

    Raises:
        Unavailable: *found* is no object, or what is listed are not all objects.
    """
    listed = record(found).get(name)
    return [record(item) for item in listed] if isinstance(listed, list) else []


def moment(value: Any) -> datetime | None:
    """A time as Commerce writes it, ``2025-01-31 12:00:00`` in UTC; else None."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number(value: Any) -> float:
    """A JSON number or its text as a number; 0 for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
