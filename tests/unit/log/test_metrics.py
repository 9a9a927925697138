"""The log-based metrics count what the functions really write.

The filters are read from Terraform's file, and the lines come from the functions.
"""

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from functions.ingest.ingest import Ingest
from functions.ingest.publisher import Publisher
from functions.ingest.settings import IngestSettings
from functions.ledger.memory import MemoryStore
from functions.log import Log
from functions.pubsub.endpoint import endpoint
from functions.settings import from_environment
from functions.tracing import Off
from tests.commerce.server import answer
from tests.consumer.parts import Parts, Shop, push
from tests.ingest.pubsub import PubSub
from tests.ingest.served import environment, event, post

TEXT = (Path(__file__).resolve().parents[2] / "terraform/metrics.tf").read_text()
METRIC = re.compile(
    r'^    (\w+) = \{\n\s+description = .*\n\s+filter      = "(.*)"\n'
    r'\s+labels      = (\[.*\])\n\s+value       = (?:null|"(\w+)")\n',
    re.M,
)
METRICS = {
    name: (query.replace('\\"', '"'), json.loads(labels), value)
    for name, query, labels, value in METRIC.findall(TEXT)
}
# Of the lines below.
COUNTED = {
    "alarms": 1,
    "errors": 1,
    "event_age": 6,
    "outcomes": 6,
    "published": 1,
    "processing_time": 6,
}


def finds(query: str, line: dict) -> bool:
    """Whether *query*, as much of the language as is used on jsonPayload, finds it."""
    if query.startswith("("):
        # Whatever is not about our lines finds none of them.
        ours = [term for term in query[1:].split(" OR ") if "jsonPayload." in term]
        return any(finds(term, line) for term in ours)
    return all(holds(term, line) for term in query.split(" AND "))


def holds(term: str, line: dict) -> bool:
    name, sign, text = re.fullmatch(r"jsonPayload\.(\w+)(>?=)(.+)", term).groups()
    if name not in line:
        return False
    value = json.loads(text)
    return line[name] >= value if sign == ">=" else line[name] == value


@pytest.fixture(scope="module")
def lines():
    """One event of each outcome, and what ingest says of one taken and one refused."""
    with Shop() as shop:
        parts = Parts(shop, MemoryStore())
        for uid, said in (
            ("handled", answer(200, {"id": 1})),
            ("rejected", answer(400, {"message": "No"})),
            ("alarm", answer(401, {"message": "No"})),
            ("retry", answer(503, {"message": "No"})),
        ):
            shop.says = said
            parts.deliver(push(uid=uid, message_id=uid))
        parts.deliver(push(uid="handled", message_id="handled"))
        parts.consumer._commerce = None  # as if a part were broken
        parts.deliver(push(uid="error", message_id="error"))
    return parts.lines + _of_ingest()


def _of_ingest() -> list[dict]:
    written: list[bytes] = []
    with PubSub() as pubsub:
        settings = from_environment(IngestSettings, environment(pubsub.address))
        where = endpoint(settings.pubsub_emulator, "")
        log = Log(write=written.append)
        function = Ingest(settings, Publisher("p", where, 5), log, Off(), None)
        app = Starlette(routes=[Route("/", function.answer, methods=["POST"])])
        with TestClient(app) as client:
            told = [post(client, body).status_code for body in (event(), {})]
    assert told == [200, 400]
    return [json.loads(line) for line in written]


def test_every_metric_is_counted_here():
    assert METRICS.keys() == COUNTED.keys()


@pytest.mark.parametrize("name", COUNTED)
def test_a_metric_counts_what_it_says(name, lines):
    query, labels, value = METRICS[name]
    found = [line for line in lines if finds(query, line)]

    assert len(found) == COUNTED[name]
    for label in labels:
        assert all(label in line for line in found), label
    for line in found:
        assert not value or type(line[value]) in (int, float)
