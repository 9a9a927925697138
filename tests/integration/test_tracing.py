"""OpenTelemetry: imported and exported to only when it is enabled."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.machine import ROOT
from tests.support.serving import OAUTH1


def test_disabled_nothing_is_imported():
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
def test_disabled_no_function_imports_it(target):
    environment = {
        **OAUTH1,
        "GOOGLE_CLOUD_PROJECT": "p",
        "COMMERCE_BASE_URL": "http://127.0.0.1:1/rest/",
        "LOG_LEVEL": "CRITICAL",
    }
    code = (
        f"import sys, functions.{target}.main\n"
        # google.api_core imports the bare name, a namespace package.
        "print([m for m in sys.modules if m.startswith('opentelemetry.')])"
    )
    outputs = [
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

    assert outputs[0] == "[]\n"
    assert "opentelemetry.sdk.trace" in outputs[1]


def test_enabled_without_the_library_is_one_sentence():
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


def test_spans_are_exported_over_the_network(tmp_path):
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(
                (self.path, self.rfile.read(int(self.headers["content-length"])))
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Does nothing."""

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

    [(path, body)] = received
    assert path == "/v1/traces"
    assert b"publish" in body
    assert b"ingest" in body
