"""Handlers of Commerce's own events: one module per entity, one function per event.

Each module has a ``transform``, made to be edited, and delivers its result once.
"""

from typing import Any


def public_fields(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of *value* without Commerce's own notes, as ``_isNew``."""
    return {name: field for name, field in value.items() if not name.startswith("_")}
