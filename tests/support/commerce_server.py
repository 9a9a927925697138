"""An HTTP server on 127.0.0.1 that records requests byte for byte, and can misbehave.

It parses requests itself, since a library could normalise the path that signatures are
computed over.
"""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from functions.commerce.client import CommerceConnection
from tests.support.commerce_adapter import PAAS, commerce_settings

WAIT_SECONDS = 30  # for what comes at once unless something is wrong


@dataclass
class ReceivedRequest:
    """One request as it arrived.

    Attributes:
        target: path and query, unchanged.
        connection: number of the connection, from 1.
    """

    method: str
    target: str
    headers: dict[str, str]
    content: bytes
    connection: int

    @property
    def body(self) -> Any:
        return json.loads(self.content)


def raw_response(status: int = 200, document: Any = True, **headers: str) -> bytes:
    """A whole response: bytes as they are, everything else as JSON."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class RecordingServer:
    """Answers each request by a function of it.

    Args:
        script: returns a ``raw_response``; None drops the connection, and a generator
            sends piece by piece.

    Attributes:
        received: the requests, in order.
        connections: how many there have been.
        max_in_flight: how many requests there were at once, at most.
    """

    def __init__(self, script: Callable[[ReceivedRequest], Any]) -> None:
        self.script = script
        self.received: list[ReceivedRequest] = []
        self.connections = 0
        self.max_in_flight = 0
        self._in_flight = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Its address, without path."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and drop all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> "RecordingServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(
                target=self._serve, args=(connection, self.connections), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            stream = connection.makefile("rb")
            with stream:
                while request := self._read(stream, number):
                    if not self._respond(connection, request):
                        return

    def _read(self, stream: BinaryIO, number: int) -> ReceivedRequest | None:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        content = stream.read(int(headers.get("content-length", 0)))
        return ReceivedRequest(first[0], first[1], headers, content, number)

    def _respond(self, connection: socket.socket, request: ReceivedRequest) -> bool:
        with self._lock:
            self.received.append(request)
            self._in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self._in_flight)
        try:
            response = self.script(request)
        finally:
            with self._lock:
                self._in_flight -= 1
        if response is None:
            # A reset instead of a regular close, as when a process dies.
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        for piece in [response] if isinstance(response, bytes) else response:
            connection.sendall(piece)
        return True


class CommerceServer(RecordingServer):
    """Commerce on the wire.

    Attributes:
        response: what it answers: a ``raw_response``, None to drop the connection, or a
            function of the request that returns one of them.
    """

    def __init__(self) -> None:
        super().__init__(self._script)
        self.response: Any = raw_response(200, {"id": 1, "status": "pending"})

    def _script(self, request: ReceivedRequest) -> Any:
        return self.response(request) if callable(self.response) else self.response


def connection_to(server: RecordingServer, **more: str) -> CommerceConnection:
    """A client of *server*, with *more* settings."""
    base = {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"}
    return CommerceConnection(commerce_settings(base, **more))


def dripping(content: bytes, pause_seconds: float) -> Iterator[bytes]:
    """*content* byte by byte."""
    for byte in content:
        yield bytes([byte])
        time.sleep(pause_seconds)
