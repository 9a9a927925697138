"""Ingest as a process of its own, over real connections."""

import json
import select
import socket
import time

import pytest

from functions.ingest.ingest import BODY_TIMEOUT_SECONDS
from tests.ingest.pubsub import PubSub
from tests.ingest.served import (
    VALUE,
    all_from,
    environment,
    event,
    exchange,
    process,
)
from tests.serving import NotStarted, function

SECRET = "token-seen-in-logs-1"
PAYLOAD = "payload-seen-in-logs"
BODY = json.dumps(event(uid="u-1")).encode()


@pytest.fixture(scope="module")
def server(shared_pubsub):
    with process(shared_pubsub.address, MAX_BODY_BYTES="10000") as server:
        yield server.address


def request(*headers: str, body: bytes = b"", first="POST / HTTP/1.1") -> bytes:
    lines = [first, "Host: x", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def status(received: bytes) -> int:
    assert received.startswith(b"HTTP/1.1 "), received
    return int(received.split()[1])


def chunked(*chunks: bytes) -> bytes:
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)
    return pieces + b"0\r\n\r\n"


def test_an_event_over_a_real_connection(server, pubsub):
    received = exchange(*server, request(f"Content-Length: {len(BODY)}", body=BODY))

    assert status(received) == 200
    assert len(pubsub.stored) == 1


def test_a_chunked_event_is_read(server, pubsub):
    body = chunked(BODY[:10], BODY[10:])

    assert status(
        exchange(*server, request("Transfer-Encoding: chunked", body=body))
    ) == (200)
    assert len(pubsub.stored) == 1


def test_an_announced_length_is_refused_before_it_is_sent(server):
    # Who waits for the body answers nothing before the connection is given up.
    received = exchange(*server, request("Content-Length: 10001"))

    assert status(received) == 413


@pytest.mark.parametrize("length", ["9" * 30, "9" * 5000])
def test_an_absurd_length_is_refused(server, length):
    received = exchange(*server, request(f"Content-Length: {length}"))

    assert 400 <= status(received) < 500


def test_chunks_without_end_are_cut_off(server, pubsub):
    """The caller sends megabytes; it is answered after the first 10,000 bytes."""
    pieces = [b"1000\r\n" + b" " * 4096 + b"\r\n"] * 2000
    received = exchange(*server, request("Transfer-Encoding: chunked"), *pieces)

    # Where the caller goes on sending after the answer, the connection is reset, and
    # the answer may be lost with it.
    assert received == b"" or status(received) == 413
    assert pubsub.requests == []
    test_an_event_over_a_real_connection(server, pubsub)


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
def test_what_is_not_http_ends_nothing(server, pubsub, raw):
    with socket.create_connection(server, timeout=2) as connection:
        connection.sendall(raw)
        try:
            received = connection.recv(65536)
        except OSError:
            received = b""

    assert received == b"" or status(received) < 500
    test_an_event_over_a_real_connection(server, pubsub)


def test_callers_that_hang_up_cost_nothing(server, pubsub):
    for _ in range(50):
        with socket.create_connection(server, timeout=2) as connection:
            connection.sendall(request("Content-Length: 500", body=BODY[:20]))

    test_an_event_over_a_real_connection(server, pubsub)
    assert len(pubsub.stored) == 1


def test_callers_that_dawdle_stop_nobody(server, pubsub):
    slow = [socket.create_connection(server, timeout=2) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(request("Content-Length: 500", body=BODY[:20]))
        for connection in slow[:25]:  # and half of these not even with the headers
            connection.sendall(request("Content-Length: 500")[:-30])
        began = time.monotonic()
        test_an_event_over_a_real_connection(server, pubsub)

        assert time.monotonic() - began < BODY_TIMEOUT_SECONDS  # for each of them
    finally:
        for connection in slow:
            connection.close()


def test_a_body_that_drips_is_sent_away_in_time(pubsub):
    """Each byte comes soon enough; all of them do not."""

    given = environment(pubsub.address)
    with function("ingest", "tests/ingest/hasty_ingest.py", **given) as server:
        with socket.create_connection(server.address, timeout=30) as connection:
            connection.sendall(request(f"Content-Length: {len(BODY)}"))
            for byte in BODY[:-1]:
                if select.select([connection], [], [], 0.05)[0]:
                    break
                connection.sendall(bytes([byte]))
            received = all_from(connection)
        said = server.stop()

    assert status(received) == 408
    assert json.loads(received.partition(b"\r\n\r\n")[2]) == {
        "error": "The body did not arrive in time"
    }
    assert b"connection: close" in received.lower()
    assert pubsub.requests == []
    lines = [json.loads(line) for line in said.splitlines() if b"rejected" in line]
    assert [line["status"] for line in lines] == [408]


@pytest.mark.parametrize("execution_id", ["true", "false"])
def test_each_line_is_logged_once_whatever_the_framework_does(execution_id):
    with PubSub() as pubsub:
        started = process(
            pubsub.address, LOG_EXECUTION_ID=execution_id, INGEST_AUTH="none"
        )
        with started as server:
            raw = request(f"Content-Length: {len(BODY)}", body=BODY)
            assert status(exchange(*server.address, raw)) == 200
            said = server.stop()

    lines = [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]
    assert [line["message"] for line in lines] == [
        "INGEST_AUTH is none: anybody may post events",
        "event received",
        "event published",
    ]


def test_a_refused_event_can_be_found_in_the_logs():
    trace = "0af7651916cd43dd8448eb211c80319c"
    wrong = json.dumps(event(uid="u-9", value={**VALUE, "price": "9.5"})).encode()
    with PubSub() as pubsub:
        door = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{SECRET}"}
        with process(pubsub.address, **door) as server:
            asked = (
                f"Authorization: Bearer {SECRET}",
                f"traceparent: 00-{trace}-b7ad6b7169203331-01",
                f"Content-Length: {len(wrong)}",
            )
            assert status(exchange(*server.address, request(*asked, body=wrong))) == 400
            said = server.stop()

    [line] = [json.loads(line) for line in said.splitlines() if b"rejected" in line]
    assert line["logging.googleapis.com/trace"].endswith(trace)
    assert line.items() >= {"uid": "u-9", "caller": "erp", "entity": "product"}.items()
    assert line["fields"] == ["data.value.price"]


def test_whoever_is_turned_away_is_found_by_the_trace():
    """The platform's log has its address under the same trace."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    header = f"traceparent: 00-{trace}-b7ad6b7169203331-01"
    with PubSub() as pubsub:
        door = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{SECRET}"}
        with process(pubsub.address, MAX_BODY_BYTES="1000", **door) as server:
            told = [
                status(exchange(*server.address, request(header, length)))
                for length in ("Content-Length: 0", "Content-Length: 1001")
            ]
            said = server.stop()

    lines = [json.loads(line) for line in said.splitlines() if b"rejected" in line]
    assert [line["status"] for line in lines] == told == [401, 413]
    for line in lines:
        assert line["logging.googleapis.com/trace"] == f"projects/p/traces/{trace}"


def test_no_payload_and_no_secret_is_logged_or_answered():
    """Whatever goes wrong: what is recognisable stands in no line and no answer."""
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
    doors = [
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Bearer x{SECRET}",
        f"X-API-Key: {SECRET}x",
        f"Webhook-Signature: v1,{PAYLOAD}",
    ]
    answers = []
    with PubSub() as pubsub:
        started = process(
            pubsub.address,
            INGEST_AUTH="token",
            INGEST_TOKENS=f"erp:{SECRET}",
            LOG_LEVEL="DEBUG",
            PUBLISH_TIMEOUT_SECONDS="1",
        )
        with started as server:
            for body in bodies:
                for door in doors:
                    raw = request(door, f"Content-Length: {len(body)}", body=body)
                    answers.append(exchange(*server.address, raw))
            first = f"POST /?token={SECRET} HTTP/1.1"
            length = f"Content-Length: {len(good)}"
            raw = request(length, first=first, body=good)
            answers.append(exchange(*server.address, raw))
            pubsub.stop()
            raw = request(doors[0], length, body=good)
            answers.append(exchange(*server.address, raw))
            said = server.stop()

    statuses = [status(answer) for answer in answers]
    assert set(statuses) == {200, 400, 401, 503}
    # An unknown key is told to its sender, who spelled it; it goes nowhere else.
    told = [a for a in answers if PAYLOAD.encode() in a]
    assert all(b'"Unknown field."' in answer for answer in told)
    assert len(told) == 1
    assert not any(SECRET.encode() in answer for answer in answers)
    assert said.count(b"event published") == statuses.count(200)
    assert PAYLOAD.encode() not in said
    assert SECRET.encode() not in said
    assert b"Traceback" not in said


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"INGEST_AUTH": "token"},
            b"Wrong settings: INGEST_AUTH is token, so INGEST_TOKENS must be set",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": SECRET[:8]},
            b"Wrong settings: INGEST_TOKENS holds a token of fewer than 16 characters",
        ),
    ],
)
def test_it_does_not_start_with_a_door_that_would_not_lock(given, sentence):
    with pytest.raises(NotStarted) as ended:
        with process("127.0.0.1:1", **given):
            pass

    [said] = ended.value.args
    assert sentence in said
    assert SECRET[:8].encode() not in said
