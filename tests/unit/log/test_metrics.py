"""The log-based metrics count what the functions really write.

The filters are read from Terraform's file, and the entries come from the functions.
"""

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from functions.ingest.ingest import Ingest
from functions.ingest.settings import IngestSettings
from functions.log import Logger
from functions.settings import from_environment
from functions.tracing import Off
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import (
    PRODUCT_CREATE,
    PRODUCT_VALUE,
    ConsumerUnderTest,
    push,
)

TEXT = (Path(__file__).resolve().parents[3] / "terraform/metrics.tf").read_text()
METRIC = re.compile(
    r'^    (\w+) = \{\n\s+description = .*\n\s+filter      = "(.*)"\n'
    r'\s+labels      = (\[.*\])\n\s+value       = (?:null|"(\w+)")\n',
    re.M,
)
METRICS = {
    name: (query.replace('\\"', '"'), json.loads(labels), value)
    for name, query, labels, value in METRIC.findall(TEXT)
}
# How many of the entries below each metric counts.
COUNTS = {
    "alarms": 1,
    "errors": 1,
    "event_age": 6,
    "outcomes": 6,
    "processing_time": 6,
}


class FakePublisher:
    """Stores every message."""

    async def publish(self, topic, message):
        return "1"


def matches(query, entry):
    """Whether *query*, of the part of the language used on jsonPayload, matches."""
    if query.startswith("("):
        # Terms about other logs match none of these entries.
        terms = [term for term in query[1:].split(" OR ") if "jsonPayload." in term]
        return any(matches(term, entry) for term in terms)
    return all(compare(term, entry) for term in query.split(" AND "))


def compare(term, entry):
    name, sign, text = re.fullmatch(r"jsonPayload\.(\w+)(>?=)(.+)", term).groups()
    if name not in entry:
        return False
    value = json.loads(text)
    return entry[name] >= value if sign == ">=" else entry[name] == value


def consumer_entries():
    """The entries of one event of each outcome."""
    consumer = ConsumerUnderTest()
    for uid, response in (
        ("handled", reply(200, {"id": 1})),
        ("rejected", reply(400, {"message": "No such entity"})),
        ("alarm", reply(401, {"message": "No"})),
        ("retry", reply(503, {"message": "No"})),
        ("handled", reply(500)),  # the duplicate is not sent
        ("error", lambda request: 1 / 0),
    ):
        consumer.response = response
        consumer.deliver(push(uid=uid, message_id=uid))
    assert consumer.outcomes() == [
        *("handled", "rejected", "retry", "retry", "duplicate", "error"),
    ]
    return consumer.entries


def ingest_entries():
    """The entries of a published and of a rejected event."""
    lines = []
    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p"})
    logger = Logger(write=lines.append)
    ingest = Ingest(settings, FakePublisher(), logger, Off(), None)
    app = Starlette(routes=[Route("/", ingest.respond, methods=["POST"])])
    event = {"uid": "1", "event": PRODUCT_CREATE, "value": PRODUCT_VALUE}
    with TestClient(app) as client:
        statuses = [client.post("/", json=b).status_code for b in ({"data": event}, {})]
    assert statuses == [200, 400]
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def entries():
    return consumer_entries() + ingest_entries()


def test_every_metric_is_counted_here():
    assert METRICS.keys() == COUNTS.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_a_metric_counts_its_entries(name, entries):
    query, labels, value = METRICS[name]
    counted = [entry for entry in entries if matches(query, entry)]

    assert len(counted) == COUNTS[name]
    for label in labels:
        assert all(label in entry for entry in counted), label
    for entry in counted:
        assert not value or type(entry[value]) in (int, float)
