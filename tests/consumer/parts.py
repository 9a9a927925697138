"""A consumer over real parts: CommerceConnection on the wire, dead letters kept at the seam."""

import base64
import json
from typing import Any

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.consumer.consumer import Consumer
from functions.consumer.dead_letter_topic import PublishFailed
from functions.ledger.ledger import Ledger
from functions.log import Log
from functions.settings import from_environment
from functions.tracing import Off
from tests.commerce.server import Server, answer

PRODUCT = "be-observer.catalog_product_create"
VALUE = {"sku": "A", "name": "n", "price": 1, "description": "d"}
SUBSCRIPTION = "projects/p/subscriptions/commerce-product"


class Letters:
    """Keeps what would go to the dead-letter topic; ``away``: as if it were gone."""

    def __init__(self) -> None:
        self.stored: list[tuple[Any, int, str]] = []
        self.away = False

    def store(self, push, status: int, reason: str) -> None:
        if self.away:
            raise PublishFailed("UNAVAILABLE")
        self.stored.append((push, status, reason))


class Clock:
    """Seconds since 1970 that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Shop(Server):
    """Commerce: answers every call with ``says``, or as a function of the request."""

    def __init__(self) -> None:
        super().__init__(self._say)
        self.says: Any = answer(200, {"id": 1, "status": "pending"})

    def _say(self, request):
        return self.says(request) if callable(self.says) else self.says


class Parts:
    """A consumer and all that it touches.

    Args:
        store: of the ledger.
        timeout: seconds of one call to Commerce.
        letters: where dead letters go, in place of what keeps them here.
        environment: more settings of the Commerce client.
    """

    def __init__(
        self,
        shop: Shop,
        store,
        timeout: str = "5",
        budget: float = 540,
        letters=None,
        **environment: str,
    ):
        self.shop = shop
        self.clock = Clock()
        self.letters = letters or Letters()
        self.lines: list[dict] = []
        self.raw = b""
        settings = from_environment(
            CommerceSettings,
            {
                "COMMERCE_BASE_URL": f"{shop.url}/rest/",
                "COMMERCE_CONSUMER_KEY": "key",
                "COMMERCE_CONSUMER_SECRET": "very-secret-one",
                "COMMERCE_ACCESS_TOKEN": "very-secret-two",
                "COMMERCE_ACCESS_TOKEN_SECRET": "very-secret-three",
                "COMMERCE_TIMEOUT_SECONDS": timeout,
                **environment,
            },
        )
        self.ledger = Ledger(store, settings.timeout_seconds + 10, 35, self.clock)
        self.consumer = Consumer(
            self.ledger,
            CommerceConnection(settings),
            self.letters,
            Log(project="p", write=self._line),
            Off(),
            budget,
        )

    def _line(self, line: bytes) -> None:
        self.raw += line
        self.lines.append(json.loads(line))

    def deliver(self, body: Any, traceparent: str | None = None) -> tuple[int, dict]:
        """The HTTP status and the body for *body*, bytes or JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, told = self.consumer.answer(raw, traceparent)
        return status, told.body

    def outcomes(self) -> list[str]:
        """The outcomes that were logged."""
        return [
            line["outcome"] for line in self.lines if line.get("stage") == "outcome"
        ]


def push(
    value: Any = None,
    event: str = PRODUCT,
    uid: str = "15",
    message_id: str = "m1",
    source: str = "/ingest/erp",
    time: str = "2026-01-01T00:00:00.000000Z",
    **more: Any,
) -> dict:
    """A push as Pub/Sub sends it; *more* goes into the message."""
    data = json.dumps(VALUE if value is None else value).encode()
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
