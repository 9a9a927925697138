"""An HTTP server among others of one program, for stand-in and console."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

SHUTDOWN_SECONDS = 1


class CannotListen(OSError):
    """The port is in use or forbidden."""


class WebServer:
    """Serves an ASGI application until stopped.

    Args:
        options: further options of uvicorn.
    """

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
                **options,
            )
        )
        self._task: asyncio.Task | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen and return ``host:port``.

        Args:
            port: 0 takes a free one.

        Raises:
            CannotListen: the port is in use or forbidden.
        """
        listener = listen(host, port)
        self._task = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        return f"{host}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening; responses in flight have a second to end."""
        if self._task is not None:
            self._server.should_exit = True
            await self._task
            self._task = None


class Connections:
    """The open connections of a server, so that a fault can drop one.

    Attributes:
        protocol: for the server's option ``http``.
    """

    def __init__(self) -> None:
        self._transports: dict[Any, asyncio.Transport] = {}
        transports = self._transports

        class Protocol(AutoHTTPProtocol):
            def connection_made(self, transport: asyncio.Transport) -> None:
                self._peer = transport.get_extra_info("peername")
                transports[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(self._peer, None)
                super().connection_lost(exc)

        self.protocol = Protocol

    def drop(self, scope: Scope) -> None:
        """Close the connection of *scope* without a response."""
        transport = self._transports.get(tuple(scope["client"] or ()))
        if transport is not None:
            transport.abort()


class _Server(uvicorn.Server):
    """A server that leaves signals to the program it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to *host* and *port*.

    Raises:
        CannotListen: the port is in use or forbidden.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY. Without it, each response on a
    # kept connection waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"Cannot listen on {host}:{port}: {error.strerror}; choose another port, or"
            " 0 for a free one."
        ) from error
    return listener
