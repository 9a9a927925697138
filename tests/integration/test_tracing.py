"""OpenTelemetry while it is enabled; test_imports has what is loaded without it."""

import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from functions.settings import SettingsError
from functions.tracing import tracing
from tests.support.machine import ROOT
from tests.support.serving import OAUTH1

# Each function's ``tracing``, built from the environment, makes one span.
CODE = """
import functions.ingest.main as ingest, functions.consumer.main as consumer
with ingest._ingest.tracing.span("publish", None): pass
with consumer._consumer.tracing.span("deliver", None): pass
"""


def test_enabled_without_the_library_is_one_sentence(monkeypatch):
    library = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(SettingsError) as raised:
        tracing("http://127.0.0.1:1", "ingest")

    assert str(raised.value) == (
        "Wrong settings: OTEL_EXPORTER_OTLP_ENDPOINT is set, so"
        " opentelemetry-exporter-otlp-proto-http must be in ingest's requirements.txt"
    )


@contextmanager
def collector():
    """A collector's address, and the path and body of each request to it."""
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["content-length"])
            received.append((self.path, self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Does nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_spans_of_both_functions_are_exported():
    """Over the network, when the process ends at the latest."""
    environment = {
        **OAUTH1,
        "GOOGLE_CLOUD_PROJECT": "p",
        "COMMERCE_BASE_URL": "http://127.0.0.1:1/rest/",
        "LOG_LEVEL": "CRITICAL",
    }
    with collector() as (address, received):
        subprocess.run(
            [sys.executable, "-c", CODE],
            cwd=ROOT,
            env={**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": address},
            check=True,
            timeout=30,
        )

    assert [path for path, _ in received] == ["/v1/traces"] * 2
    for service, span in ((b"ingest", b"publish"), (b"consumer", b"deliver")):
        assert [service in body and span in body for _, body in received].count(
            True
        ) == 1
