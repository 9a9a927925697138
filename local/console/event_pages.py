"""The list of events, with charts, and the pages about one event."""

import re
import time
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cli.event_list import PENDING_FILTER, STATUSES, Filter
from cli.sample_events import SEQUENCE
from functions.events.catalog import ENTITIES, OUTBOUND_EVENTS
from local.broker import Broker
from local.commerce import StandIn
from local.console import events
from local.console.charts import charts
from local.console.curl import curl_command
from local.console.events import RejectedRequest
from local.console.forms import page_number
from local.console.journal_index import JournalIndex
from local.console.operations import Operations
from local.console.pages import pretty
from local.console.paging import pages
from local.console.resource_history import resource_of
from local.journal import Journal

PAGE_ROWS = 100


class EventPages:
    """Serves the pages about events.

    Args:
        stand_in: None where events go to a real store.
        page: renders a template by its name, for a request, with values.

    Attributes:
        index: the journal's events in memory.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        stand_in: StandIn | None,
        operations: Operations,
        page: Callable[..., Response],
    ) -> None:
        self.index = JournalIndex(journal)
        self._journal = journal
        self._broker = broker
        self._stand_in = stand_in
        self._operations = operations
        self._page = page

    def routes(self) -> list[Route]:
        """Where they are served."""
        return [
            Route("/", self.events),
            Route("/event", self.event),
            Route("/payload", self.payload),
        ]

    async def events(self, request: Request) -> Response:
        """The events that match a filter, the newest first, and charts."""
        query = request.query_params
        names = ("entity", "event", "status", "search")
        wanted = Filter(**{name: query.get(name, "").strip() for name in names})
        number = page_number(query.get("page"))
        await self.index.catch_up()
        rows, count = self.index.events.page(
            wanted, (number - 1) * PAGE_ROWS, PAGE_ROWS, self._paused()
        )
        return self._page(
            "events",
            request,
            rows=rows,
            pages=pages(request, number, count, PAGE_ROWS),
            charts=charts(self.index.activity, time.time(), *self._backlog()),
            wanted=wanted,
            entities=list(ENTITIES),
            names=(*SEQUENCE, *OUTBOUND_EVENTS),
            statuses=(PENDING_FILTER, *STATUSES),
        )

    async def event(self, request: Request) -> Response:
        """One event's history."""
        key = request.query_params.get("key", "")
        if entry := events.rejection(self._journal, key):
            rejected = self._rejected_request(entry.labels)
            is_whole = rejected is not None and not rejected.is_cut
            return self._page(
                "rejection",
                request,
                key=key,
                entry=entry,
                rejected=rejected,
                is_whole=is_whole,
                curl=self._curl(rejected.body) if rejected and is_whole else "",
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
            is_outbound=event in OUTBOUND_EVENTS,
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

    def _paused(self) -> frozenset[str]:
        """The entities whose delivery is paused."""
        name = self._operations.deployment.subscription
        return frozenset(e for e in ENTITIES if not self._broker.is_pushed(name(e)))
