"""The control interface under ``/_control/``: state, calls, faults, switches.

For people and tests on this machine: a request from a page of another site gets 403.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.commerce import seeds, shipment_records
from local.commerce.simulation import Simulation
from local.own_requests import LOOPBACK, is_own

PREFIX = "/_control"
MAX_BODY_BYTES = 1024 * 1024

Endpoint = Callable[[Request], Awaitable[Any]]


class InvalidRequest(Exception):
    """The request is invalid; the message says why."""


class Control:
    """The routes.

    Args:
        host: the address that the stand-in listens on, allowed as a host name.
        environment: the variables of a client, by the stand-in's URL.
    """

    def __init__(
        self,
        simulation: Simulation,
        host: str,
        environment: Callable[[str], dict[str, str]],
    ) -> None:
        self._simulation = simulation
        self._environment = environment
        self._hosts = (*LOOPBACK, host)

    def routes(self) -> list[Route]:
        """The routes for Starlette."""
        return [
            Route(f"{PREFIX}/{name}", self._protected(endpoint), methods=list(methods))
            for name, endpoint, methods in (
                ("faults", self.faults, ("GET", "POST", "DELETE")),
                ("faults/{id:int}", self.fault, ("DELETE",)),
                ("switches", self.switches, ("GET", "POST")),
                ("behaviours", self.behaviours, ("GET",)),
                ("effects", self.effects, ("GET",)),
                ("calls", self.calls, ("GET",)),
                ("state", self.state, ("GET",)),
                ("environment", self.environment, ("GET",)),
                ("sample-ids", self.sample_ids, ("GET",)),
                ("violations", self.violations, ("GET",)),
                ("events", self.events, ("GET", "POST")),
                ("ims", self.ims, ("POST",)),
                ("reset", self.reset, ("POST",)),
            )
        ]

    async def faults(self, request: Request) -> dict:
        """List, add or remove faults."""
        faults = self._simulation.faults
        if request.method == "POST":
            try:
                faults.add(**await _json_object(request))
            except (TypeError, ValueError) as error:
                raise InvalidRequest(str(error)) from error
        elif request.method == "DELETE":
            faults.remove()
        return {"faults": faults.as_dicts()}

    async def fault(self, request: Request) -> dict:
        """Remove one fault."""
        self._simulation.faults.remove(request.path_params["id"])
        return {"faults": self._simulation.faults.as_dicts()}

    async def switches(self, request: Request) -> dict:
        """List or change the switches."""
        if request.method == "POST":
            try:
                self._simulation.switches.change(**await _json_object(request))
            except ValueError as error:
                raise InvalidRequest(str(error)) from error
        return {"switches": vars(self._simulation.switches)}

    async def behaviours(self, request: Request) -> dict:
        """What is simulated."""
        return {"behaviours": self._simulation.behaviours()}

    async def effects(self, request: Request) -> dict:
        """Effects after ``?after=``, oldest first, at most ``?limit=``."""
        after = _whole_number(request, "after", 0)
        effects = self._simulation.journal.read_effects(
            after, _whole_number(request, "limit", 1_000)
        )
        return {"effects": effects, "last": effects[-1]["id"] if effects else after}

    async def calls(self, request: Request) -> dict:
        """The newest ``?limit=`` calls after ``?after=``, oldest first."""
        calls = self._simulation.journal.read_calls(
            _whole_number(request, "after", 0), _whole_number(request, "limit", 200)
        )
        return {"calls": calls}

    async def state(self, request: Request) -> dict:
        """The newest ``?limit=`` entities of each kind."""
        return self._simulation.state(_whole_number(request, "limit", 50))

    async def environment(self, request: Request) -> dict:
        """The environment variables of a client, with made-up credentials."""
        return self._environment(str(request.base_url).rstrip("/"))

    async def sample_ids(self, request: Request) -> dict:
        """The ids that a sender of samples needs.

        Returns:
            Of the customer with ``?email=`` and the group with ``?group=``; of an order
            (``?order=``, or one that was not handed out before) with its item and its
            newest shipment. None where there is none.
        """
        entities, query = self._simulation.entities, request.query_params
        ids: dict[str, Any] = {}
        for name, kind, key in (
            ("customer", "customer", query.get("email")),
            ("group", "customer_group", query.get("group")),
        ):
            rows = entities.find(kind, key) if key else []
            ids[name] = rows[0][0] if rows else None
        order_id = _whole_number(request, "order", 0) or self._next_order()
        order = entities.get("order", order_id)
        shipments = entities.children(shipment_records.KIND, order_id)
        return {
            **ids,
            "order": order_id,
            "item": order["items"][0]["item_id"] if order else None,
            "shipment": (
                shipment_records.document(entities, shipments[-1][0])
                if shipments
                else None
            ),
        }

    async def violations(self, request: Request) -> dict:
        """Violations of Adobe's OpenAPI, where the stand-in was started with it."""
        return {"violations": self._simulation.violations}

    async def events(self, request: Request) -> dict:
        """Events of Commerce: the newest, or deliver one: ``name`` and ``value``."""
        io_events = self._simulation.io_events
        if request.method == "GET":
            return {"events": io_events.newest(_whole_number(request, "limit", 50))}
        fields = await _json_object(request)
        if not isinstance(name := fields.get("name"), str):
            raise InvalidRequest("name must be text")
        try:
            return await io_events.send(name, fields.get("value"))
        except ValueError as error:
            raise InvalidRequest(str(error)) from error

    async def ims(self, request: Request) -> dict:
        """Set the lifetime of tokens, or revoke those issued."""
        fields = await _json_object(request)
        seconds = fields.get("lifetime_seconds")
        if seconds is not None:
            if type(seconds) is not int or not 1 <= seconds <= 10**9:
                raise InvalidRequest("lifetime_seconds must be a whole number from 1")
            self._simulation.ims.lifetime_seconds = seconds
        if fields.get("revoke") is True:
            self._simulation.ims.revoke()
        return {"lifetime_seconds": self._simulation.ims.lifetime_seconds}

    async def reset(self, request: Request) -> dict:
        """Restore the initial state."""
        self._simulation.reset()
        return {"reset": True}

    def _next_order(self) -> int:
        with self._simulation.entities.transaction():
            number = self._simulation.entities.next_id("order_handed_out")
        return (number + seeds.SAMPLE_ORDER) % max(self._simulation.orders, 1) + 1

    def _protected(self, endpoint: Endpoint) -> Callable:
        async def respond(request: Request) -> Response:
            if not is_own(request.headers, self._hosts):
                return JSONResponse({"error": "Request from another site"}, 403)
            try:
                return JSONResponse(await endpoint(request))
            except InvalidRequest as error:
                return JSONResponse({"error": str(error)}, 400)

        return respond


def _whole_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidRequest(f"{name} must be a whole number")
    return int(text)


async def _json_object(request: Request) -> dict:
    body = await request.body()
    try:
        value = json.loads(body or b"{}") if len(body) <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object")
    return value
