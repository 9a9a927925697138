"""The console: what each of its addresses answers."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cli.samples import SEQUENCE
from cli.where import DEAD_LETTERS, Unreachable
from functions.events.catalog import ENTITIES
from functions.ledger.store import LedgerUnavailable
from local.broker import Broker
from local.commerce import StandIn
from local.console import events, shop
from local.console.desk import Desk
from local.console.guard import Guard
from local.console.pages import templates
from local.console.ticks import ticks
from local.journal import Journal
from local.web import WebServer

HERE = Path(__file__).parent
LONGEST_BODY = 2 * 1024 * 1024


class Console:
    """Serves the pages.

    Args:
        stand_in: None where a real store is driven.
    """

    def __init__(
        self, journal: Journal, broker: Broker, stand_in: StandIn | None, desk: Desk
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._stand_in = stand_in
        self._desk = desk
        self._dead_letters = desk.where.topic(DEAD_LETTERS)
        self._closing = asyncio.Event()
        self._pages = templates()
        app = Starlette(
            routes=self._routes(),
            exception_handlers=dict.fromkeys((Unreachable, LedgerUnavailable), _later),
        )
        self._server = WebServer(Guard(app))

    async def start(self, host: str, port: int) -> str:
        """Listen and return ``host:port``.

        Raises:
            CannotListen: the port is in use or forbidden.
        """
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """End the streams and stop listening."""
        self._closing.set()
        await self._server.stop()

    def _routes(self) -> list[Route | Mount]:
        return [
            Route("/", self.events),
            Route("/event", self.event),
            Route("/letters", self.letters),
            Route("/letters/replay", self.replay, methods=["POST"]),
            Route("/letters/discard", self.discard, methods=["POST"]),
            Route("/send", self.send),
            Route("/send", self.post, methods=["POST"]),
            Route("/sample", self.sample),
            Route("/shop", self.shop),
            Route("/shop/fail", self.fail, methods=["POST"]),
            Route("/shop/recover", self.recover, methods=["POST"]),
            Route("/stream", self.stream),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    async def events(self, request: Request) -> Response:
        """The newest events, filtered."""
        asked = request.query_params
        names = events.Wanted.__dataclass_fields__
        wanted = events.Wanted(**{name: asked.get(name, "").strip() for name in names})
        rows = events.rows(self._journal, wanted, self._dead_letters)
        return self._page(
            "events",
            request,
            rows=rows,
            wanted=wanted,
            entities=list(ENTITIES),
            names=SEQUENCE,
            outcomes=events.OUTCOMES,
        )

    async def event(self, request: Request) -> Response:
        """One event's life."""
        key = request.query_params.get("key", "")
        if entry := events.refusal(self._journal, key):
            return self._page("refusal", request, entry=entry)
        life, letters = await run_in_threadpool(self._desk.life, key)
        if life is None:
            return self._page("unknown", request, 404, key=key)
        asked = (
            events.exchanges(self._stand_in.journal, self._journal, key)
            if self._stand_in
            else None
        )
        return self._page(
            "event",
            request,
            key=key,
            life=life,
            letters=letters,
            payload=events.payload(self._journal, key),
            exchanges=asked,
        )

    async def letters(self, request: Request) -> Response:
        """The dead letters."""
        found = await run_in_threadpool(self._desk.letters)
        return self._page("letters", request, letters=found)

    async def replay(self, request: Request) -> Response:
        """Send a dead letter again."""
        form = await _form(request)
        step = await run_in_threadpool(
            self._desk.replay,
            form.get("message_id", ""),
            bool(form.get("even_if_newer")),
        )
        if step is None:
            said = "It is gone: somebody replayed or discarded it."
        elif step.did == "replayed":
            said = f"Replayed: {step.letter.uid} is on its way again."
        else:
            said = f"Not replayed. {step.why}"
        return _back(form, said)

    async def discard(self, request: Request) -> Response:
        """Remove a dead letter for good."""
        form = await _form(request)
        gone = await run_in_threadpool(self._desk.discard, form.get("message_id", ""))
        return _back(form, f"Discarded: {gone.uid}." if gone else "It is gone already.")

    async def send(self, request: Request) -> Response:
        """A form to post a sample."""
        chosen = request.query_params.get("event", SEQUENCE[0])
        store = "" if self._stand_in else self._desk.where.stack["commerce"]
        return self._page("send", request, names=SEQUENCE, chosen=chosen, store=store)

    async def sample(self, request: Request) -> Response:
        """A body to post, as JSON."""
        try:
            event = request.query_params.get("event", "")
            return JSONResponse(await run_in_threadpool(self._desk.sample, event))
        except KeyError:
            return JSONResponse({"error": "There is no such event"}, 404)

    async def post(self, request: Request) -> Response:
        """Post a body to ingest, and hand its answer on."""
        body = await request.body()
        if len(body) > LONGEST_BODY:
            return JSONResponse({"status": 413, "answer": {"error": "Too long"}})
        posted = await run_in_threadpool(self._desk.post, body)
        return JSONResponse({"status": posted.status, "answer": posted.answer})

    async def shop(self, request: Request) -> Response:
        """What is in the shop, and how to make it fail."""
        shown = shop.shown(self._stand_in) if self._stand_in else None
        address = self._desk.where.stack["commerce"]
        return self._page("shop", request, shop=shown, address=address)

    async def fail(self, request: Request) -> Response:
        """Make the stand-in fail."""
        form = await _form(request)
        if self._stand_in is None:
            return _back(form, "A real store is driven: nothing can be switched here.")
        try:
            said = shop.fail(self._stand_in.faults, form)
        except ValueError as error:
            said = f"That cannot be done: {error}."
        return _back(form, said)

    async def recover(self, request: Request) -> Response:
        """Let the stand-in work again."""
        if self._stand_in:
            self._stand_in.faults.remove()
        return _back(await _form(request), "Commerce works again.")

    async def stream(self, request: Request) -> Response:
        """Server-sent events: the stages that happened since the last one."""
        return StreamingResponse(
            ticks(self._journal, self._closing),
            media_type="text/event-stream",
            headers={"x-live": "yes"},
        )

    def _page(
        self, name: str, request: Request, status: int = 200, **values: Any
    ) -> HTMLResponse:
        stats = self._broker.stats()
        dead = stats.get(self._desk.where.dead_letters)
        waiting = sum(
            one.undelivered
            for subscription, one in stats.items()
            if subscription != self._desk.where.dead_letters
        )
        html = self._pages.get_template(f"{name}.html").render(
            page=name,
            said=request.query_params.get("said", ""),
            here=request.url.path + ("?" + request.url.query).rstrip("?"),
            dead_count=dead.undelivered if dead else 0,
            waiting=waiting,
            faults=self._stand_in.faults.as_dicts() if self._stand_in else [],
            ingest=self._desk.where.stack["ingest"],
            **values,
        )
        return HTMLResponse(html, status)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    return dict(parse_qsl(body[:LONGEST_BODY].decode(errors="replace")))


def _later(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"Not now: {error}. Go back, and try again.\n", 503)


def _back(form: dict[str, str], said: str) -> Response:
    """To the page that the form stood on, which says what was done."""
    to = form.get("back", "/")
    if not to.startswith("/") or to.startswith(("//", "/\\")):
        to = "/"
    path, _, query = to.partition("?")
    kept = [pair for pair in parse_qsl(query) if pair[0] != "said"]
    return RedirectResponse(f"{path}?{urlencode([*kept, ('said', said)])}", 303)
