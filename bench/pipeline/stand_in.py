"""A stand-in for Commerce that applies every product after a set time, and notes when.

``python -m bench.pipeline.stand_in --port PORT``; its first line names the port. The
bench controls it under ``/bench/``.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field

import uvloop

SKU = re.compile(rb'"sku": ?"([^"]+)"')
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
FAILURE = b'{"message":"Maintenance"}'
SUCCESS = b'{"id":1}'
RESPONSE = (
    b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
)


@dataclass
class State:
    """What the bench sets and asks for.

    Attributes:
        seconds: from a call to its effect and its answer.
        fails: whether calls are answered with 503 at once.
        applied: time of each SKU's first effect, of the clock that all processes share.
        calls: with an effect or without.
    """

    seconds: float = 0.0
    fails: bool = False
    applied: dict[str, float] = field(default_factory=dict)
    calls: int = 0


class _Connection(asyncio.Protocol):
    """Answers one request after the other."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._buffer = b""

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = LENGTH.search(head)
        if length and len(rest) < int(length[1]):
            return
        self._buffer = b""
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/bench/"):
            self._answer(_control(self._state, path[7:], rest))
        else:
            self._call(rest)

    def _call(self, body: bytes) -> None:
        state = self._state
        state.calls += 1
        if state.fails:
            self._answer(FAILURE, b"503 Service Unavailable")
        elif state.seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(state.seconds, self._apply, body)
        else:
            self._apply(body)

    def _apply(self, body: bytes) -> None:
        now = time.monotonic()
        for sku in SKU.findall(body):
            self._state.applied.setdefault(sku.decode(), now)
        self._answer(SUCCESS)

    def _answer(self, body: bytes, status: bytes = b"200 OK") -> None:
        self._transport.write(RESPONSE % (status, len(body), body))


def _control(state: State, name: bytes, body: bytes) -> bytes:
    """Set what *body* says, or return what *name* asks for."""
    if name == b"take":
        applied, state.applied = state.applied, {}
        return json.dumps(applied).encode()
    for field_name, value in json.loads(body or b"{}").items():
        setattr(state, field_name, value)
    counts = {"applied": len(state.applied), "calls": state.calls}
    return json.dumps(counts).encode()


async def _serve(port: int) -> None:
    state = State()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(state), "127.0.0.1", port)
    address = "{}:{}".format(*server.sockets[0].getsockname())
    sys.stdout.write(f"listening on {address}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[2])))
