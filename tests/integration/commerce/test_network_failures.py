"""What a fault of the network tells: whether the call may have had an effect."""

import contextlib
import logging
import socket
import ssl
import threading

import pytest
import requests
import requests.exceptions as faults
import urllib3.exceptions as lower

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable
from functions.commerce.transport import no_answer
from tests.commerce.canned import PAAS, commerce, settings
from tests.commerce.clients import PATIENCE_SECONDS, client_of, unavailable
from tests.commerce.server import Server, answer

BROKE = (503, "effect_unknown")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        pytest.param(b"", BROKE, id="before the answer"),
        # The library takes a half head for a whole one: an answer without content.
        pytest.param(b"HTTP/1.1 200 OK\r\nCo", (*BROKE, "alarm"), id="in its head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntr", BROKE, id="in its body"
        ),
        pytest.param(b"SSH-2.0-x\r\n", BROKE, id="no HTTP"),
    ],
)
def test_a_dropped_connection_leaves_the_effect_unknown(said, verdict):
    def then_drop(request):
        yield said
        raise OSError

    with Server(then_drop) as server:
        shop = client_of(server).session()

        assert unavailable(lambda: shop.post("products", {})) == verdict


def test_libraries_below_log_no_url_and_no_signature(caplog):
    def then_drop(request):
        yield b"HTTP/1.1 200 OK\r\nCo"
        raise OSError

    caplog.set_level(logging.DEBUG)
    with Server(then_drop) as server:
        shop = client_of(server).session()
        unavailable(lambda: shop.delete("products/{sku}", sku="a"))

    assert caplog.records == []


def test_nobody_listening_has_no_effect():
    with Server(lambda request: answer()) as server:
        client = client_of(server)
    # Closed now, and its port with it.
    assert unavailable(lambda: client.session().post("products", {})) == (503,)


@pytest.fixture
def silent():
    """The URL of a machine that takes no more connections, and refuses none."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        # Its queue is full then, and Linux drops what knocks.
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                waiting.connect(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_who_does_not_take_our_connection_is_left_within_the_connect_timeout(silent):
    """An answer would have three minutes; a connection has a third of a second."""
    base = {**PAAS, "COMMERCE_BASE_URL": f"{silent}/rest/"}
    client = CommerceConnection(
        settings(
            base, COMMERCE_CONNECT_TIMEOUT_SECONDS="0.3", COMMERCE_TIMEOUT_SECONDS="180"
        )
    )
    verdicts = []

    def call():
        verdicts.append(unavailable(lambda: client.session().post("products", {})))

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(PATIENCE_SECONDS)

    assert verdicts == [(503,)]


def test_a_host_that_is_not_to_be_found_has_no_effect():
    base = {**PAAS, "COMMERCE_BASE_URL": "https://nowhere.invalid/rest/"}
    client = CommerceConnection(settings(base))

    assert unavailable(lambda: client.session().post("products", {})) == (503,)


def test_a_handshake_that_fails_has_no_effect():
    with Server(lambda request: answer()) as server:
        url = server.url.replace("http://", "https://")
        client = CommerceConnection(
            settings({**PAAS, "COMMERCE_BASE_URL": f"{url}/rest/"})
        )

        # The server reads our greeting as a line that never ends, and hangs up.
        timer = threading.Timer(0.2, server.close)
        timer.start()
        verdict = unavailable(lambda: client.session().post("products", {}))
        timer.join()

    assert verdict[0] == 503


LOWER = [
    # what requests raises, status, whether the effect is unknown
    (faults.ConnectTimeout(), 503, False),
    (
        faults.ConnectionError(
            lower.MaxRetryError(None, "/", lower.NewConnectionError(None, "rejected"))
        ),
        503,
        False,
    ),
    (
        faults.ConnectionError(
            lower.MaxRetryError(
                None, "/", lower.NameResolutionError("h", None, socket.gaierror())
            )
        ),
        503,
        False,
    ),
    (faults.ProxyError(lower.ProxyError("tunnel", OSError())), 503, False),
    (
        faults.SSLError(
            lower.MaxRetryError(
                None, "/", lower.SSLError(ssl.SSLCertVerificationError("expired"))
            )
        ),
        503,
        False,
    ),
    (
        faults.SSLError(
            lower.MaxRetryError(None, "/", lower.SSLError("UNEXPECTED_EOF"))
        ),
        503,
        True,
    ),
    (faults.ReadTimeout(), 504, True),
    (faults.ConnectionError(lower.ReadTimeoutError(None, "/", "")), 503, True),
    (faults.ConnectionError(lower.ProtocolError("aborted")), 503, True),
    (faults.ChunkedEncodingError(), 503, True),
    (faults.ContentDecodingError(), 503, True),
    (lower.ReadTimeoutError(None, "/", ""), 504, True),
    (lower.IncompleteRead(1, 2), 503, True),
    (lower.DecodeError(), 503, True),
    (ConnectionResetError(), 503, True),
]


@pytest.mark.parametrize(
    ("error", "status", "unknown"),
    LOWER,
    ids=[f"{type(row[0]).__name__} {row[1]} {row[2]}" for row in LOWER],
)
def test_a_fault_of_the_network_means(error, status, unknown):
    client, _ = commerce([error])

    verdict = unavailable(lambda: client.session().post("products", {}))

    assert verdict == ((status, "effect_unknown") if unknown else (status,))


@pytest.mark.parametrize(
    "kind",
    [
        value
        for value in vars(faults).values()
        if isinstance(value, type)
        and issubclass(value, requests.RequestException)
        and value is not faults.JSONDecodeError
    ],
    ids=lambda kind: kind.__name__,
)
def test_no_fault_of_requests_is_left_out(kind):
    assert isinstance(no_answer(kind(), "GET x"), Unavailable)


def test_an_error_names_the_route_and_no_value():
    client, _ = commerce([faults.ConnectTimeout("https://shop/customers/4711")])

    with pytest.raises(Unavailable) as raised:
        client.session().get("customers/{id}", id=4711)

    assert raised.value.message == (
        "GET customers/{id}: no connection (ConnectTimeout)"
    )
