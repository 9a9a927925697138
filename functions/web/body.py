"""Reads a request's body, of bounded length and in bounded time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class BodyTooLarge(Exception):
    """The body is longer than it may be."""


class CompressedBody(Exception):
    """The body is compressed."""


class ClientDisconnected(Exception):
    """The connection was closed before the body ended."""

    def __init__(self) -> None:
        super().__init__("The connection was closed before the body ended")


async def read_body(
    receive: Receive,
    headers: Mapping[str, str],
    max_bytes: int,
    timeout_seconds: float,
) -> bytes:
    """The whole body.

    Args:
        receive: ASGI's.
        headers: by lower-case name.

    Raises:
        CompressedBody: at once, by the header.
        BodyTooLarge: as soon as more than *max_bytes* are announced or received.
        TimeoutError: it did not arrive within *timeout_seconds*.
        ClientDisconnected: it did not arrive completely.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise CompressedBody
    content_length = headers.get("content-length", "")
    if content_length.isdecimal() and int(content_length[:20]) > max_bytes:
        raise BodyTooLarge
    if is_body_complete(receive):
        return await _read_chunks(receive, max_bytes)
    async with asyncio.timeout(timeout_seconds):
        return await _read_chunks(receive, max_bytes)


def is_body_complete(receive: Receive) -> bool:
    """Whether the body has arrived, so that reading it takes no time.

    A timer costs as much as validating a small event. ASGI does not tell, but uvicorn
    does: its *receive* is a method of the request's cycle. For other servers this is
    False.
    """
    cycle = getattr(receive, "__self__", None)
    return getattr(cycle, "more_body", True) is False


async def _read_chunks(receive: Receive, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunks.append(message.get("body", b""))
        length += len(chunks[-1])
        if length > max_bytes:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join(chunks)
