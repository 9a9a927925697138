"""Connections that break or are never made: which outcome each means."""

import contextlib
import logging
import socket
import threading

import pytest

from functions.commerce.client import CommerceConnection
from tests.support.commerce_adapter import PAAS, commerce_settings
from tests.support.commerce_outcomes import unavailable
from tests.support.commerce_server import (
    WAIT_SECONDS,
    RecordingServer,
    connection_to,
    raw_response,
)

BROKEN = (503, "outcome_unknown")


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        pytest.param(b"", BROKEN, id="before the response"),
        # http.client accepts an incomplete head: a response without content.
        pytest.param(b"HTTP/1.1 200 OK\r\nCo", (*BROKEN, "alarm"), id="in its head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntr", BROKEN, id="in its body"
        ),
        pytest.param(b"SSH-2.0-x\r\n", BROKEN, id="not HTTP"),
    ],
)
def test_a_dropped_connection_leaves_the_outcome_unknown(content, outcome):
    def then_drop(request):
        yield content
        raise OSError

    with RecordingServer(then_drop) as server:
        session = connection_to(server).session()

        assert unavailable(lambda: session.post("products", {})) == outcome


def test_libraries_log_no_url_and_no_signature(caplog):
    def then_drop(request):
        yield b"HTTP/1.1 200 OK\r\nCo"
        raise OSError

    caplog.set_level(logging.DEBUG)
    with RecordingServer(then_drop) as server:
        session = connection_to(server).session()
        unavailable(lambda: session.delete("products/{sku}", sku="a"))

    assert caplog.records == []


def test_a_rejected_connection_has_no_effect():
    with RecordingServer(lambda request: raw_response()) as server:
        connection = connection_to(server)
    # The server is closed by now.
    assert unavailable(lambda: connection.session().post("products", {})) == (503,)


@pytest.fixture
def silent():
    """The URL of a machine that neither accepts nor refuses connections."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        # Its queue is full then, and Linux drops further connections.
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_the_connect_timeout_ends_a_silent_connect(silent):
    """A response may take three minutes; a connection has a third of a second."""
    base = {**PAAS, "COMMERCE_BASE_URL": f"{silent}/rest/"}
    connection = CommerceConnection(
        commerce_settings(
            base, COMMERCE_CONNECT_TIMEOUT_SECONDS="0.3", COMMERCE_TIMEOUT_SECONDS="180"
        )
    )
    outcomes = []

    def call():
        outcomes.append(unavailable(lambda: connection.session().post("products", {})))

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(WAIT_SECONDS)

    assert outcomes == [(503,)]


def test_an_unknown_host_has_no_effect():
    base = {**PAAS, "COMMERCE_BASE_URL": "https://nowhere.invalid/rest/"}
    connection = CommerceConnection(commerce_settings(base))

    assert unavailable(lambda: connection.session().post("products", {})) == (503,)


def test_a_failed_handshake_is_retried():
    with RecordingServer(lambda request: raw_response()) as server:
        url = server.url.replace("http://", "https://")
        connection = CommerceConnection(
            commerce_settings({**PAAS, "COMMERCE_BASE_URL": f"{url}/rest/"})
        )

        # The server reads the TLS greeting as an endless line, and is closed.
        timer = threading.Timer(0.2, server.close)
        timer.start()
        outcome = unavailable(lambda: connection.session().post("products", {}))
        timer.join()

    assert outcome[0] == 503
