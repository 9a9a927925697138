"""The stand-in as a whole: started, stopped, told where it is."""

import asyncio
import contextlib
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from local.commerce import seeds
from local.commerce.contract import Contract
from local.commerce.control import Control
from local.commerce.faults import Faults
from local.commerce.ims import Ims
from local.commerce.journal import KEPT_EFFECTS, Journal
from local.commerce.rest import Rest, Shop
from local.commerce.rules import Rules
from local.commerce.signin import Credentials, OAuth1
from local.commerce.things import Things

LAST_CALLS_SECONDS = 1
KEEP_ALIVE_SECONDS = 75


class CannotListen(OSError):
    """The port is in use, or not ours to take."""


def _nothing(stage: str, **labels: Any) -> None:
    """The hook of a caller that has none."""


class StandIn:
    """A Commerce on this machine.

    Args:
        db: SQLite with autocommit (``isolation_level=None``); all is kept in it and
            others may use the file too. It is used in the event loop's thread, and no
            transaction is left open between turns.
        observe: called as ``observe("call", method, route, status, ms)``: the route is
            a template, None for an unknown one; status is None where the connection
            was dropped. Must not block.
        openapi: one of Adobe's Swagger documents, parsed: every request and every
            answer is then held against it; what differs is answered 500 and kept in
            ``violations``.
        clock: seconds since 1970.
        orders: how many orders there are to begin with.
        journal_kept: effects to remember; None: all.

    Attributes:
        faults: what it is told to fail (``faults.add(status=503, times=2)``).
        rules: how this Commerce behaves; see ``Rules``.
        journal: what took effect, and what was asked.
        violations: see *openapi*; empty is good.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        observe: Callable[..., None] | None = None,
        credentials: Credentials | None = None,
        rules: Rules | None = None,
        openapi: dict | None = None,
        clock: Callable[[], float] = time.time,
        orders: int = seeds.ORDERS,
        journal_kept: int | None = KEPT_EFFECTS,
    ) -> None:
        self.credentials = credentials or Credentials()
        self._orders = orders
        things = Things(db)
        self._shop = Shop(
            things,
            Journal(db, journal_kept),
            Faults(),
            rules or Rules(),
            self.credentials,
            OAuth1(self.credentials),
            Ims(self.credentials),
            None if openapi is None else Contract(openapi),
            clock,
            observe or _nothing,
        )
        self.faults = self._shop.faults
        self.rules = self._shop.rules
        self.journal = self._shop.journal
        self.ims = self._shop.ims
        self.violations = self._shop.violations
        if things.count("order") == 0:
            with things.transaction():
                things.clear()
                seeds.plant(things, clock(), orders)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return ``host:port``.

        Args:
            port: 0 takes a free one.

        Raises:
            CannotListen: the port is in use or forbidden.
        """
        listener = _listener(host, port)
        connections: dict[Any, asyncio.Transport] = {}

        def drop(scope: Scope) -> None:
            transport = connections.get(tuple(scope["client"] or ()))
            if transport is not None:
                transport.abort()

        control = Control(self._shop, self._orders, host)
        app = Starlette(routes=[*control.routes(), Mount("/", Rest(self._shop, drop))])
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_known_by_peer(connections),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=LAST_CALLS_SECONDS,
            )
        )
        self._task = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        return f"{host}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening; what is kept stays in the file."""
        if self._server is None:
            return
        self._server.should_exit = True
        await self._task
        self._server = None

    def environment(
        self, address: str, *, sign_in: str = "oauth1", saas: bool = False
    ) -> dict[str, str]:
        """The variables by which a consumer finds and may use it.

        Args:
            address: ``http://host:port``.
            sign_in: ``oauth1`` or ``ims``; SaaS knows only the latter.
        """
        ours = self.credentials
        if sign_in == "oauth1" and not saas:
            return {
                "COMMERCE_BASE_URL": f"{address}/rest/",
                "COMMERCE_CONSUMER_KEY": ours.consumer_key,
                "COMMERCE_CONSUMER_SECRET": ours.consumer_secret,
                "COMMERCE_ACCESS_TOKEN": ours.access_token,
                "COMMERCE_ACCESS_TOKEN_SECRET": ours.access_token_secret,
            }
        return {
            "COMMERCE_BASE_URL": f"{address}/{ours.tenant if saas else 'rest'}/",
            "COMMERCE_FLAVOUR": "saas" if saas else "paas",
            "OAUTH_CLIENT_ID": ours.client_id,
            "OAUTH_CLIENT_SECRET": ours.client_secret,
            "OAUTH_ORG_ID": ours.org_id,
            "OAUTH_BASE_URL": f"{address}/ims/token/",
        }


class _Server(uvicorn.Server):
    """A server among others of one program, which keeps its signals to itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _known_by_peer(connections: dict[Any, asyncio.Transport]) -> type:
    """uvicorn's protocol, whose connections can be found, to be broken on purpose."""

    class Protocol(AutoHTTPProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:
            self._peer = transport.get_extra_info("peername")
            connections[self._peer] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self._peer, None)
            super().connection_lost(exc)

    return Protocol


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, since asyncio turns Nagle's algorithm off only where it reads TCP; on, each
    # answer over a kept connection waits 40 ms for the client's acknowledgement.
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
