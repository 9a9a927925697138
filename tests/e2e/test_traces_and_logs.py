"""One event through both functions as processes, Pub/Sub between them: its trace, its
lines, its spans."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from google.pubsub_v1.types import PushConfig
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from local.broker import pubsub_pb2
from tests import canaries
from tests.commerce.server import answer
from tests.consumer.parts import PRODUCT, VALUE, Shop, push
from tests.ingest.pubsub import PubSub
from tests.running import free_port
from tests.serving import OAUTH1, function, url
from tests.support import broker_servers
from tests.support.broker_api import Api

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
NAME = "logging.googleapis.com"


class Collector:
    """Takes what OpenTelemetry exports by OTLP over HTTP.

    Attributes:
        raw: the bodies that came.
    """

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["content-length"])
                room.raw.append(self.rfile.read(length))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def spans(self) -> dict[tuple[str, str], object]:
        """All spans, by service and name."""
        found = {}
        for body in self.raw:
            for one in ExportTraceServiceRequest.FromString(body).resource_spans:
                [service] = [
                    a.value.string_value
                    for a in one.resource.attributes
                    if a.key == "service.name"
                ]
                for scope in one.scope_spans:
                    found |= {(service, span.name): span for span in scope.spans}
        return found

    def __enter__(self) -> "Collector":
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def deployed(shop: Shop, **more: str) -> Iterator[tuple]:
    """Ingest and consumer with our broker between them, and who reads along."""
    with broker_servers.ours() as broker:
        shared = {"PUBSUB_EMULATOR_HOST": broker, **more}
        api = Api(broker)
        topics = [
            f"projects/p/topics/commerce-{n}" for n in ("product", "dead-letters")
        ]
        for topic in topics:
            api.call(
                "Publisher/CreateTopic", pubsub_pb2.Topic(name=topic), pubsub_pb2.Topic
            )
        reader = api.subscription(topics[0])
        where = {"COMMERCE_BASE_URL": f"{shop.url}/rest/", **OAUTH1}
        with (
            function("ingest", **shared) as ingest,
            function("consumer", **shared, **where) as consumer,
        ):
            to = PushConfig.pb()(push_endpoint=f"{url(consumer)}/")
            api.subscription(topics[0], push_config=to)
            yield ingest, consumer, api, reader
        api.close()


def wait_for(condition, seconds: float = 30) -> None:
    """Wait until *condition()* is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def lines_of(said: bytes) -> list[dict]:
    return [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]


def sent(shop: Shop, uid: str, **more: str):
    """What became of one event with the caller's trace: lines of both functions, the
    attributes on the topic, and Commerce's request."""
    value = canaries.value(PRODUCT)
    body = {"data": {"uid": uid, "event": PRODUCT, "value": value}}
    shop.says = answer(200, {"id": 1})
    with deployed(shop, **more) as (ingest, consumer, api, reader):
        headers = {"traceparent": PARENT}
        posted = requests.post(url(ingest), json=body, headers=headers, timeout=30)
        assert posted.status_code == 200
        wait_for(lambda: b"event handled" in consumer.said())
        [received] = api.pull(reader)
        said = [lines_of(server.stop()) for server in (ingest, consumer)]
    [request] = shop.received
    return said, dict(received.message.attributes), request


def told(line: dict) -> tuple:
    return line["severity"], line["stage"], line["message"], line.get("outcome")


INGEST = [
    ("INFO", "received", "event received", None),
    ("INFO", "published", "event published", None),
]
CONSUMER = [
    ("INFO", "attempt", "delivered", None),
    ("INFO", "call", "POST products", None),
    ("INFO", "outcome", "event handled", "handled"),
]


@pytest.mark.parametrize("execution_id", ["true", "false"])
def test_one_trace_leads_from_the_caller_to_commerce(execution_id):
    with Shop() as shop:
        said, attributes, request = sent(shop, "u-1", LOG_EXECUTION_ID=execution_id)

    ingest, consumer = said
    assert attributes["traceparent"] == PARENT
    assert request.headers["traceparent"] == PARENT
    # One line for each stage, whatever the framework does to logging.
    assert [told(line) for line in ingest if "stage" in line] == INGEST
    assert [told(line) for line in consumer] == CONSUMER
    for line in (*ingest[1:], *consumer):
        labels = line[f"{NAME}/labels"]
        assert labels.items() >= {"uid": "u-1", "event": PRODUCT}.items()
        assert labels["entity"] == "product"
        assert line[f"{NAME}/trace"] == f"projects/p/traces/{TRACE}"
        assert line[f"{NAME}/spanId"] == SPAN
    outcome = consumer[-1][f"{NAME}/labels"]
    assert outcome["outcome"] == "handled"
    assert float(outcome["ms"]) >= 0


def test_spans_of_both_functions_make_one_trace():
    with Shop() as shop, Collector() as collector:
        said, attributes, request = sent(
            shop, "u-2", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url
        )
        # Both have ended by now, and what was not yet sent went out with that.
        spans, raw = collector.spans(), b"".join(collector.raw)

    publish = spans["ingest", "publish"]
    deliver = spans["consumer", "deliver"]
    call = spans["consumer", "POST products"]
    assert len(spans) == 3
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert publish.parent_span_id.hex() == SPAN
    assert attributes["traceparent"] == f"00-{TRACE}-{publish.span_id.hex()}-01"
    assert deliver.parent_span_id == publish.span_id
    assert call.parent_span_id == deliver.span_id
    assert request.headers["traceparent"] == f"00-{TRACE}-{deliver.span_id.hex()}-01"
    assert canaries.found(raw, *OAUTH1.values()) == []
    for line in said[0][1:]:
        assert line[f"{NAME}/spanId"] == publish.span_id.hex()
    assert {line[f"{NAME}/trace"] for lines in said for line in lines[1:]} == {
        f"projects/p/traces/{TRACE}"
    }


def test_without_a_caller_s_trace_the_span_begins_one_that_every_line_has():
    body = {"data": {"uid": "u-3", "event": PRODUCT, "value": VALUE}}
    with PubSub() as pubsub, Collector() as collector:
        with function(
            "ingest",
            PUBSUB_EMULATOR_HOST=pubsub.address,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        ) as server:
            assert requests.post(url(server), json=body, timeout=30).status_code == 200
            lines = lines_of(server.stop())
        [span] = collector.spans().values()

    [(_, message)] = pubsub.stored
    trace, number = span.trace_id.hex(), span.span_id.hex()
    # Behind these two stand flags, which are the SDK's matter.
    assert message.attributes["traceparent"].startswith(f"00-{trace}-{number}-")
    for line in lines[1:]:
        assert line[f"{NAME}/trace"] == f"projects/p/traces/{trace}"
        assert line[f"{NAME}/spanId"] == number
    assert len(lines) == 3


@pytest.mark.parametrize("target", ["ingest", "consumer"])
def test_a_collector_that_is_away_disturbs_nothing(target):
    value = canaries.value(PRODUCT)
    body = {"data": {"uid": "1", "event": PRODUCT, "value": value}}
    with Shop() as shop, PubSub() as pubsub:
        with function(
            target,
            PUBSUB_EMULATOR_HOST=pubsub.address,
            COMMERCE_BASE_URL=f"{shop.url}/rest/",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}",
            OTEL_EXPORTER_OTLP_TIMEOUT="1",
            **OAUTH1,
        ) as server:
            posted = body if target == "ingest" else push(value)
            got = requests.post(url(server), json=posted, timeout=30)
            said = server.stop()

    assert got.status_code == 200
    assert canaries.found(said, *OAUTH1.values(), "Traceback") == []


LOUD = {
    "WARNING": ["WARNING", "ERROR"],
    "error": ["ERROR"],
}


@pytest.mark.parametrize("level", LOUD)
def test_the_consumer_is_as_loud_as_it_is_told_to_be(level):
    with Shop() as shop, PubSub() as pubsub:
        with function(
            "consumer",
            LOG_LEVEL=level,
            LOG_EXECUTION_ID="true",
            PUBSUB_EMULATOR_HOST=pubsub.address,
            COMMERCE_BASE_URL=f"{shop.url}/rest/",
            **OAUTH1,
        ) as server:
            for status in (200, 400, 500):
                shop.says = answer(status, {"id": 1, "message": "No"})
                body = push(message_id=f"m{status}", uid=f"u{status}")
                requests.post(url(server), json=body, timeout=30)
            lines = lines_of(server.stop())

    all_there_are = [
        (severity, stage)
        for outcome in ("INFO", "WARNING", "ERROR")
        for severity, stage in (
            ("INFO", "attempt"),
            ("INFO", "call"),
            (outcome, "outcome"),
        )
    ]
    assert [(line["severity"], line["stage"]) for line in lines] == [
        (severity, stage)
        for severity, stage in all_there_are
        if severity in LOUD[level]
    ]


def _word(line: dict) -> str:
    """What Pub/Sub said, at the end of a line."""
    word = line["message"].rpartition(": ")[2]
    return f": {word}" if line["severity"] == "ERROR" else ""


@pytest.mark.parametrize("level", LOUD)
def test_ingest_is_as_loud_as_it_is_told_to_be(level):
    good = {"data": {"uid": "1", "event": PRODUCT, "value": VALUE}}
    with PubSub() as pubsub:
        with function(
            "ingest",
            LOG_LEVEL=level,
            LOG_EXECUTION_ID="true",
            PUBSUB_EMULATOR_HOST=pubsub.address,
            PUBLISH_TIMEOUT_SECONDS="1",
        ) as server:
            bodies = (good, {})
            told = [requests.post(url(server), json=b, timeout=30) for b in bodies]
            pubsub.stop()
            told.append(requests.post(url(server), json=good, timeout=30))
            lines = lines_of(server.stop())

    assert [answered.status_code for answered in told] == [200, 400, 503]
    all_there_are = [
        "INGEST_AUTH is none: anybody may post events",
        "event received",
        "event published",
        "request refused",
        "event received",
        "Pub/Sub did not take the event",
    ]
    severities = ["WARNING", "INFO", "INFO", "WARNING", "INFO", "ERROR"]
    # Which word of Pub/Sub's ends the last one depends on the moment.
    assert [line["message"].removesuffix(_word(line)) for line in lines] == [
        message
        for message, severity in zip(all_there_are, severities, strict=True)
        if severity in LOUD[level]
    ]
