"""The console's pages and forms."""

import asyncio
import re
import time
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
from cli.event_list import PENDING_FILTER, STATUSES, Filter
from cli.sample_events import SEQUENCE
from functions.events.catalog import ENTITIES
from functions.ledger.store import LedgerUnavailable
from local.back_office import BackOffice
from local.broker import Broker
from local.commerce import StandIn
from local.console import api_page, commerce_page, events
from local.console.charts import charts
from local.console.curl import curl_command
from local.console.dead_letter_pages import DeadLetterPages, pages
from local.console.events import RejectedRequest
from local.console.forms import MAX_BODY_BYTES, back, page_number, read_form
from local.console.guard import Guard
from local.console.journal_index import JournalIndex
from local.console.live_updates import live_updates
from local.console.operations import Operations
from local.console.outbound_pages import OutboundPages
from local.console.pages import pretty, templates
from local.console.resource_history import resource_of
from local.journal import Journal
from local.web import WebServer

HERE = Path(__file__).parent
PAGE_ROWS = 100


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
        self._index = JournalIndex(journal)
        self._reader: asyncio.Task[None] | None = None
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
        address = await self._server.start(host, port)
        self._reader = asyncio.create_task(self._index.keep_current(self._closing))
        return address

    async def stop(self) -> None:
        """End the streams and stop listening."""
        self._closing.set()
        await self._server.stop()
        if self._reader:
            await self._reader

    def _routes(self) -> list[Route | Mount]:
        return [
            Route("/", self.events),
            Route("/event", self.event),
            Route("/payload", self.payload),
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

    async def events(self, request: Request) -> Response:
        """The events that match a filter, the newest first, and charts."""
        query = request.query_params
        names = ("entity", "event", "status", "search")
        wanted = Filter(**{name: query.get(name, "").strip() for name in names})
        number = page_number(query.get("page"))
        self._index.refresh()
        rows, count = self._index.events.page(
            wanted, (number - 1) * PAGE_ROWS, PAGE_ROWS, self._paused()
        )
        return self._page(
            "events",
            request,
            rows=rows,
            pages=pages(request, number, count, PAGE_ROWS),
            charts=charts(self._index.activity, time.time(), *self._backlog()),
            wanted=wanted,
            entities=list(ENTITIES),
            names=SEQUENCE,
            statuses=(PENDING_FILTER, *STATUSES),
        )

    async def event(self, request: Request) -> Response:
        """One event's history."""
        key = request.query_params.get("key", "")
        if entry := events.rejection(self._journal, key):
            rejected = self._rejected_request(entry.labels)
            return self._page(
                "rejection",
                request,
                key=key,
                entry=entry,
                rejected=rejected,
                curl=self._curl(rejected.body) if rejected else "",
            )
        history, dead_letters = await run_in_threadpool(
            self._operations.history, key, self._paused()
        )
        if history is None:
            return self._page("unknown", request, 404, key=key)
        calls = None
        if self._stand_in:
            calls = events.commerce_calls(self._stand_in.journal, self._journal, key)
        body = events.posted_body(self._journal, key)
        payload = events.payload(self._journal, key)
        event = history.steps[0].labels.get("event") or ""
        return self._page(
            "event",
            request,
            key=key,
            history=history,
            dead_letters=dead_letters,
            payload=payload,
            resource=resource_of(event, payload),
            rejected=self._rejected_request(history.steps[-1].labels),
            curl=self._curl(body) if body else "",
            calls=calls,
        )

    async def payload(self, request: Request) -> Response:
        """The value of an event, or the body of a rejected request, as a file."""
        key = request.query_params.get("key", "")
        content: str | None = None
        if entry := events.rejection(self._journal, key):
            rejected = self._rejected_request(entry.labels)
            content = rejected.body if rejected else None
        elif (value := events.payload(self._journal, key)) is not None:
            content = pretty(value)
        if content is None:
            return PlainTextResponse("No payload of this event is stored.\n", 404)
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", key).strip("._")[:100] or "payload"
        disposition = f'attachment; filename="{name}.json"'
        return Response(
            content,
            media_type="application/json",
            headers={"content-disposition": disposition},
        )

    def _rejected_request(self, labels: dict[str, Any]) -> RejectedRequest | None:
        return events.rejected_request(self._journal, labels.get("request", ""))

    def _curl(self, body: str) -> str:
        return curl_command(
            self._operations.deployment.stack["ingest"],
            body,
            self._operations.credentials,
        )

    def _backlog(self) -> tuple[dict[str, int], int]:
        """Undelivered messages by entity, and the number of dead letters."""
        deployment, stats = self._operations.deployment, self._broker.stats()

        def undelivered(subscription: str) -> int:
            known = stats.get(subscription)
            return known.undelivered if known else 0

        backlog = {e: undelivered(deployment.subscription(e)) for e in ENTITIES}
        return backlog, undelivered(deployment.dead_letter_subscription)

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
        response = await run_in_threadpool(self._operations.post, body)
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

    def _paused(self) -> frozenset[str]:
        """The entities whose delivery is paused."""
        name = self._operations.deployment.subscription
        return frozenset(e for e in ENTITIES if not self._broker.is_pushed(name(e)))

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
