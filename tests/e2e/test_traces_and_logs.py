"""Events through both functions as processes, with Pub/Sub between them: their trace,
their log entries, their spans."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from tests.support import canaries
from tests.support.broker_process import running_broker
from tests.support.commerce_server import CommerceServer, raw_response
from tests.support.consumer_kit import PRODUCT_CREATE, push
from tests.support.ingest_pubsub import FakePubSub
from tests.support.running import free_port
from tests.support.serving import OAUTH1, Running, function, url

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
PREFIX = "logging.googleapis.com"
TRACE, SPAN = f"{PREFIX}/trace", f"{PREFIX}/spanId"
WAIT_SECONDS = 30


class Collector:
    """Receives OTLP over HTTP.

    Attributes:
        bodies: the requests' bodies.
    """

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if self.path == "/v1/traces":
                    collector.bodies.append(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Not logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def spans(self, trace_id: str) -> dict[tuple[str, str], object]:
        """The spans of a trace, by service and name."""
        spans = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                [service] = [
                    attribute.value.string_value
                    for attribute in resource.resource.attributes
                    if attribute.key == "service.name"
                ]
                for scope in resource.scope_spans:
                    spans |= {
                        (service, span.name): span
                        for span in scope.spans
                        if span.trace_id.hex() == trace_id
                    }
        return spans

    def __enter__(self) -> "Collector":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def wait_until(condition) -> None:
    """Wait until *condition()* is true."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "the condition did not become true"
        time.sleep(0.05)


def entries_of(output: bytes) -> list[dict]:
    return [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]


def entries_about(entries: list[dict], uid: str) -> list[dict]:
    return [entry for entry in entries if entry.get("uid") == uid]


def summary(entry: dict) -> tuple:
    return entry["severity"], entry["stage"], entry["message"]


def post(server: Running, body: dict, **headers: str) -> requests.Response:
    return requests.post(url(server), json=body, headers=headers, timeout=WAIT_SECONDS)


def event(uid: str) -> dict:
    value = canaries.value(PRODUCT_CREATE)
    return {"data": {"uid": uid, "event": PRODUCT_CREATE, "value": value}}


@contextmanager
def deployed(broker, commerce, **environment: str) -> Iterator[tuple]:
    """Ingest and consumer with *broker* between them, and a subscription to read."""
    prefix = broker.new_name("topics").rpartition("/")[2] + "-"
    topic = broker.create_topic(f"projects/p/topics/{prefix}product")
    shared = {
        "PUBSUB_EMULATOR_HOST": broker.address,
        "TOPIC_PREFIX": prefix,
        **environment,
    }
    commerce_url = f"{commerce.url}/rest/"
    with (
        function("ingest", **shared) as ingest,
        function("consumer", **shared, **OAUTH1, COMMERCE_BASE_URL=commerce_url) as to,
    ):
        reader = broker.subscribe(topic)
        broker.subscribe(topic, f"{url(to)}/")
        yield ingest, to, reader


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("broker")) as client:
        yield client


@pytest.fixture
def commerce():
    with CommerceServer() as running:
        yield running


def test_one_trace_leads_from_the_caller_to_commerce(broker, commerce):
    with deployed(broker, commerce, LOG_LEVEL="debug") as (ingest, consumer, reader):
        headers = {"traceparent": TRACEPARENT}
        posted = post(ingest, event("u-1"), **headers)
        assert posted.status_code == 200
        wait_until(lambda: b"event handled" in consumer.output())
        [message] = broker.pull(reader)
        outputs = [entries_of(server.stop()) for server in (ingest, consumer)]

    [request] = commerce.received
    assert message.attributes["traceparent"] == TRACEPARENT
    sent = request.headers["traceparent"]
    assert sent.startswith(f"00-{TRACE_ID}-")
    of_ingest, of_consumer = (entries_about(entries, "u-1") for entries in outputs)
    assert [summary(entry) for entry in of_ingest] == [
        ("DEBUG", "received", "event received"),
        ("INFO", "published", "event published"),
    ]
    assert [summary(entry) for entry in of_consumer] == [
        ("DEBUG", "delivered", "event delivered"),
        ("DEBUG", "call", "POST products"),
        ("INFO", "outcome", "event handled"),
    ]
    for entry in (*of_ingest, *of_consumer):
        assert (entry["event"], entry["entity"]) == (PRODUCT_CREATE, "product")
        assert entry[TRACE] == f"projects/p/traces/{TRACE_ID}"
        assert entry[SPAN] == SPAN_ID
    assert of_consumer[-1]["outcome"] == "handled"
    assert [call["span_id"] for call in of_consumer[-1]["calls"]] == [sent[36:52]]


def test_spans_of_both_functions_make_one_trace(broker, commerce):
    """With LOG_EXECUTION_ID, under which the framework reconfigures logging."""
    with Collector() as collector:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "LOG_EXECUTION_ID": "true",
        }
        running = deployed(broker, commerce, **environment)
        with running as (ingest, consumer, reader):
            for uid, headers in (("u-1", {"traceparent": TRACEPARENT}), ("u-2", {})):
                posted = post(ingest, event(uid), **headers)
                assert posted.status_code == 200
            wait_until(lambda: consumer.output().count(b"event handled") == 2)
            messages = broker.pull(reader)
            while len(messages) < 2:
                messages += broker.pull(reader)
            outputs = [entries_of(server.stop()) for server in (ingest, consumer)]

    # Both processes have ended, and have exported what was left.
    assert canaries.find(b"".join(collector.bodies), *OAUTH1.values()) == []
    by_uid = {message.attributes["ce-id"]: message for message in messages}
    for uid in ("u-1", "u-2"):
        of_ingest, of_consumer = (entries_about(entries, uid) for entries in outputs)
        assert [summary(entry) for entry in (*of_ingest, *of_consumer)] == [
            ("INFO", "published", "event published"),
            ("INFO", "outcome", "event handled"),
        ]
        published = by_uid[uid].attributes["traceparent"]
        trace_id, publish_id = published[3:35], published[36:52]
        spans = collector.spans(trace_id)
        assert set(spans) == {
            ("ingest", "publish"),
            ("consumer", "deliver"),
            ("consumer", "POST products"),
        }
        publish, deliver = spans["ingest", "publish"], spans["consumer", "deliver"]
        if uid == "u-1":
            assert trace_id == TRACE_ID
            assert publish.parent_span_id.hex() == SPAN_ID
        assert publish.span_id.hex() == publish_id
        assert deliver.parent_span_id == publish.span_id
        assert spans["consumer", "POST products"].parent_span_id == deliver.span_id
        [sent] = [
            request.headers["traceparent"]
            for request in commerce.received
            if trace_id in request.headers["traceparent"]
        ]
        assert sent[36:52] == spans["consumer", "POST products"].span_id.hex()
        assert of_ingest[0][SPAN] == publish_id
        assert of_consumer[0][SPAN] == deliver.span_id.hex()
        for entry in (*of_ingest, *of_consumer):
            assert entry[TRACE] == f"projects/p/traces/{trace_id}"


UNREACHABLE_COLLECTOR = {
    "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    "LOG_EXECUTION_ID": "true",
    "LOG_LEVEL": "warning",
}


def test_ingest_logs_at_its_level_without_collector():
    environment = {
        **UNREACHABLE_COLLECTOR,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "PUBLISH_TIMEOUT_SECONDS": "1",
    }
    with (
        FakePubSub() as pubsub,
        function(
            "ingest", PUBSUB_EMULATOR_HOST=pubsub.address, **environment
        ) as server,
    ):
        statuses = [post(server, body).status_code for body in (event("u-1"), {})]
        pubsub.stop()
        statuses.append(post(server, event("u-1")).status_code)
        output = server.stop()

    assert statuses == [200, 400, 503]
    assert [entry["severity"] for entry in entries_of(output)] == [
        "WARNING",  # INGEST_AUTH is none
        "WARNING",  # rejected
        "ERROR",  # not stored
    ]
    assert canaries.find(output, "Traceback") == []


def test_the_consumer_logs_at_its_level_without_collector(commerce):
    environment = {
        **UNREACHABLE_COLLECTOR,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "COMMERCE_BASE_URL": f"{commerce.url}/rest/",
    }
    with (
        FakePubSub() as pubsub,
        function(
            "consumer", PUBSUB_EMULATOR_HOST=pubsub.address, **environment, **OAUTH1
        ) as server,
    ):
        for status in (200, 400, 500):
            commerce.response = raw_response(status, {"message": "No such entity"})
            value = canaries.value(PRODUCT_CREATE)
            body = push(value, message_id=f"m{status}", uid=f"u{status}")
            assert post(server, body).status_code in (200, 500)
        output = server.stop()

    assert [(e["severity"], e["stage"]) for e in entries_of(output)] == [
        ("WARNING", "call"),
        ("WARNING", "outcome"),
        ("WARNING", "call"),
        ("ERROR", "outcome"),
    ]
    assert canaries.find(output, *OAUTH1.values(), "Traceback") == []
