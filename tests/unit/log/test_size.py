"""The size of what the functions write about one event, which Cloud Logging bills."""

import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS
from functions.ingest.ingest import Ingest
from functions.ingest.settings import IngestSettings
from functions.log import Logger
from functions.settings import from_environment
from functions.tracing import Off
from tests.support.consumer_kit import (
    PRODUCT_CREATE,
    PRODUCT_VALUE,
    SAMPLE_RESPONSE,
    STOCK_UPDATE,
    ConsumerUnderTest,
)
from tests.support.consumer_kit import push as push_of
from tools.costs import Usage

MAX_BYTES = 1500
MAX_BYTES_OF_CALL = 110
UID = "5f2b8c1e-9d1a-4f07-8e55-2f0c7a1b3d4e"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class FakePublisher:
    """Stores every message, under an id as long as Pub/Sub's."""

    async def publish(self, topic, message):
        return "1234567890123456"


def entries_of_one_event(name=PRODUCT_CREATE, value=PRODUCT_VALUE):
    """What ingest and a consumer write at INFO about an event."""
    lines = []
    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "acme-shop"})
    ingest = Ingest(settings, FakePublisher(), Logger(), Off(), None)
    ingest.log = Logger("INFO", "acme-shop", lines.append)
    app = Starlette(routes=[Route("/", ingest.respond, methods=["POST"])])
    event = {"uid": UID, "event": name, "value": value}
    with TestClient(app) as client:
        client.post("/", json={"data": event}, headers={"traceparent": TRACEPARENT})
    consumer = ConsumerUnderTest()
    consumer.response = SAMPLE_RESPONSE
    push = push_of(value, name, UID, "1234567890123456")
    push["message"]["attributes"]["traceparent"] = TRACEPARENT
    consumer.deliver(push)
    return [*lines, *consumer.raw_log.encode().splitlines(keepends=True)]


@pytest.mark.parametrize("name", INBOUND_EVENTS)
def test_an_event_writes_two_entries_of_at_most_1500_bytes(name):
    lines = entries_of_one_event(name, samples.value(name))

    entries = [json.loads(line) for line in lines]
    assert [entry["stage"] for entry in entries] == ["published", "outcome"]
    assert entries[-1]["outcome"] == "handled"
    assert sum(map(len, lines)) <= MAX_BYTES


def test_a_further_call_of_stock_writes_at_most_110_bytes():
    """As docs/costs.md says: it is in the entry of its delivery."""
    row = {"source": "default", "quantity": 1, "outOfStock": False}
    sizes = []
    for calls in (1, 25):
        value = [{**row, "sku": f"S-{number}"} for number in range(20 * calls)]
        *_, outcome = entries_of_one_event(STOCK_UPDATE, value)
        assert len(json.loads(outcome)["calls"]) == calls
        sizes.append(len(outcome))

    assert (sizes[1] - sizes[0]) / 24 <= MAX_BYTES_OF_CALL


def test_the_cost_model_has_the_measured_size():
    size = sum(map(len, entries_of_one_event()))

    assert 0 <= Usage().log_line_bytes - size <= 60
