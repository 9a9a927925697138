"""Reads a request's body, of bounded length and in bounded time."""

import asyncio
from collections.abc import Awaitable, Callable

Receive = Callable[[], Awaitable[dict]]


class TooLarge(Exception):
    """The body is longer than it may be."""


class ClientDisconnected(Exception):
    """The connection was closed before the body ended."""


async def read_body(
    receive: Receive, announced: str, most: int, seconds: float
) -> bytes:
    """The whole body.

    Args:
        receive: ASGI's.
        announced: the header Content-Length, "" where there is none.

    Raises:
        TooLarge: as soon as more than *most* bytes are announced or have come.
        TimeoutError: it did not come within *seconds*.
        ClientDisconnected: it never came whole.
    """
    if announced.isdecimal() and int(announced[:20]) > most:
        raise TooLarge
    task, late = asyncio.current_task(), []

    def give_up() -> None:
        late.append(True)
        task.cancel()

    # asyncio.timeout by hand, at a quarter of its price.
    timer = asyncio.get_running_loop().call_later(seconds, give_up)
    try:
        return await _all(receive, most)
    except asyncio.CancelledError:
        if late and not task.uncancel():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


async def _all(receive: Receive, most: int) -> bytes:
    chunks, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > most:
            raise TooLarge
        more = message.get("more_body", False)
        if not more and not chunks:
            return chunk
        chunks.append(chunk)
        if not more:
            return b"".join(chunks)
