"""The client on the wire: connections, concurrency, and the time of a call."""

import gzip
import threading
import time

from tests.support.commerce_outcomes import unavailable
from tests.support.commerce_server import (
    WAIT_SECONDS,
    RecordingServer,
    connection_to,
    raw_response,
)


def test_the_first_call_connects_and_the_connection_is_kept():
    with RecordingServer(lambda request: raw_response()) as server:
        connection = connection_to(server)
        time.sleep(0.05)
        assert server.connections == 0

        for _ in range(5):
            connection.session().post("products", {})

        assert server.connections == 1


def test_cookies_are_not_kept():
    response = raw_response(Set_Cookie="PHPSESSID=1; path=/")
    with RecordingServer(lambda request: response) as server:
        session = connection_to(server).session()
        session.get("products")
        session.get("products")

        assert "cookie" not in server.received[1].headers


def test_a_delete_has_the_traceparent_and_no_body():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with RecordingServer(lambda request: raw_response()) as server:
        session = connection_to(server).session(traceparent=trace)
        session.delete("customers/{id}", id=1)

        [request] = server.received
        sent = request.headers["traceparent"]
        assert (sent[:36], sent[52:]) == (trace[:36], trace[52:])
        assert sent != trace
        assert "content-length" not in request.headers
        assert request.content == b""


def test_a_compressed_response_is_decompressed():
    content = gzip.compress(b'{"a": "b"}')
    response = raw_response(200, content, Content_Encoding="gzip")
    with RecordingServer(lambda request: response) as server:
        assert connection_to(server).session().get("products") == {"a": "b"}


def test_calls_in_flight_are_bounded():
    three = threading.Barrier(3)

    def respond_late(request):
        three.wait(WAIT_SECONDS)
        time.sleep(0.05)  # a fourth call would arrive meanwhile
        return raw_response()

    with RecordingServer(respond_late) as server:
        connection = connection_to(server, COMMERCE_CONCURRENCY="3")
        threads = [
            threading.Thread(target=lambda: connection.session().post("products", {}))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_SECONDS)

        assert len(server.received) == 12
        assert server.max_in_flight == 3
        assert server.connections == 3


def test_an_endless_response_is_not_kept_in_memory():
    def send_endlessly(request):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
        while True:
            yield b" " * 2**20

    with RecordingServer(send_endlessly) as server:
        session = connection_to(server).session()

        outcome = unavailable(lambda: session.get("products"))

        assert outcome == (503, "outcome_unknown")
