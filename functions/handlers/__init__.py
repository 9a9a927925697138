"""What is done about an event: one module per entity, one function per event.

A handler is called as ``handler(value, commerce, delivery)`` and returns the sentence that
says what was done; it raises ``Rejected`` or ``Unavailable`` for all else.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from functions.events.catalog import Event, load_attribute


class CommerceClient(Protocol):
    """What a handler asks of Commerce. *path* is relative to ``V1/``.

    A path is a template with its values beside it (``"products/{sku}", sku=…``), so
    that every value is percent-encoded and a log can name the route without values.
    """

    settings: Any  # functions.commerce.settings.CommerceSettings

    def get(self, path: str, query: dict | None = None, /, **values: Any) -> Any: ...
    def post(self, path: str, body: Any, /, **values: Any) -> Any: ...
    def put(self, path: str, body: Any, /, **values: Any) -> Any: ...
    def delete(self, path: str, /, **values: Any) -> Any: ...


class DeliveryContext(Protocol):
    """What a handler may ask of the delivery it serves.

    Attributes:
        outcome_unknown_since: when the first earlier attempt of this event began whose effect
            nobody knows (answer lost, process killed); None when there is none. A call
            that must not happen twice is then preceded by a look at Commerce.
    """

    outcome_unknown_since: datetime | None

    def pending(self, rows: list[dict]) -> list[dict]:
        """The stock *rows* still to apply, claimed for this event.

        Left out are rows applied by an earlier attempt of this event and rows older
        than what was applied to their SKU and source by a newer event.

        Raises:
            Unavailable: an older event is just being applied to one of them.
        """

    def applied(self, rows: Iterable[dict]) -> None:
        """Record that *rows* took effect, so that no later attempt sends them again."""


class DirectCall:
    """The work of a direct call: no ledger, so every call is the first and only one."""

    outcome_unknown_since: datetime | None = None

    def pending(self, rows: list[dict]) -> list[dict]:
        """All of them: nothing is known of earlier attempts."""
        return rows

    def applied(self, rows: Iterable[dict]) -> None:
        """Nothing is kept of a direct call."""


@cache
def dispatch(event: Event) -> Callable[[Any, CommerceClient, DeliveryContext], str]:
    """The function that the catalogue names for *event*.

    Raises:
        LookupError: there is none.
    """
    return load_attribute("functions.handlers", event.entity, "handler", event.handler)
