"""A load generator: asyncio, raw sockets, one request at a time per connection.

A library's client costs more per request than the functions under test. This one costs
some 20 µs, and runs on another core.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvloop


@dataclass(frozen=True)
class Result:
    """The result of one run.

    Attributes:
        rate: requests answered with 200 a second.
        p99: milliseconds; one request in a hundred took longer.
        failed: requests answered with another status.
    """

    rate: float
    p99: float
    failed: int


class _Connection(asyncio.Protocol):
    """Sends a request, waits for its response, sends the next; at least one."""

    def __init__(self, requests: Iterator[bytes], end: float, limit: int) -> None:
        self.requests = requests
        self.end = end
        self.limit = limit
        self.times: list[float] = []
        self.failed = 0
        self.done = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport):
        self._transport = transport
        self._send()

    def _send(self) -> None:
        is_over = time.perf_counter() >= self.end or len(self.times) >= self.limit
        if self.times and is_over:
            self._transport.close()
            return
        self._start = time.perf_counter()
        self._transport.write(next(self.requests))

    def data_received(self, data):
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        head = buffer[:end].lower()
        position = head.find(b"content-length: ")
        length = int(head[position + 16 :].split(b"\r\n", 1)[0])
        if len(buffer) < end + 4 + length:
            self._buffer = buffer
            return
        self._buffer = b""
        self.times.append(time.perf_counter() - self._start)
        if buffer[9:12] != b"200":
            self.failed += 1
        self._send()

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_result(error)


def post(body: bytes, *headers: str) -> bytes:
    """The bytes of a POST request."""
    lines = ["POST / HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(
    port: int,
    requests: Iterator[bytes],
    connections: int,
    seconds: float = float("inf"),
    count: int | None = None,
) -> Result:
    """Load a port of this machine for *seconds*, or with *count* requests."""
    limit = 10**9 if count is None else -(-count // connections)
    return uvloop.run(_run(port, requests, connections, seconds, limit))


async def _run(
    port: int, requests: Iterator[bytes], connections: int, seconds: float, limit: int
) -> Result:
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    clients = [
        (
            await loop.create_connection(
                lambda: _Connection(requests, start + seconds, limit), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.wait([client.done for client in clients])
    duration = time.perf_counter() - start
    times = sorted(t for client in clients for t in client.times)
    failed = sum(client.failed for client in clients)
    p99 = times[int(len(times) * 0.99)] * 1000
    return Result((len(times) - failed) / duration, p99, failed)
