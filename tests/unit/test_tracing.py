"""Spans, and what they cost when nobody wants them."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from functions.tracing import Off, OpenTelemetry, tracing
from tests.machine import ROOT
from tests.serving import OAUTH1

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Kept:
    """A span processor that remembers."""

    def __init__(self):
        self.spans = []

    def on_start(self, span, parent_context=None):
        """Nothing to do yet."""

    def _on_ending(self, span):
        """Nothing to do."""

    def on_end(self, span):
        self.spans.append(span)

    def shutdown(self):
        """Nothing is held."""

    def force_flush(self, timeout_millis=30000):
        return True


def test_switched_off_the_callers_trace_goes_on_unchanged():
    with Off().span("publish", PARENT) as handed_on:
        assert handed_on == PARENT
    assert type(tracing("", "ingest")) is Off


def test_switched_off_nothing_of_it_is_imported():
    code = (
        "import sys, functions.tracing as t; t.tracing('', 'x').span('a', None);"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("target", ["ingest", "consumer"])
def test_switched_off_neither_function_imports_it(target):
    environment = {
        **OAUTH1,
        "GOOGLE_CLOUD_PROJECT": "p",
        "COMMERCE_BASE_URL": "http://127.0.0.1:1/rest/",
        "LOG_LEVEL": "CRITICAL",
    }
    code = (
        f"import sys, functions.{target}.main\n"
        # The bare name stands for a folder: google.api_core asks whether it is there.
        "print([m for m in sys.modules if m.startswith('opentelemetry.')])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for more in ({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    ]

    assert told[0] == "[]\n"
    assert "opentelemetry.sdk.trace" in told[1]


def test_switched_on_without_the_library_is_one_clear_sentence():
    code = (
        "import sys; sys.modules['opentelemetry.exporter'] = None\n"
        "from functions.tracing import tracing\n"
        "tracing('http://127.0.0.1:1', 'ingest')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.splitlines()[-1] == (
        "functions.settings.SettingsError: Wrong settings: OTEL_EXPORTER_OTLP_ENDPOINT"
        " is set, so opentelemetry-exporter-otlp-proto-http must be in ingest's"
        " requirements.txt"
    )


def test_a_span_belongs_to_the_callers_trace_and_hands_itself_on():
    kept = Kept()
    traces = OpenTelemetry("ingest", kept)

    with traces.span("publish", PARENT, entity="product", uid=None) as handed_on:
        pass

    [span] = kept.spans
    assert f"{span.context.trace_id:032x}" == PARENT[3:35]
    assert f"{span.parent.span_id:016x}" == PARENT[36:52]
    assert handed_on == f"00-{PARENT[3:35]}-{span.context.span_id:016x}-01"
    assert (span.name, dict(span.attributes)) == ("publish", {"entity": "product"})


def test_an_exception_leaves_no_text_in_a_span():
    kept = Kept()

    with (
        pytest.raises(ValueError, match="jane@"),
        OpenTelemetry("c", kept).span("a", None),
    ):
        raise ValueError("jane@example.com")

    [span] = kept.spans
    assert (span.events, span.status.description) == ((), None)


def test_what_is_over_is_a_span_of_its_length():
    kept = Kept()

    OpenTelemetry("consumer", kept).ended(
        "PUT products/{sku}", PARENT, 12.5, status=200
    )

    [span] = kept.spans
    assert span.end_time - span.start_time == 12_500_000
    assert f"{span.parent.span_id:016x}" == PARENT[36:52]


def test_spans_are_exported_over_the_network(tmp_path):
    got = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(
                (self.path, self.rfile.read(int(self.headers["content-length"])))
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    code = (
        "from functions.tracing import tracing\n"
        f"with tracing({address!r}, 'ingest').span('publish', None): pass\n"
    )
    try:
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": address},
            check=True,
            timeout=30,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    [(path, body)] = got
    assert path == "/v1/traces"
    assert b"publish" in body
    assert b"ingest" in body
