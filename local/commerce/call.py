"""One REST call, as the operations of the entities see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from local.commerce.behaviours import Switches
from local.commerce.entity_store import EntityStore
from local.commerce.errors import CommerceError, required, wrong_type
from local.commerce.observed import Observed


class Effect(NamedTuple):
    """One change that a call caused.

    Attributes:
        operation: like ``product.created``.
        resource: the SKU or id that changed.
        details: more about the change, as JSON.
    """

    operation: str
    resource: str
    details: dict


@dataclass
class Call:
    """The request of an operation, and what the operation records.

    Attributes:
        values: path parameters, decoded.
        query: of the URL, decoded.
        body: the JSON document; None without.
        scope: ``all`` or a store view's code.
        now: seconds since 1970.
        effects: for the journal.
        observed: events of Commerce.
    """

    entities: EntityStore
    switches: Switches
    values: dict[str, str]
    query: list[tuple[str, str]]
    body: Any
    scope: str
    now: float
    effects: list[Effect] = field(default_factory=list)
    observed: list[Observed] = field(default_factory=list)

    def record_effect(self, operation: str, resource: Any, **details: Any) -> None:
        """Add an effect to the journal entry of this call."""
        self.effects.append(Effect(operation, str(resource), details))

    @property
    def time(self) -> str:
        """Now, in Commerce's format."""
        return timestamp(self.now)

    def body_object(self, name: str) -> dict:
        """The object *name* of the body.

        Raises:
            CommerceError: it is missing.
        """
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if value is None:
            raise required(name)
        return value if isinstance(value, dict) else {}

    def path_id(self, name: str) -> int:
        """The id in the path.

        Raises:
            CommerceError: it is not an integer.
        """
        return integer(self.values[name])


Operation = Callable[[Call], Any]


def timestamp(now: float) -> str:
    """``2025-01-31 12:00:00``: Commerce's format, UTC without saying so."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")


def integer(value: Any) -> int:
    """*value* as PHP takes it for an int: 5, "5" and "-5", not "5.5" or "x".

    Raises:
        CommerceError: it is not an integer.
    """
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value[:18])
    raise wrong_type(value, "int")


def decimal(value: Any) -> float | int:
    """*value* as PHP takes it for a float: a number or its text.

    Raises:
        CommerceError: it is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise wrong_type(value, "float") from None


def reject_unknown(fields: dict, names: frozenset[str], interface: str) -> None:
    """Reject properties for which Commerce's data object has no accessor.

    Commerce drops unknown properties at the top level of a body only; below it builds
    objects.

    Raises:
        CommerceError: *fields* has another property than *names*.
    """
    for name in fields:
        if name not in names:
            camel = "".join(part.capitalize() for part in name.split("_"))
            raise CommerceError(
                400,
                'Property "%1" does not have accessor method "%2" in class "%3".',
                [camel, f"get{camel}", interface],
            )


def objects(fields: dict, name: str) -> list[dict]:
    """The objects listed under *name*; an empty list for none."""
    rows = fields.get(name)
    return (
        [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    )


def custom_attributes(value: Any) -> dict[str, Any]:
    """``[{"attribute_code", "value"}, …]`` or a mapping, by code.

    Raises:
        CommerceError: a row lacks its code or value.
    """
    if isinstance(value, dict):
        return dict(value)
    attributes = {}
    for row in value if isinstance(value, list) else []:
        if not isinstance(row, dict) or not row.get("attribute_code"):
            raise CommerceError(
                400, "A custom attribute is specified without an attribute code."
            )
        if "value" not in row:
            code = row["attribute_code"]
            raise CommerceError(400, f'Value is not set for attribute code "{code}"')
        attributes[row["attribute_code"]] = row["value"]
    return attributes


def attribute_rows(attributes: dict[str, Any]) -> list[dict]:
    """``[{"attribute_code", "value"}, …]``, as responses list custom attributes."""
    return [
        {"attribute_code": code, "value": value} for code, value in attributes.items()
    ]
