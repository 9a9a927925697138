"""The console's pages and forms."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cli.deployment import Unreachable
from cli.sample_events import SEQUENCE
from functions.ledger.store import LedgerUnavailable
from local.back_office import BackOffice
from local.broker import Broker
from local.commerce import StandIn
from local.console import api_page, commerce_page, events
from local.console.dead_letter_pages import DeadLetterPages
from local.console.event_pages import EventPages
from local.console.forms import MAX_BODY_BYTES, back, read_form
from local.console.guard import Guard
from local.console.live_updates import live_updates
from local.console.operations import Operations
from local.console.outbound_pages import OutboundPages
from local.console.pages import templates
from local.journal import Journal
from local.web import WebServer

HERE = Path(__file__).parent


class Console:
    """Serves the pages.

    Args:
        stand_in: None where events go to a real store.
        back_office: None where Commerce's events go to a real third party.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        stand_in: StandIn | None,
        operations: Operations,
        back_office: BackOffice | None = None,
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._stand_in = stand_in
        self._operations = operations
        self._back_office = back_office
        self._closing = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._pages = templates()
        self._events = EventPages(journal, broker, stand_in, operations, self._page)
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
        address = await self._server.start(host, port)
        self._reader = asyncio.create_task(
            self._events.index.keep_current(self._closing)
        )
        return address

    async def stop(self) -> None:
        """End the streams and stop listening."""
        self._closing.set()
        await self._server.stop()
        if self._reader:
            await self._reader

    def _routes(self) -> list[Route | Mount]:
        return [
            *self._events.routes(),
            *DeadLetterPages(self._operations, self._page).routes(),
            Route("/send", self.send),
            Route("/send", self.post, methods=["POST"]),
            Route("/sample", self.sample),
            Route("/commerce", self.commerce),
            Route("/commerce/fail", self.fail, methods=["POST"]),
            Route("/commerce/recover", self.recover, methods=["POST"]),
            *OutboundPages(
                self._back_office, self._stand_in, self._journal, self._page
            ).routes(),
            Route("/stream", self.stream),
            Route("/api", self.api),
            Route("/openapi.json", self.openapi),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

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
        duplicate = events.was_published(self._journal, body)
        media_type = request.headers.get("content-type", "")
        response = await run_in_threadpool(self._operations.post, body, media_type)
        content = {"status": response.status, "body": response.body}
        return JSONResponse({**content, "duplicate": duplicate})

    async def commerce(self, request: Request) -> Response:
        """What the stand-in holds, and the faults it can simulate."""
        content = commerce_page.content(self._stand_in) if self._stand_in else None
        address = self._operations.deployment.stack["commerce"]
        return self._page("commerce", request, content=content, address=address)

    async def fail(self, request: Request) -> Response:
        """Simulate a fault of the stand-in."""
        form = await read_form(request)
        if self._stand_in is None:
            return back(form, "Events go to a real store: no fault can be simulated.")
        try:
            notice = commerce_page.add_fault(self._stand_in.faults, form)
        except ValueError as error:
            notice = f"No fault was simulated: {error}."
        return back(form, notice)

    async def recover(self, request: Request) -> Response:
        """End the simulated faults."""
        if self._stand_in:
            self._stand_in.faults.remove()
        return back(await read_form(request), "Commerce works again.")

    async def api(self, request: Request) -> Response:
        """The reference of ingest's API."""
        return self._page("api", request, api=api_page.content())

    async def openapi(self, request: Request) -> Response:
        """The document behind the reference."""
        return FileResponse(api_page.DOCUMENT, media_type="application/json")

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


def _unavailable(request: Request, error: Exception) -> Response:
    text = f"Unavailable: {error}. Go back and try again.\n"
    return PlainTextResponse(text, 503)
