"""Ingest in this process, over a publisher that keeps what it is given."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from functions.events.message import Message
from functions.ingest.ingest import Ingest
from functions.ingest.settings import IngestSettings
from functions.ingest.status import Status
from functions.log import Logger
from functions.pubsub.errors import PublishFailed
from functions.settings import from_environment
from functions.tracing import Off

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
CREATE = "be-observer.catalog_product_create"
VALUE = {"sku": "A", "name": "Lamp", "price": 1.5, "description": "d"}


class RecordingPublisher:
    """Stands in for ``functions.pubsub.publisher.Publisher``.

    Attributes:
        published: topics and messages.
        failure: gRPC status name that the next call fails with, or its exception.
        failing_uids: events of a batch that cannot be stored.
    """

    def __init__(self) -> None:
        self.published: list[tuple[str, Message]] = []
        self.failure: str | Exception | None = None
        self.failing_uids: set[str] = set()
        self._ids = itertools.count(1)

    async def publish(self, topic: str, message: Message) -> str:
        if self.failure:
            failure, self.failure = self.failure, None
            raise PublishFailed(failure) if isinstance(failure, str) else failure
        self.published.append((topic, message))
        return str(next(self._ids))

    async def publish_in_order(self, topic: str, messages, deadline) -> list:
        results: list = []
        for message in messages:
            await asyncio.sleep(0)
            if message.attributes["ce-id"] in self.failing_uids:
                failed = PublishFailed("UNAVAILABLE")
                return results + [failed] * (len(messages) - len(results))
            results.append(await self.publish(topic, message))
        return results

    def deadline(self) -> float:
        return 0.0


def event(uid="1", name=CREATE, value=VALUE, **fields) -> dict[str, Any]:
    """A body; a valid one by default."""
    return {"data": {"uid": uid, "event": name, "value": value, **fields}}


def post(client: TestClient, body, **options):
    """Post *body* as JSON in ASCII, so that it may hold what UTF-8 cannot."""
    return client.post("/", content=json.dumps(body).encode(), **options)


@contextmanager
def ingest_client(
    publisher,
    status: Status | None = None,
    write: Callable[[bytes], Any] = bytes,
    **environment: str,
) -> Iterator[TestClient]:
    """A client of ingest under *environment* alone.

    Args:
        write: receives log entries.
    """
    settings = from_environment(
        IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **environment}
    )
    log = Logger(settings.log_level, settings.project, write)
    ingest = Ingest(settings, publisher, log, Off(), status)
    route = Route("/{path:path}", ingest.respond, methods=METHODS)
    with TestClient(Starlette(routes=[route])) as client:
        yield client
