"""A fetch is bounded in time and size, and follows no redirect."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from functions.commerce_events.fetching import FetchFailed, fetch

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@contextmanager
def server(*parts: bytes, pause_seconds: float = 0.0) -> Iterator[str]:
    """Answers one request with *parts*, slowly; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            for part in parts:
                try:
                    connection.sendall(part)
                except OSError:
                    return
                time.sleep(pause_seconds)

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/key"
    thread.join()
    listener.close()


def test_the_body_is_returned():
    with server(HEAD + b"\r\n", b"ke", b"y") as url:
        assert fetch(url, 10, 2.0) == b"key"


def test_a_compressed_body_is_returned():
    head = HEAD + b"Content-Encoding: gzip\r\n\r\n"
    with server(head, gzip.compress(b"key" * 1000)) as url:
        assert fetch(url, 3000, 2.0) == b"key" * 1000


def test_a_body_that_drips_ends_with_the_time():
    """It would otherwise hold a thread for as long as it likes."""
    with server(HEAD + b"\r\n", *[b"x"] * 20, pause_seconds=0.05) as url:
        start = time.monotonic()
        with pytest.raises(FetchFailed, match="too slow"):
            fetch(url, 1000, 0.3)
        assert time.monotonic() - start < 0.8


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (HEAD + b"\r\n" + b"x" * 11, "exceeds 10 bytes"),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "the response was 302"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\nno gzip", "DecodeError"),
        (HEAD + b"Content-Length: 9\r\n\r\nx", "ProtocolError"),
        (b"no http\r\n\r\n", "ConnectionError"),
    ],
    ids=["size", "redirect", "encoding", "length", "protocol"],
)
def test_any_other_response_fails(response, reason):
    with server(response) as url, pytest.raises(FetchFailed, match=reason):
        fetch(url, 10, 2.0)
