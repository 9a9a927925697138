"""A response ends in time, however it arrives: a lease lasts for one call."""

import contextlib
import itertools
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError

from functions.commerce.client import CommerceConnection, ignore
from functions.commerce.ims import Ims
from functions.http_client.deadline import HTTPPool
from functions.http_client.transport import Transport
from tests.support.commerce_adapter import (
    PAAS,
    SAAS,
    commerce_settings,
)
from tests.support.commerce_outcomes import unavailable
from tests.support.commerce_server import (
    WAIT_SECONDS,
    RecordingServer,
    connection_to,
    dripping,
    raw_response,
)
from tests.support.tls_server import ConnectProxy, TlsServer, write_certificate

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SECONDS = 1  # for a response
TOO_LATE = (504, "outcome_unknown")
MAX_SECONDS = 4  # for this second, on a busy machine


def head(request):
    yield from dripping(b"HTTP/1.1 200 OK\r\nX-Header: " + b"x" * 1000, 0.02)


def headers(request):
    yield b"HTTP/1.1 200 OK\r\n"
    yield from dripping(b"a: b\r\n" * 200, 0.02)


def repeated_continue(request):
    for _ in range(1000):
        yield b"HTTP/1.1 100 Continue\r\n\r\n"
        time.sleep(0.02)


def body(request):
    yield HEAD
    yield from dripping(b"1" * 1000, 0.02)


def chunks(request):
    yield CHUNKED
    for chunk in itertools.repeat(b"1\r\n1\r\n", 1000):
        yield chunk
        time.sleep(0.02)


def body_without_length(request):
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    yield from dripping(b"1" * 1000, 0.02)


def hang(request):
    """Waiting for the response is part of the time."""
    time.sleep(1.5 * SECONDS)
    yield raw_response()


ALL = (head, headers, repeated_continue, body, chunks, body_without_length, hang)
SCRIPTS = {script.__name__: script for script in ALL}
SOME = ("head", "repeated_continue", "body")


def scripted(request):
    """The response that a segment of the path names."""
    [name] = SCRIPTS.keys() & set(request.target.split("/"))
    return SCRIPTS[name](request)


def timed_outcome(call):
    """The outcome of *call*, which must end in time."""
    start = time.monotonic()
    outcome = unavailable(call)
    assert time.monotonic() - start < MAX_SECONDS
    return outcome


def outcomes(call, names):
    """The outcome of ``call(name)`` for each script, all at the same time."""
    with ThreadPoolExecutor(len(names)) as pool:
        results = pool.map(lambda name: timed_outcome(lambda: call(name)), names)
        return dict(zip(names, results, strict=True))


def post_to(connection):
    """A function that posts to what *name* names."""
    return lambda name: connection.session().post("products/{sku}", {}, sku=name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("tls") / "store.pem")


def https_connection(monkeypatch, server, proxy, **more):
    """A client of the TLS *server* through *proxy*."""
    monkeypatch.setenv("https_proxy", proxy.url)
    base = {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest"}
    return CommerceConnection(commerce_settings(base, **more))


def test_a_response_ends_in_time():
    settings = {"COMMERCE_TIMEOUT_SECONDS": "1", "COMMERCE_CONCURRENCY": "8"}
    with RecordingServer(scripted) as server:
        post = post_to(connection_to(server, **settings))

        assert outcomes(post, SCRIPTS) == dict.fromkeys(SCRIPTS, TOO_LATE)

        # The connections were closed: the rest of each response is read by no one.
        server.script = lambda request: raw_response(200, {"id": 2})
        assert [post(name) for name in SCRIPTS] == [{"id": 2}] * len(SCRIPTS)
        assert server.connections == len(SCRIPTS) + 1


def test_a_response_through_a_proxy_ends_in_time(monkeypatch):
    with RecordingServer(scripted) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        base = {**PAAS, "COMMERCE_BASE_URL": "http://localhost:9/rest"}
        settings = commerce_settings(base, COMMERCE_TIMEOUT_SECONDS="1")

        results = outcomes(post_to(CommerceConnection(settings)), SOME)

        assert results == dict.fromkeys(SOME, TOO_LATE)


def test_a_response_through_a_tunnel_ends_in_time(monkeypatch, certificate):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with TlsServer(scripted, certificate) as server, ConnectProxy(server.port) as proxy:
        connection = https_connection(
            monkeypatch, server, proxy, COMMERCE_TIMEOUT_SECONDS="1"
        )

        assert outcomes(post_to(connection), SOME) == dict.fromkeys(SOME, TOO_LATE)
        assert {request.method for request in proxy.received} == {"CONNECT"}


def test_a_proxy_that_does_not_connect_ends_in_time(monkeypatch, certificate):
    scripts = iter([head, headers])  # a CONNECT has no path that names one
    with (
        TlsServer(lambda request: raw_response(), certificate) as server,
        RecordingServer(lambda request: next(scripts)(request)) as proxy,
    ):
        connection = https_connection(
            monkeypatch, server, proxy, COMMERCE_CONNECT_TIMEOUT_SECONDS="1"
        )

        results = outcomes(post_to(connection), ("first", "second"))

        assert all(status >= 503 for status, *_ in results.values()), results
        assert len(proxy.received) == len(results)
        assert server.received == []


def test_a_closed_tunnel_is_opened_again(monkeypatch, certificate):
    """Long after the deadline of the response before."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    closing = raw_response(200, {"a": 1}, Connection="close")
    with (
        TlsServer(lambda request: closing, certificate) as server,
        ConnectProxy(server.port) as proxy,
    ):
        connection = https_connection(
            monkeypatch, server, proxy, COMMERCE_TIMEOUT_SECONDS="1"
        )
        for pause in (0, SECONDS + 0.1):
            time.sleep(pause)
            assert connection.session().get("products") == {"a": 1}

        assert len(proxy.received) == 2


def test_a_token_request_ends_in_time():
    def token(name):
        settings = commerce_settings(SAAS, OAUTH_BASE_URL=f"{server.url}/{name}")
        ims = Ims(settings, Transport(1, 1), request_seconds=SECONDS)
        return ims.token(ignore, ignore)

    with RecordingServer(scripted) as server:
        assert outcomes(token, SOME) == dict.fromkeys(SOME, (503, "alarm"))


def test_a_response_that_arrives_in_pieces_is_read():
    pieces = raw_response(200, {"id": 1})

    def in_pieces(request):
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 3
        yield from dripping(pieces, 0.001)

    with RecordingServer(in_pieces) as server:
        session = connection_to(server).session()
        for _ in range(3):
            assert session.get("products") == {"id": 1}

        assert server.connections == 1


def test_nothing_is_sent_after_a_late_connect():
    """The connect timeout holds for each address; several can use up the time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        with contextlib.closing(HTTPPool.ConnectionCls(host, port)) as connection:
            connection.call_deadline = time.monotonic() - 1

            with pytest.raises(ConnectTimeoutError):
                connection.request("POST", "/V1/products", body=b"{}")

        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(WAIT_SECONDS)
            assert accepted.recv(1) == b""


def test_a_connection_knows_when_its_call_ends():
    with RecordingServer(lambda request: raw_response(200, {})) as server:
        parts = urlsplit(server.url)
        pool = HTTPPool(parts.hostname, parts.port)
        start = time.monotonic()
        pool.urlopen("GET", "/", timeout=Timeout(total=5, connect=1))

        connection = pool.pool.get_nowait()
        assert start + 5 <= connection.call_deadline <= time.monotonic() + 5
        connection.close()
