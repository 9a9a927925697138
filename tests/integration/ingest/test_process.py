"""Ingest as a process of its own, over real connections."""

import base64
import json
import select
import socket
import time

import pytest
import requests

from functions.ingest.ingest import BODY_TIMEOUT_SECONDS
from tests.support.ingest_app import VALUE, event, post
from tests.support.ingest_pubsub import FakePubSub
from tests.support.ingest_server import (
    environment,
    ingest,
    process,
    receive_all,
    send_raw,
)
from tests.support.running import free_port
from tests.support.serving import NotStarted, function

SECRET = "token-seen-in-logs-1"
PAYLOAD = "payload-seen-in-logs"
BODY = json.dumps(event(uid="u-1")).encode()
UNAUTHENTICATED = (
    "INGEST_AUTH is none: callers are not authenticated; set token, hmac or oidc"
)


def request(*headers: str, body: bytes = b"", first="POST / HTTP/1.1") -> bytes:
    lines = [first, "Host: x", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def status(received: bytes) -> int:
    assert received.startswith(b"HTTP/1.1 "), received
    return int(received.split()[1])


def chunked(*chunks: bytes) -> bytes:
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)
    return pieces + b"0\r\n\r\n"


def messages(output: bytes) -> list[str]:
    """Those of the log entries."""
    lines = output.splitlines()
    return [json.loads(line)["message"] for line in lines if line.startswith(b"{")]


def test_an_event_over_a_connection_is_published(server, pubsub):
    received = send_raw(*server, request(f"Content-Length: {len(BODY)}", body=BODY))

    assert status(received) == 200
    assert len(pubsub.published) == 1


def test_a_chunked_event_is_read(server, pubsub):
    body = chunked(BODY[:10], BODY[10:])

    assert status(
        send_raw(*server, request("Transfer-Encoding: chunked", body=body))
    ) == (200)
    assert len(pubsub.published) == 1


def test_a_long_body_is_rejected_before_it_is_sent(server):
    received = send_raw(*server, request("Content-Length: 10001"))

    assert status(received) == 413


@pytest.mark.parametrize("length", ["9" * 30, "9" * 5000])
def test_an_absurd_length_is_rejected(server, length):
    received = send_raw(*server, request(f"Content-Length: {length}"))

    assert 400 <= status(received) < 500


def test_endless_chunks_are_cut_off(server, pubsub):
    """The caller sends megabytes; the response comes after the first 10,000 bytes."""
    pieces = [b"1000\r\n" + b" " * 4096 + b"\r\n"] * 2000
    received = send_raw(*server, request("Transfer-Encoding: chunked"), *pieces)

    # If the caller still sends after the response, the connection is reset, and the
    # response may be lost.
    assert received == b"" or status(received) == 413
    assert pubsub.requests == []
    test_an_event_over_a_connection_is_published(server, pubsub)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01", id="TLS"),
        pytest.param(b"POST / HTTP/9.9\r\n\r\n", id="version"),
        pytest.param(b"POST\r\n\r\n", id="no path"),
        pytest.param(request("Content-Length: -1"), id="negative length"),
        pytest.param(request("Content-Length: x"), id="length is text"),
        pytest.param(
            request("Content-Length: 1", "Content-Length: 2"), id="two lengths"
        ),
        pytest.param(
            request("Transfer-Encoding: chunked", body=b"zz\r\n"), id="bad chunk"
        ),
        pytest.param(request("X: " + "y" * 100_000), id="long header"),
        pytest.param(request("A\x00B: c"), id="NUL in a header"),
    ],
)
def test_a_broken_request_does_not_stop_the_server(server, pubsub, raw):
    with socket.create_connection(server, timeout=2) as connection:
        connection.sendall(raw)
        try:
            received = connection.recv(65536)
        except OSError:
            received = b""

    assert received == b"" or status(received) < 500
    test_an_event_over_a_connection_is_published(server, pubsub)


def test_closed_connections_do_not_stop_the_server(server, pubsub):
    for _ in range(50):
        with socket.create_connection(server, timeout=2) as connection:
            connection.sendall(request("Content-Length: 500", body=BODY[:20]))

    test_an_event_over_a_connection_is_published(server, pubsub)
    assert len(pubsub.published) == 1


def test_slow_callers_do_not_delay_others(server, pubsub):
    slow = [socket.create_connection(server, timeout=2) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(request("Content-Length: 500", body=BODY[:20]))
        for connection in slow[:25]:  # half of these within the headers
            connection.sendall(request("Content-Length: 500")[:-30])
        start = time.monotonic()
        test_an_event_over_a_connection_is_published(server, pubsub)

        assert time.monotonic() - start < BODY_TIMEOUT_SECONDS  # for each of them
    finally:
        for connection in slow:
            connection.close()


def test_a_slow_body_is_a_408(pubsub):
    """Each byte arrives in time; all of them do not."""
    given = environment(pubsub.address, LOG_EXECUTION_ID="false", INGEST_AUTH="none")
    with function("ingest", "tests/support/ingest_short_timeout.py", **given) as server:
        with socket.create_connection(server.address, timeout=30) as connection:
            connection.sendall(request(f"Content-Length: {len(BODY)}"))
            for byte in BODY[:-1]:
                if select.select([connection], [], [], 0.05)[0]:
                    break
                connection.sendall(bytes([byte]))
            received = receive_all(connection)
        output = server.stop()

    assert status(received) == 408
    assert json.loads(received.partition(b"\r\n\r\n")[2]) == {
        "error": "The body did not arrive in time"
    }
    assert b"connection: close" in received.lower()
    assert pubsub.requests == []
    [entry] = [json.loads(line) for line in output.splitlines() if b"408" in line]
    assert (entry["severity"], entry["outcome"]) == ("WARNING", "rejected")
    # Once, as with execution ids.
    assert messages(output) == [UNAUTHENTICATED, entry["message"]]


def test_each_entry_is_logged_once_with_execution_ids(pubsub):
    settings = {"LOG_EXECUTION_ID": "true", "INGEST_AUTH": "none"}
    with process(pubsub.address, **settings) as server:
        raw = request(f"Content-Length: {len(BODY)}", body=BODY)
        assert status(send_raw(*server.address, raw)) == 200
        output = server.stop()

    assert messages(output) == [UNAUTHENTICATED, "event published"]


def test_no_payload_and_no_secret_is_logged_or_returned():
    """Neither in an entry nor in a response, whatever goes wrong."""
    value = {**VALUE, "name": PAYLOAD, "description": 5, PAYLOAD: 1}
    good = json.dumps(event(value={**VALUE, "name": PAYLOAD})).encode()
    bodies = [
        good,
        json.dumps(event(value=value)).encode(),
        json.dumps(event(value=PAYLOAD)).encode(),
        json.dumps(event(name={PAYLOAD: 1})).encode(),
        json.dumps({"data": PAYLOAD, "token": SECRET}).encode(),
        json.dumps(
            event(name="be-observer.customer_delete", value={"id": 1, PAYLOAD: 2})
        ).encode(),
        f'{{"{PAYLOAD}": "{PAYLOAD}'.encode(),
        PAYLOAD.encode() + b"\xff",
        good[:-1],
        good * 2,
    ]
    headers = [
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Bearer x{SECRET}",
        f"X-API-Key: {SECRET}x",
        f"Webhook-Signature: v1,{PAYLOAD}",
    ]
    responses = []
    with FakePubSub() as pubsub:
        started = process(
            pubsub.address,
            INGEST_AUTH="token",
            INGEST_TOKENS=f"erp:{SECRET}",
            LOG_LEVEL="DEBUG",
            PUBLISH_TIMEOUT_SECONDS="1",
        )
        with started as server:
            for body in bodies:
                for header in headers:
                    raw = request(header, f"Content-Length: {len(body)}", body=body)
                    responses.append(send_raw(*server.address, raw))
            first = f"POST /?token={SECRET} HTTP/1.1"
            length = f"Content-Length: {len(good)}"
            raw = request(length, first=first, body=good)
            responses.append(send_raw(*server.address, raw))
            pubsub.stop()
            raw = request(headers[0], length, body=good)
            responses.append(send_raw(*server.address, raw))
            output = server.stop()

    statuses = [status(response) for response in responses]
    assert set(statuses) == {200, 400, 401, 503}
    # An unknown key is returned to the caller that sent it, and goes nowhere else.
    echoed = [a for a in responses if PAYLOAD.encode() in a]
    assert all(b'"Unknown field."' in response for response in echoed)
    assert len(echoed) == 1
    assert not any(SECRET.encode() in response for response in responses)
    assert output.count(b"event published") == statuses.count(200)
    assert PAYLOAD.encode() not in output
    assert SECRET.encode() not in output
    assert b"Traceback" not in output


def test_it_does_not_start_with_invalid_settings():
    settings = {"INGEST_AUTH": "token", "INGEST_TOKENS": SECRET[:8]}
    with pytest.raises(NotStarted) as raised:
        with process("127.0.0.1:1", **settings):
            pass

    [output] = raised.value.args
    assert b"Wrong settings: INGEST_TOKENS holds a token of fewer than 16" in output
    assert SECRET[:8].encode() not in output


def test_unavailable_certificates_of_google_are_a_503(pubsub, monkeypatch, capfd):
    settings = {
        "INGEST_AUTH": "oidc",
        "INGEST_OIDC_AUDIENCE": "https://ingest.example.com",
        "INGEST_OIDC_EMAILS": "erp@example.com",
    }
    claims = base64.urlsafe_b64encode(b"{}").decode()
    header = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"k1"}').decode()
    headers = {"Authorization": f"Bearer {header.rstrip('=')}.{claims}.AAAA"}
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    with ingest(pubsub.address, **settings) as client:
        response = post(client, event(), headers=headers)

    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    output = capfd.readouterr().out.splitlines()
    [entry] = [json.loads(line) for line in output if "alarm" in line]
    assert (entry["severity"], entry["status"]) == ("ERROR", 503)
    assert pubsub.requests == []


def test_a_batch_needs_one_request_per_ordering_key(server, pubsub):
    lines = [
        {"uid": n, "event": "be-observer.customer_delete", "value": {"id": n % 5 + 1}}
        for n in range(100)
    ]
    response = requests.post(
        "http://{}:{}".format(*server),
        data="\n".join(map(json.dumps, lines)),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=30,
    )

    assert (response.status_code, response.json()["accepted"]) == (200, 100)
    assert sorted(
        [int(message.attributes["ce-id"]) for message in sent.messages]
        for sent in pubsub.requests
    ) == [list(range(first, 100, 5)) for first in range(5)]
