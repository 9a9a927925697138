"""A consumer whose Commerce, dead-letter topic and clock are a test's."""

import base64
import json
from typing import Any

from functions.commerce.client import CommerceConnection
from functions.consumer.consumer import Consumer
from functions.consumer.push import Push
from functions.ledger.ledger import Ledger
from functions.ledger.memory import MemoryStore
from functions.ledger.store import Store
from functions.log import Logger
from functions.pubsub.errors import PublishFailed
from functions.tracing import Off
from tests.support.commerce_adapter import (
    PAAS,
    RecordedRequest,
    connection_with,
    reply,
)
from tests.support.fake_clock import FakeClock
from tests.support.ledger_kit import HASHES
from tests.support.target_kit import target_with

PRODUCT_CREATE = "be-observer.catalog_product_create"
STOCK_UPDATE = "be-observer.catalog_stock_update"
PRODUCT_VALUE = {"sku": "A", "name": "n", "price": 1, "description": "d"}
_PARTS = [{"entity_id": 19}]  # of the shipment in the samples
# What Commerce may answer to each call for each of the samples.
SAMPLE_RESPONSE = reply(
    200,
    {
        **{"id": 1, "status": "pending", "order_id": 8},
        **{"items": _PARTS, "tracks": _PARTS, "comments": _PARTS},
    },
)
SUBSCRIPTION = "projects/p/subscriptions/commerce-product"
LEASE_MARGIN_SECONDS = 10


class FakeDeadLetterTopic:
    """Keeps dead letters as ``(push, status, reason)``.

    Attributes:
        unavailable: while set, nothing can be stored.
    """

    def __init__(self) -> None:
        self.stored: list[tuple[Push, int, str]] = []
        self.unavailable = False

    def store(self, push: Push, status: int, reason: str) -> None:
        if self.unavailable:
            raise PublishFailed("UNAVAILABLE")
        self.stored.append((push, status, reason))


class ConsumerUnderTest:
    """A consumer and all that it touches.

    Args:
        store: of the ledger.
        dead_letters: in place of a ``FakeDeadLetterTopic``.
        budget_seconds: of one delivery.
        log_level: as LOG_LEVEL.
        base: environment of the store, ``PAAS`` or ``SAAS``.
        connection: a real one, in place of one that is answered by ``response``.
        echo_seconds: as ECHO_SECONDS.
        environment: more settings of the Commerce client and the target.

    Attributes:
        response: what Commerce answers: a ``reply``, an exception of requests, or a
            function of the request that returns one of them.
        target_response: what the third party's webhook answers, likewise.
        requests: what Commerce received, in order.
        webhooks: what the third party received, in order.
        clock: of the ledger.
        entries: the log entries.
        raw_log: the same as text.
    """

    def __init__(
        self,
        store: Store | None = None,
        dead_letters: Any = None,
        budget_seconds: float = 540,
        log_level: str = "INFO",
        base: dict = PAAS,
        connection: CommerceConnection | None = None,
        echo_seconds: float = 600,
        **environment: str,
    ) -> None:
        self.response: Any = reply(200, {"id": 1, "status": "pending"})
        self.clock = FakeClock()
        self.dead_letters = dead_letters or FakeDeadLetterTopic()
        self.entries: list[dict[str, Any]] = []
        self.raw_log = ""
        self.target_response: Any = reply(202)
        target, webhook_adapter = target_with(
            lambda request: self.target_response, **environment
        )
        self.webhooks: list[RecordedRequest] = webhook_adapter.requests
        scripted, adapter = connection_with(self._respond, base, **environment)
        connection = connection or scripted
        self.requests: list[RecordedRequest] = adapter.requests
        lease_seconds = connection.settings.timeout_seconds + LEASE_MARGIN_SECONDS
        self.ledger = Ledger(
            store or MemoryStore(), HASHES, lease_seconds, 35, self.clock
        )
        self.consumer = Consumer(
            self.ledger,
            connection,
            self.dead_letters,
            Logger(log_level, "p", self._write),
            Off(),
            budget_seconds,
            target,
            echo_seconds,
        )

    def deliver(self, body: Any, traceparent: str | None = None) -> tuple[int, Any]:
        """The HTTP status and the body for *body*, bytes or JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, result = self.consumer.respond(raw, traceparent)
        return status, result.body

    def outcome_entries(self) -> list[dict[str, Any]]:
        """The log entries of deliveries."""
        return [entry for entry in self.entries if entry.get("stage") == "outcome"]

    def outcomes(self) -> list[str]:
        """The outcomes that were logged."""
        return [entry["outcome"] for entry in self.outcome_entries()]

    def _respond(self, request: RecordedRequest) -> Any:
        return self.response

    def _write(self, line: bytes) -> None:
        self.raw_log += line.decode()
        self.entries.append(json.loads(line))


def push(
    value: Any = None,
    event: str = PRODUCT_CREATE,
    uid: str = "15",
    message_id: str = "m1",
    source: str = "/ingest/erp",
    time: str = "2026-01-01T00:00:00.000000Z",
    **more: Any,
) -> dict[str, Any]:
    """A push as Pub/Sub sends it; *more* goes into the message."""
    data = json.dumps(PRODUCT_VALUE if value is None else value).encode()
    return {
        "message": {
            "data": base64.b64encode(data).decode(),
            "attributes": {
                "ce-specversion": "1.0",
                "ce-id": uid,
                "ce-type": event,
                "ce-source": source,
                "ce-time": time,
                "content-type": "application/json",
                "entity": "product",
            },
            "messageId": message_id,
            "publishTime": "2026-01-01T00:00:00.001Z",
            "orderingKey": "product:A",
            **more,
        },
        "subscription": SUBSCRIPTION,
        "deliveryAttempt": 1,
    }
