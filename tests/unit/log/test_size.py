"""The size of what the functions write about one event, which Cloud Logging bills."""

import json

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from functions.ingest.ingest import Ingest
from functions.ingest.settings import IngestSettings
from functions.log import Logger
from functions.settings import from_environment
from functions.tracing import Off
from tests.support.consumer_kit import PRODUCT_CREATE, PRODUCT_VALUE, ConsumerUnderTest
from tests.support.consumer_kit import push as push_of
from tools.costs import Usage

MAX_BYTES = 1500
UID = "5f2b8c1e-9d1a-4f07-8e55-2f0c7a1b3d4e"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class FakePublisher:
    """Stores every message, under an id as long as Pub/Sub's."""

    async def publish(self, topic, message):
        return "1234567890123456"


def entries_of_one_event():
    """What ingest and a consumer write at INFO about a created product."""
    lines = []
    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "acme-shop"})
    ingest = Ingest(settings, FakePublisher(), Logger(), Off(), None)
    ingest.log = Logger("INFO", "acme-shop", lines.append)
    app = Starlette(routes=[Route("/", ingest.respond, methods=["POST"])])
    event = {"uid": UID, "event": PRODUCT_CREATE, "value": PRODUCT_VALUE}
    with TestClient(app) as client:
        client.post("/", json={"data": event}, headers={"traceparent": TRACEPARENT})
    consumer = ConsumerUnderTest()
    push = push_of(uid=UID, message_id="1234567890123456")
    push["message"]["attributes"]["traceparent"] = TRACEPARENT
    consumer.deliver(push)
    return [*lines, *consumer.raw_log.encode().splitlines(keepends=True)]


def test_an_event_writes_two_entries_of_at_most_1500_bytes():
    lines = entries_of_one_event()

    stages = [json.loads(line)["stage"] for line in lines]
    assert stages == ["published", "outcome"]
    assert sum(map(len, lines)) <= MAX_BYTES


def test_the_cost_model_has_the_measured_size():
    size = sum(map(len, entries_of_one_event()))

    assert 0 <= Usage().log_line_bytes - size <= 60
