"""A test kit for handlers.

Three lines test one; ``FakeCommerce`` is the project's own client over an adapter that
answers from a script, so URLs, queries and JSON are those that Commerce would get::

    def test_an_update_writes_the_group():
        commerce = FakeCommerce({"PUT customerGroups/19": {"id": 19}})
        handle("customer_group_update", sample("customer_group_update"), commerce)
        assert commerce.calls[-1][:2] == ("PUT", "customerGroups/19")

What Commerce answers is a JSON document, or one of:

- ``rejection(400, "No such %1", "website")``: Commerce's own error,
- ``reply(502, b"<html>")``: any response,
- ``requests.ReadTimeout()``: any exception of requests, which is raised,
- ``in_turn(…, …)``: these, one call after the other,
- a function of the ``RecordedRequest`` that returns one of them.

``handle(…, delivery_with_unknown_outcome())`` is a redelivery after an attempt whose
response was lost.
"""

import copy
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.commerce.client import CommerceSession, ignore
from functions.events import catalog, samples
from functions.handlers import CommerceClient, DeliveryContext, dispatch
from tests.support.commerce_adapter import (
    PAAS,
    RecordedRequest,
    Reply,
    connection_with,
    reply,
)

PREFIX = "be-observer."


class FakeCommerce(CommerceSession):
    """The client that a handler gets, answered from a script.

    Args:
        responses: by ``"METHOD path"``, for example ``"GET orders/8"``; see above. A
            request that is not in it is a ``KeyError``.
        base: environment of the store, ``PAAS`` or ``SAAS``; with SAAS, "POST " asks
            for a token.
        settings: more environment variables, for example ``COMMERCE_WEBSITE_ID="2"``.

    Attributes:
        requests: what was sent, in order.
    """

    def __init__(
        self, responses: dict[str, Any], base: dict = PAAS, **settings: str
    ) -> None:
        connection, self._adapter = connection_with(self._respond, base, **settings)
        super().__init__(connection, ignore, ignore, None)
        self._responses = responses
        self.requests: list[RecordedRequest] = self._adapter.requests

    @property
    def calls(self) -> list[tuple[str, str, Any]]:
        """Method, path, and body or else query (None for neither) of each request."""
        return [
            (
                request.method,
                request.path,
                request.body if request.body is not None else request.query or None,
            )
            for request in self.requests
        ]

    def _respond(self, request: RecordedRequest) -> Any:
        response = self._responses[f"{request.method} {request.path}"]
        while callable(response):
            response = response(request)
        if isinstance(response, Exception) or hasattr(response, "read1"):
            return response
        return reply(200, response)


class FakeDelivery:
    """A ``DeliveryContext`` without ledger.

    Args:
        newer_rows: stock rows for which a newer level was applied.

    Attributes:
        outcome_unknown_since: as in ``DeliveryContext``.
        applied_rows: stock rows that are no longer pending.
        outdated_rows: as in ``DeliveryContext``.
    """

    def __init__(
        self,
        outcome_unknown_since: datetime | None = None,
        applied_rows: Iterable[dict[str, Any]] = (),
        newer_rows: Iterable[dict[str, Any]] = (),
    ) -> None:
        self.outcome_unknown_since = outcome_unknown_since
        self.applied_rows = list(applied_rows)
        self.outdated_rows = 0
        self._newer_rows = list(newer_rows)

    def before_call(self, timeout_seconds: float) -> None:
        """Any call is allowed."""

    def pending(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        current = [row for row in rows if row not in self._newer_rows]
        self.outdated_rows += len(rows) - len(current)
        return [row for row in current if row not in self.applied_rows]

    def applied(self, rows: Iterable[dict[str, Any]]) -> None:
        self.applied_rows += rows


def delivery_with_unknown_outcome(seconds_ago: float = 60) -> FakeDelivery:
    """A delivery after an attempt, *seconds_ago*, whose outcome is unknown."""
    return FakeDelivery(datetime.now(UTC) - timedelta(seconds=seconds_ago))


def handle(
    event: str,
    value: Any,
    commerce: CommerceClient,
    delivery: DeliveryContext | None = None,
) -> str:
    """Call the handler of *event* (without ``be-observer.``) and return its message.

    Raises:
        Rejected, Unavailable: by the handler.
    """
    known = catalog.find(PREFIX + event)
    assert known is not None, f"{event} is not in the catalogue"
    return dispatch(known)(value, commerce, delivery or FakeDelivery())


def sample(event: str, **changes: Any) -> Any:
    """The project's sample value of *event* (without ``be-observer.``).

    Args:
        changes: replace fields of the value, where it is an object.
    """
    value = copy.deepcopy(samples.value(PREFIX + event))
    return {**value, **changes} if changes else value


def rejection(status: int, message: str, *parameters: Any) -> Reply:
    """Commerce's own error."""
    return reply(status, {"message": message, "parameters": list(parameters)})


def in_turn(*responses: Any) -> Callable[[RecordedRequest], Any]:
    """These *responses*, one call after the other."""
    remaining = iter(responses)

    def respond(request: RecordedRequest) -> Any:
        return next(remaining)

    return respond


def commerce_time(seconds_ago: float = 0) -> str:
    """A time as Commerce writes it, for example in ``created_at``."""
    time = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return time.strftime("%Y-%m-%d %H:%M:%S")
