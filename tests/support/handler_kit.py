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

A handler of an outbound event is tested with ``FakeTarget``, the project's own client
of the third party's webhook::

    def test_an_order_is_delivered_with_its_number():
        target = FakeTarget()
        handle("commerce.order.created", sample("commerce.order.created"), target)
        assert target.sent[0]["data"]["increment_id"] == "000000041"

``FakeTarget(reply(422, {"message": "No such number"}))`` answers something else.

``handle(…, delivery_with_unknown_outcome())`` is a redelivery after an attempt whose
response was lost.
"""

import copy
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.commerce.client import CommerceSession, ignore
from functions.events import catalog, samples
from functions.handlers import CommerceClient, DeliveryContext, Target, dispatch
from functions.target.client import TargetSession
from tests.support.commerce_adapter import (
    PAAS,
    RecordedRequest,
    Reply,
    connection_with,
    reply,
)
from tests.support.target_kit import EVENT, cloud_event, target_with

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


class FakeTarget(TargetSession):
    """The webhook that a handler of an outbound event delivers to.

    Args:
        response: a ``reply``, an exception of requests, or ``in_turn(…)``; by default
            a 202.

    Attributes:
        sent: the CloudEvents that were sent, in order.
    """

    def __init__(self, response: Any = None) -> None:
        self._response = reply(202) if response is None else response
        connection, _ = target_with(self._respond)
        super().__init__(connection, EVENT, ignore, ignore, None)
        self.sent: list[dict[str, Any]] = []

    def _respond(self, request: RecordedRequest) -> Any:
        self.sent.append(cloud_event(request))
        return self._response


class FakeDelivery:
    """A ``DeliveryContext`` without ledger.

    Args:
        newer_rows: stock rows for which a newer level was applied.

    Attributes:
        outcome_unknown_since: as in ``DeliveryContext``.
        applied_rows: stock rows that are no longer pending.
        outdated_rows: as in ``DeliveryContext``.
        created_documents: what Commerce answered to calls that created something.
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
        self.created_documents: list[Any] = []

    def before_call(self, timeout_seconds: float) -> None:
        """Any call is allowed."""

    def pending(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        current = [row for row in rows if row not in self._newer_rows]
        self.outdated_rows += len(rows) - len(current)
        return [row for row in current if row not in self.applied_rows]

    def applied(self, rows: Iterable[dict[str, Any]]) -> None:
        self.applied_rows += rows

    def created(self, document: Any) -> None:
        self.created_documents.append(document)


def delivery_with_unknown_outcome(seconds_ago: float = 60) -> FakeDelivery:
    """A delivery after an attempt, *seconds_ago*, whose outcome is unknown."""
    return FakeDelivery(datetime.now(UTC) - timedelta(seconds=seconds_ago))


def handle(
    event: str,
    value: Any,
    client: CommerceClient | Target,
    delivery: DeliveryContext | None = None,
) -> str:
    """Call the handler of *event* (without ``be-observer.``) and return its message.

    Args:
        client: a ``FakeCommerce``; of an outbound event a ``FakeTarget``.

    Raises:
        Rejected, Unavailable: by the handler.
    """
    known = catalog.find(event) or catalog.find(PREFIX + event)
    assert known is not None, f"{event} is not in the catalogue"
    return dispatch(known)(value, client, delivery or FakeDelivery())


def sample(event: str, **changes: Any) -> Any:
    """The project's sample value of *event* (without ``be-observer.``).

    Args:
        changes: replace fields of the value, where it is an object.
    """
    name = event if catalog.find(event) else PREFIX + event
    value = copy.deepcopy(samples.value(name))
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
