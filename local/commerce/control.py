"""The control side, under ``/_control/``: state, journal, faults, rules.

For people and tests on this machine: a page of another site is refused.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.commerce import seeds, shipment_kept, state
from local.commerce.rest import Shop
from local.commerce.rules import Rules
from local.web import LOOPBACK, is_own

PREFIX = "/_control"
LARGEST_BODY = 1024 * 1024


class Wrong(Exception):
    """The request makes no sense; the text says why."""


class Control:
    """The routes.

    Args:
        orders: how many a reset plants.
        host: the address it listens on, whose name is then allowed as well.
    """

    def __init__(self, shop: Shop, orders: int, host: str) -> None:
        self._shop = shop
        self._orders = orders
        self._hosts = (*LOOPBACK, host)

    def routes(self) -> list[Route]:
        """For Starlette."""
        return [
            Route(f"{PREFIX}/{name}", self._guarded(function), methods=list(methods))
            for name, function, methods in (
                ("faults", self.faults, ("GET", "POST", "DELETE")),
                ("faults/{id:int}", self.fault, ("DELETE",)),
                ("rules", self.rules, ("GET", "POST")),
                ("journal", self.journal, ("GET",)),
                ("requests", self.requests, ("GET",)),
                ("state", self.state, ("GET",)),
                ("made", self.made, ("GET",)),
                ("violations", self.violations, ("GET",)),
                ("ims", self.ims, ("POST",)),
                ("reset", self.reset, ("POST",)),
            )
        ]

    async def faults(self, request: Request) -> Any:
        """List, add or remove what it is told to fail."""
        faults = self._shop.faults
        if request.method == "POST":
            try:
                faults.add(**await _object(request))
            except (TypeError, ValueError) as error:
                raise Wrong(str(error)) from error
        elif request.method == "DELETE":
            faults.remove()
        return {"faults": faults.listed()}

    async def fault(self, request: Request) -> Any:
        """Remove one fault."""
        self._shop.faults.remove(request.path_params["id"])
        return {"faults": self._shop.faults.listed()}

    async def rules(self, request: Request) -> Any:
        """List or change how this Commerce behaves."""
        if request.method == "POST":
            try:
                self._shop.rules.change(**await _object(request))
            except ValueError as error:
                raise Wrong(str(error)) from error
        return {"rules": vars(self._shop.rules)}

    async def journal(self, request: Request) -> Any:
        """What took effect after ``?after=``, oldest first, ``?most=`` at once."""
        found = self._shop.journal.read_effects(
            _whole(request, "after", 0), _whole(request, "most", 1_000)
        )
        last = found[-1]["id"] if found else _whole(request, "after", 0)
        return {"effects": found, "last": last}

    async def requests(self, request: Request) -> Any:
        """What was asked after ``?after=``, the newest ``?most=``, oldest first."""
        found = self._shop.journal.read_requests(
            _whole(request, "after", 0), _whole(request, "most", 200)
        )
        return {"requests": found}

    async def state(self, request: Request) -> Any:
        """What is in the shop, the newest of each kind."""
        return state.shown(self._shop.things, _whole(request, "most", 50))

    async def made(self, request: Request) -> Any:
        """The ids of a customer by ``?email=`` and a group by ``?group=``, and an order
        to work on: ``?order=``, or one that nobody was given yet."""
        things, asked = self._shop.things, request.query_params
        found: dict[str, Any] = {}
        for name, kind, key in (
            ("customer", "customer", asked.get("email")),
            ("group", "customer_group", asked.get("group")),
        ):
            rows = things.find(kind, key) if key else []
            found[name] = rows[0][0] if rows else None
        number = _whole(request, "order", 0) or self._next_order()
        found["order"] = number
        doc = things.get("order", number)
        found["item"] = doc["items"][0]["item_id"] if doc else None
        made = things.children(shipment_kept.KIND, number)
        found["shipment"] = shipment_kept.shown(things, made[-1][0]) if made else None
        return found

    async def violations(self, request: Request) -> Any:
        """What was not as Adobe's OpenAPI has it, where that is at hand."""
        return {"violations": self._shop.violations}

    async def ims(self, request: Request) -> Any:
        """Set the lifetime of tokens, or end those there are."""
        given = await _object(request)
        seconds = given.get("lifetime_seconds")
        if seconds is not None:
            if type(seconds) is not int or not 1 <= seconds <= 10**9:
                raise Wrong("lifetime_seconds is a whole number from 1")
            self._shop.ims.lifetime_seconds = seconds
        if given.get("revoke") is True:
            self._shop.ims.revoke()
        return {"lifetime_seconds": self._shop.ims.lifetime_seconds}

    async def reset(self, request: Request) -> Any:
        """As on the first day: state, journal, faults and rules."""
        shop = self._shop
        with shop.things.transaction():
            shop.things.clear()
            shop.journal.clear()
            seeds.plant(shop.things, shop.clock(), self._orders)
        shop.faults.remove()
        shop.rules.change(**vars(Rules()))
        shop.violations.clear()
        return {"reset": True}

    def _next_order(self) -> int:
        with self._shop.things.transaction():
            given = self._shop.things.next_id("order_given")
        return (given + seeds.SAMPLE_ORDER) % max(self._orders, 1) + 1

    def _guarded(self, function: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            if not is_own(request.headers, self._hosts):
                return JSONResponse({"error": "from another site"}, 403)
            try:
                return JSONResponse(await function(request))
            except Wrong as error:
                return JSONResponse({"error": str(error)}, 400)

        return endpoint


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default
    )


async def _object(request: Request) -> dict:
    content = await request.body()
    try:
        found = json.loads(content or b"{}") if len(content) <= LARGEST_BODY else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Wrong("a JSON object is expected")
    return found
