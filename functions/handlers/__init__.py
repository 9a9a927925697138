"""Handlers: one module per entity, one function per event.

A handler is called as ``handler(value, commerce, delivery)``, that of an outbound event
as ``handler(value, target, delivery)``. It returns the sentence for the caller, or
raises ``Skipped``, ``Rejected`` or ``Unavailable``.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import Event, load_attribute


class CommerceClient(Protocol):
    """What a handler can ask of Commerce; *path* is relative to ``V1/``.

    A path is a template whose values are passed separately
    (``"products/{sku}", sku=…``), so that every value is percent-encoded and a log
    entry can name the route without values.

    All methods raise ``Rejected`` and ``Unavailable``, as
    ``functions.commerce.classification`` says.
    """

    settings: CommerceSettings

    def get(
        self, path: str, query: dict[str, Any] | None = None, /, **values: Any
    ) -> Any: ...
    def post(self, path: str, body: Any, /, **values: Any) -> Any: ...
    def put(self, path: str, body: Any, /, **values: Any) -> Any: ...
    def delete(self, path: str, /, **values: Any) -> Any: ...


class Target(Protocol):
    """What a handler of an outbound event can ask of the third party's webhook."""

    def send(self, data: dict[str, Any]) -> str:
        """Deliver the event with *data*, once; returns the sentence for the caller.

        Raises:
            Rejected, Unavailable: as ``functions.target.classification`` says.
        """
        ...


class DeliveryContext(Protocol):
    """What a handler can ask of the delivery that it serves.

    Attributes:
        outcome_unknown_since: start of the first earlier attempt of this event whose
            outcome is unknown (response lost, process killed); None when there is none.
            Before a non-idempotent call is repeated, the handler reconciles.
        outdated_rows: how many rows ``pending`` has left out as outdated.
    """

    outcome_unknown_since: datetime | None
    outdated_rows: int

    def before_call(self, timeout_seconds: float) -> None:
        """Called by the Commerce client before each call.

        Raises:
            Unavailable: no time is left, or another delivery has taken over.
        """
        ...

    def pending(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The stock *rows* still to be applied, leased for this event.

        Rows that an earlier attempt of this event applied are left out, and rows older
        than what a newer event applied to their SKU and source.

        Raises:
            Unavailable: another event is being applied to one of them.
        """
        ...

    def applied(self, rows: Iterable[dict[str, Any]]) -> None:
        """Record that *rows* took effect, so that no later attempt sends them again."""
        ...

    def created(self, document: Any) -> None:
        """Note what Commerce answered to the call that created a resource.

        It has the id by which Commerce's events name the resource.
        """
        ...


class Skipped(Exception):
    """The event needs no change at Commerce or at the third party.

    Attributes:
        reason: ``outdated``: a newer event was applied; ``own change``: an event of
            Commerce only reports what an inbound event changed.
        message: one sentence for the caller.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


# Its second parameter is a CommerceClient or, of an outbound event, a Target.
Handler = Callable[[Any, Any, DeliveryContext], str]


@cache
def dispatch(event: Event) -> Handler:
    """The function that the catalogue names for *event*.

    Raises:
        LookupError: there is none.
    """
    return load_attribute("functions.handlers", event.entity, "handler", event.handler)
