"""The console's pages and forms."""

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

from cli.deployment import Unreachable
from cli.event_list import PENDING_FILTER, STATUSES, Filter
from cli.sample_events import SEQUENCE
from functions.events.catalog import INBOUND_ENTITIES
from functions.ledger.store import LedgerUnavailable
from local.broker import Broker
from local.commerce import StandIn
from local.console import commerce_page, events
from local.console.guard import Guard
from local.console.live_updates import live_updates
from local.console.operations import Operations
from local.console.pages import templates
from local.journal import Journal
from local.web import WebServer

HERE = Path(__file__).parent
MAX_BODY_BYTES = 2 * 1024 * 1024


class Console:
    """Serves the pages.

    Args:
        stand_in: None where events go to a real store.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        stand_in: StandIn | None,
        operations: Operations,
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._stand_in = stand_in
        self._operations = operations
        self._closing = asyncio.Event()
        self._pages = templates()
        app = Starlette(
            routes=self._routes(),
            exception_handlers=dict.fromkeys(
                (Unreachable, LedgerUnavailable), _unavailable
            ),
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
            Route("/dead-letters", self.dead_letters),
            Route("/dead-letters/replay", self.replay, methods=["POST"]),
            Route("/dead-letters/discard", self.discard, methods=["POST"]),
            Route("/send", self.send),
            Route("/send", self.post, methods=["POST"]),
            Route("/sample", self.sample),
            Route("/commerce", self.commerce),
            Route("/commerce/fail", self.fail, methods=["POST"]),
            Route("/commerce/recover", self.recover, methods=["POST"]),
            Route("/stream", self.stream),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    async def events(self, request: Request) -> Response:
        """The newest events, filtered."""
        query = request.query_params
        names = ("entity", "event", "status", "uid")
        wanted = Filter(**{name: query.get(name, "").strip() for name in names})
        return self._page(
            "events",
            request,
            rows=events.read_events(self._journal, wanted, paused=self._paused()),
            wanted=wanted,
            entities=list(INBOUND_ENTITIES),
            names=SEQUENCE,
            statuses=(PENDING_FILTER, *STATUSES),
        )

    async def event(self, request: Request) -> Response:
        """One event's history."""
        key = request.query_params.get("key", "")
        if entry := events.rejection(self._journal, key):
            return self._page("rejection", request, entry=entry)
        history, dead_letters = await run_in_threadpool(
            self._operations.history, key, self._paused()
        )
        if history is None:
            return self._page("unknown", request, 404, key=key)
        calls = None
        if self._stand_in:
            calls = events.commerce_calls(self._stand_in.journal, self._journal, key)
        return self._page(
            "event",
            request,
            key=key,
            history=history,
            dead_letters=dead_letters,
            payload=events.payload(self._journal, key),
            calls=calls,
        )

    async def dead_letters(self, request: Request) -> Response:
        """The dead letters."""
        dead_letters = await run_in_threadpool(self._operations.dead_letters)
        return self._page("dead_letters", request, dead_letters=dead_letters)

    async def replay(self, request: Request) -> Response:
        """Publish a dead letter again."""
        form = await _form(request)
        replay = await run_in_threadpool(
            self._operations.replay,
            form.get("message_id", ""),
            bool(form.get("even_if_newer")),
        )
        if replay is None:
            notice = "This dead letter no longer exists: it was replayed or discarded."
        elif replay.result == "replayed":
            return _back(form, replayed=replay.new_message_id)
        else:
            notice = f"Not replayed. {replay.detail}"
        return _back(form, notice)

    async def discard(self, request: Request) -> Response:
        """Delete a dead letter."""
        form = await _form(request)
        discarded = await run_in_threadpool(
            self._operations.discard, form.get("message_id", "")
        )
        if discarded is None:
            return _back(form, "This dead letter no longer exists.")
        return _back(form, f"Discarded: {discarded.uid}.")

    async def send(self, request: Request) -> Response:
        """A form that posts a sample."""
        selected = request.query_params.get("event", SEQUENCE[0])
        stack = self._operations.deployment.stack
        store = "" if self._stand_in else stack["commerce"]
        return self._page(
            "send", request, names=SEQUENCE, selected=selected, store=store
        )

    async def sample(self, request: Request) -> Response:
        """A body to post, as JSON."""
        try:
            event = request.query_params.get("event", "")
            return JSONResponse(await run_in_threadpool(self._operations.sample, event))
        except KeyError:
            return JSONResponse({"error": "There is no such event"}, 404)

    async def post(self, request: Request) -> Response:
        """Post a body to ingest, and return its response."""
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            error = f"The body is longer than {MAX_BODY_BYTES} bytes"
            return JSONResponse({"status": 413, "body": {"error": error}})
        media_type = request.headers.get("content-type", "")
        response = await run_in_threadpool(self._operations.post, body, media_type)
        return JSONResponse({"status": response.status, "body": response.body})

    async def commerce(self, request: Request) -> Response:
        """What the stand-in holds, and the faults it can simulate."""
        content = commerce_page.content(self._stand_in) if self._stand_in else None
        address = self._operations.deployment.stack["commerce"]
        return self._page("commerce", request, content=content, address=address)

    async def fail(self, request: Request) -> Response:
        """Simulate a fault of the stand-in."""
        form = await _form(request)
        if self._stand_in is None:
            return _back(form, "Events go to a real store: no fault can be simulated.")
        try:
            notice = commerce_page.add_fault(self._stand_in.faults, form)
        except ValueError as error:
            notice = f"No fault was simulated: {error}."
        return _back(form, notice)

    async def recover(self, request: Request) -> Response:
        """End the simulated faults."""
        if self._stand_in:
            self._stand_in.faults.remove()
        return _back(await _form(request), "Commerce works again.")

    async def stream(self, request: Request) -> Response:
        """Server-sent events: the stages of new journal entries."""
        return StreamingResponse(
            live_updates(self._journal, self._closing),
            media_type="text/event-stream",
            headers={"x-live": "yes"},
        )

    def _replayed(self, message_id: str) -> str:
        if not message_id:
            return ""
        return events.replay_notice(self._journal, message_id)

    def _paused(self) -> frozenset[str]:
        """The entities whose delivery is paused."""
        name = self._operations.deployment.subscription
        entities = INBOUND_ENTITIES
        return frozenset(e for e in entities if not self._broker.is_pushed(name(e)))

    def _page(
        self, name: str, request: Request, status: int = 200, **values: Any
    ) -> HTMLResponse:
        deployment = self._operations.deployment
        stats = self._broker.stats()
        dead = stats.get(deployment.dead_letter_subscription)
        undelivered = sum(
            one.undelivered
            for subscription, one in stats.items()
            if subscription != deployment.dead_letter_subscription
        )
        html = self._pages.get_template(f"{name}.html").render(
            page=name,
            notice=request.query_params.get("notice", ""),
            replayed=self._replayed(request.query_params.get("replayed", "")),
            here=request.url.path + ("?" + request.url.query).rstrip("?"),
            dead_count=dead.undelivered if dead else 0,
            undelivered=undelivered,
            faults=self._stand_in.faults.as_dicts() if self._stand_in else [],
            ingest=deployment.stack["ingest"],
            **values,
        )
        return HTMLResponse(html, status)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    return dict(parse_qsl(body[:MAX_BODY_BYTES].decode(errors="replace")))


def _unavailable(request: Request, error: Exception) -> Response:
    text = f"Unavailable: {error}. Go back and try again.\n"
    return PlainTextResponse(text, 503)


def _back(form: dict[str, str], notice: str = "", replayed: str = "") -> Response:
    """Redirect to the form's page, which shows *notice*.

    Args:
        replayed: the message of a replay; the page shows what became of it.
    """
    target = form.get("back", "/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        target = "/"
    path, _, query = target.partition("?")
    kept = [pair for pair in parse_qsl(query) if pair[0] not in ("notice", "replayed")]
    shown = ("replayed", replayed) if replayed else ("notice", notice)
    return RedirectResponse(f"{path}?{urlencode([*kept, shown])}", 303)
