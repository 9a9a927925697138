"""The stand-in as a whole: started, stopped, told where it is."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from local.commerce import seeds, state
from local.commerce.contract import Contract
from local.commerce.control import Control
from local.commerce.faults import Faults
from local.commerce.ims import Ims
from local.commerce.journal import KEPT_EFFECTS, Journal
from local.commerce.rest import Rest, Shop
from local.commerce.rules import Rules
from local.commerce.signin import Credentials, OAuth1
from local.commerce.things import Things
from local.web import WebServer

KEEP_ALIVE_SECONDS = 75


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
        things: what is in the shop.
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
        self.things = things
        self.faults = self._shop.faults
        self.rules = self._shop.rules
        self.journal = self._shop.journal
        self.ims = self._shop.ims
        self.violations = self._shop.violations
        if things.count("order") == 0:
            with things.transaction():
                things.clear()
                seeds.plant(things, clock(), orders)
        self._server: WebServer | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return ``host:port``.

        Args:
            port: 0 takes a free one.

        Raises:
            CannotListen: the port is in use or forbidden.
        """
        connections: dict[Any, asyncio.Transport] = {}

        def drop(scope: Scope) -> None:
            transport = connections.get(tuple(scope["client"] or ()))
            if transport is not None:
                transport.abort()

        control = Control(self._shop, self._orders, host)
        app = Starlette(routes=[*control.routes(), Mount("/", Rest(self._shop, drop))])
        self._server = WebServer(
            app,
            http=_known_by_peer(connections),
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop listening; what is kept stays in the file."""
        if self._server is not None:
            await self._server.stop()
            self._server = None

    def state(self, most: int = 50) -> dict[str, Any]:
        """What is in the shop: counts, and the newest *most* of each kind."""
        return state.shown(self._shop.things, most)

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
