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
        headers: by name, in any case.

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
    chunks: list[bytes] = []
    length = 0
    async with asyncio.timeout(timeout_seconds):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunks.append(message.get("body", b""))
            length += len(chunks[-1])
            if length > max_bytes:
                raise BodyTooLarge
            if not message.get("more_body", False):
                break
    return b"".join(chunks)
