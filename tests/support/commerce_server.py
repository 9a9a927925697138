"""A server on 127.0.0.1 that records what reaches it, byte for byte, and may misbehave.

It reads requests itself, since a library might tidy up the path that signatures are
made over.
"""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Received:
    """One request as it came; *target* is its path and query to the letter."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes
    connection: int

    @property
    def body(self) -> Any:
        return json.loads(self.content)


def answer(status: int = 200, document: Any = True, **headers: str) -> bytes:
    """A whole answer; text and bytes as they are, everything else as JSON."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Server:
    """Answers each request by a function of it.

    Args:
        script: gives the answer's bytes; None drops the connection, and a generator
            gives it piece by piece.
    """

    def __init__(self, script: Callable[[Received], Any]) -> None:
        self.script = script
        self.received: list[Received] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and drop what is open."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
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
                    if not self._answer(connection, request):
                        return

    def _read(self, stream, number: int) -> Received | None:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        content = stream.read(int(headers.get("content-length", 0)))
        return Received(first[0], first[1], headers, content, number)

    def _answer(self, connection: socket.socket, request: Received) -> bool:
        with self._lock:
            self.received.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            said = self.script(request)
        finally:
            with self._lock:
                self._at_once -= 1
        if said is None:
            # No polite end: as when a process dies or a cable is pulled.
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        for piece in [said] if isinstance(said, bytes) else said:
            connection.sendall(piece)
        return True


def dripping(content: bytes, pause_seconds: float):
    """*content* byte by byte."""
    for byte in content:
        yield bytes([byte])
        time.sleep(pause_seconds)
