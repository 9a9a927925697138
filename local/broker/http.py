"""Posts to push endpoints: HTTP/1.1 on kept connections, of the answer only the status.

The usual clients skip 1xx answers, and 102 is one that acknowledges a push.
"""

import asyncio
import time
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import httptools

# Shorter than gunicorn's two seconds, so that a connection is not closed by the other
# side at the moment it is used again.
KEEP_ALIVE_SECONDS = 1.5
ANSWER_BYTES = 65536  # read of an answer so that its connection can be kept
PROCESSING = 102


class Target(NamedTuple):
    """Where a URL leads."""

    host: str
    port: int
    tls: bool
    head: bytes  # of a request, up to where the headers that differ begin


class Client:
    """Connections to endpoints, kept for a moment after use; to be closed."""

    def __init__(self) -> None:
        self._idle: dict[Target, list[_Connection]] = {}

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """Post *body* and return the answer's status.

        Raises:
            OSError: no connection, or it broke before the status came.
            ValueError: the URL cannot be used, or the answer is not HTTP.
        """
        target = _target(url)
        connection = self._kept(target)
        if connection is None:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(
                _Connection, target.host, target.port, ssl=target.tls or None
            )
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = target.head + f"{lines}Content-Length: {len(body)}\r\n\r\n".encode()
        try:
            status = await connection.ask(head + body)
        except BaseException:  # a deadline as well
            connection.close()
            raise
        if connection.reusable:
            self._idle.setdefault(target, []).append(connection)
        else:
            connection.close()
        return status

    def close(self) -> None:
        """Close what is kept."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _kept(self, target: Target) -> "_Connection | None":
        found = None
        for connection in reversed(self._idle.pop(target, [])):
            if not connection.fresh():
                connection.close()
            elif found is None:
                found = connection
            else:
                self._idle.setdefault(target, []).insert(0, connection)
        return found


@lru_cache(maxsize=256)
def _target(url: str) -> Target:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    host = parts.hostname.encode("idna").decode()
    name = f"[{host}]" if ":" in host else host
    authority = name if parts.port is None else f"{name}:{parts.port}"
    head = f"POST {path} HTTP/1.1\r\nHost: {authority}\r\n".encode("ascii")
    return Target(host, parts.port or (443 if tls else 80), tls, head)


class _Connection(asyncio.Protocol):
    """One connection, one request at a time.

    Attributes:
        reusable: the answer was read to its end and the other side keeps listening.
    """

    def __init__(self) -> None:
        self.reusable = False
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer: asyncio.Future[int] | None = None
        self._status = 0
        self._bytes = 0
        self._used = 0.0

    async def ask(self, request: bytes) -> int:
        """Send *request* and return the status of its answer."""
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._status, self._bytes, self.reusable = 0, 0, False
        self._transport.write(request)
        return await self._answer

    def fresh(self) -> bool:
        """Whether it may be used again."""
        kept = time.monotonic() - self._used
        return kept < KEEP_ALIVE_SECONDS and not self._transport.is_closing()

    def close(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def _settle(self, status: int, *, reusable: bool) -> None:
        if self._answer is not None and not self._answer.done():
            self._used = time.monotonic()
            self.reusable = reusable
            self._answer.set_result(status)

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._settle(self._parser.get_status_code(), reusable=False)
        except httptools.HttpParserError:
            self._fail(ValueError("the answer is not HTTP"))

    def connection_lost(self, error: Exception | None) -> None:
        if self._status:  # an answer that ends with its connection
            self._settle(self._status, reusable=False)
        else:
            self._fail(error or ConnectionResetError("closed without an answer"))

    # httptools

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == PROCESSING:
            self._settle(status, reusable=False)
        elif status >= 200:
            self._status = status

    def on_body(self, body: bytes) -> None:
        self._bytes += len(body)
        if self._bytes > ANSWER_BYTES:
            self._settle(self._status, reusable=False)

    def on_message_complete(self) -> None:
        if self._status:
            keep = self._parser.should_keep_alive()
            self._settle(self._status, reusable=keep)
