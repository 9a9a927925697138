"""One call to the stand-in, as the modules of the entities see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.commerce.errors import Refusal, required, wrong_type
from local.commerce.rules import Rules
from local.commerce.things import Things


@dataclass
class Call:
    """What an operation is asked, and where it says what it did.

    Attributes:
        values: of the route's places, decoded.
        query: of the URL, decoded.
        body: the JSON document; None without.
        scope: ``all`` or a store view's code.
        now: seconds since 1970.
        effects: what took effect: operation (``product.created``), thing (the SKU),
            and what else is worth telling.
    """

    things: Things
    rules: Rules
    values: dict[str, str]
    query: list[tuple[str, str]]
    body: Any
    scope: str
    now: float
    effects: list[tuple[str, str, dict]] = field(default_factory=list)

    def did(self, operation: str, thing: Any, **more: Any) -> None:
        """Note an effect for the journal."""
        self.effects.append((operation, str(thing), more))

    @property
    def time(self) -> str:
        """Now, as Commerce writes it: UTC, without saying so."""
        return stamp(self.now)

    def given(self, name: str) -> dict:
        """The object *name* of the body.

        Raises:
            Refusal: it is not there.
        """
        found = self.body.get(name) if isinstance(self.body, dict) else None
        if found is None:
            raise required(name)
        return found if isinstance(found, dict) else {}

    def number(self, name: str) -> int:
        """The id in the path.

        Raises:
            Refusal: it is no integer.
        """
        return integer(self.values[name])


Operation = Callable[[Call], Any]


def stamp(now: float) -> str:
    """``2025-01-31 12:00:00``: how Commerce writes a moment."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")


def integer(value: Any) -> int:
    """*value* as PHP takes it for an int: 5, "5" and "-5", not "5.5" or "x" (Q15).

    Raises:
        Refusal: it is none.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value[:18])
    raise wrong_type(value, "int")


def decimal(value: Any) -> float | int:
    """*value* as PHP takes it for a float: a number or its text.

    Raises:
        Refusal: it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise wrong_type(value, "float") from None


def known(document: dict, names: frozenset[str], interface: str) -> None:
    """Refuse what the data object has no accessor for.

    Below the top level of a body, which drops what it does not know (Q4), Commerce
    builds objects, and an unknown property is an error there (magento2,
    Framework/Reflection).

    Raises:
        Refusal: *document* has another property.
    """
    for name in document:
        if name not in names:
            camel = "".join(part.capitalize() for part in name.split("_"))
            raise Refusal(
                400,
                'Property "%1" does not have accessor method "%2" in class "%3".',
                [camel, f"get{camel}", interface],
            )


def rows(document: dict, name: str) -> list[dict]:
    """The objects listed under *name*; an empty list for none."""
    found = document.get(name)
    return (
        [row for row in found if isinstance(row, dict)]
        if isinstance(found, list)
        else []
    )


def custom_attributes(given: Any) -> dict[str, Any]:
    """``[{"attribute_code", "value"}, …]`` or a mapping, as Commerce takes both."""
    if isinstance(given, dict):
        return dict(given)
    texts = {}
    for row in given if isinstance(given, list) else []:
        if not isinstance(row, dict) or not row.get("attribute_code"):
            raise Refusal(
                400, "A custom attribute is specified without an attribute code."
            )
        if "value" not in row:
            code = row["attribute_code"]
            raise Refusal(400, f'Value is not set for attribute code "{code}"')
        texts[row["attribute_code"]] = row["value"]
    return texts
