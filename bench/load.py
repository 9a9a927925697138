"""A load generator: asyncio, raw sockets, each connection one request at a time.

A library's client costs more per request than the functions under test; this one costs
some 20 µs, and runs on another core than they.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvloop


@dataclass(frozen=True)
class Result:
    """What a run of load measured.

    Attributes:
        rate: requests answered with 200 a second.
        p99: milliseconds that one in a hundred took longer than.
        failed: requests answered otherwise.
    """

    rate: float
    p99: float
    failed: int


class _Connection(asyncio.Protocol):
    """Sends a request, waits for its answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], until: float, most: int) -> None:
        self.requests = requests
        self.until = until
        self.most = most
        self.times: list[float] = []
        self.failed = 0
        self.done = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport):
        self._transport = transport
        self._send()

    def _send(self) -> None:
        if time.perf_counter() >= self.until or len(self.times) >= self.most:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(next(self.requests))

    def data_received(self, data):
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        head = buffer[:end].lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r\n", 1)[0])
        if len(buffer) < end + 4 + length:
            self._buffer = buffer
            return
        self._buffer = b""
        self.times.append(time.perf_counter() - self._began)
        if buffer[9:12] != b"200":
            self.failed += 1
        self._send()

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_result(error)


def post(body: bytes, *headers: str) -> bytes:
    """A POST of *body* as it goes over the wire."""
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
    most = 10**9 if count is None else -(-count // connections)
    return uvloop.run(_run(port, requests, connections, seconds, most))


async def _run(port, requests, connections, seconds, most) -> Result:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    opened = [
        (
            await loop.create_connection(
                lambda: _Connection(requests, began + seconds, most), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.wait([one.done for one in opened])
    took = time.perf_counter() - began
    times = sorted(t for one in opened for t in one.times)
    failed = sum(one.failed for one in opened)
    p99 = times[int(len(times) * 0.99)] * 1000
    return Result((len(times) - failed) / took, p99, failed)
