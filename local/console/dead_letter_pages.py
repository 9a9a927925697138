"""The dead letters: list, replay and discard, one by one or all that match a filter."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cli.dead_letter import Selection
from cli.dead_letter_queue import Replay
from cli.sample_events import SEQUENCE
from functions.events.catalog import ENTITIES, OUTBOUND_EVENTS
from local.console.forms import back, page_number, read_form
from local.console.operations import Operations
from local.console.paging import pages

PAGE_ROWS = 50
PREVIEW_ROWS = 200
FILTERS = ("entity", "event", "uid", "reason")
ACTIONS = ("replay", "discard")


class DeadLetterPages:
    """Serves the pages and forms about dead letters.

    Args:
        page: renders a template by its name, for a request, with values.
    """

    def __init__(self, operations: Operations, page: Callable[..., Response]) -> None:
        self._operations = operations
        self._page = page

    def routes(self) -> list[Route]:
        """Where they are served."""
        return [
            Route("/dead-letters", self.dead_letters),
            Route("/dead-letters/preview", self.preview),
            Route("/dead-letters/bulk", self.bulk, methods=["POST"]),
            Route("/dead-letters/replay", self.replay, methods=["POST"]),
            Route("/dead-letters/discard", self.discard, methods=["POST"]),
        ]

    async def dead_letters(self, request: Request) -> Response:
        """The dead letters that match a filter."""
        selection = _selection(request.query_params)
        dead_letters = await run_in_threadpool(self._operations.dead_letters, selection)
        number = page_number(request.query_params.get("page"))
        start = (number - 1) * PAGE_ROWS
        return self._page(
            "dead_letters",
            request,
            dead_letters=dead_letters[start : start + PAGE_ROWS],
            pages=pages(request, number, len(dead_letters), PAGE_ROWS),
            **_filter_values(selection),
        )

    async def preview(self, request: Request) -> Response:
        """What a replay or removal of all that match a filter would do."""
        query = request.query_params
        selection = _selection(query)
        action = query.get("action", "")
        action = action if action in ACTIONS else ACTIONS[0]
        options = {name: bool(query.get(name)) for name in ("again", "even_if_newer")}
        replays = await run_in_threadpool(
            self._operations.preview, selection, action, **options
        )
        counts = Counter(replay.result for replay in replays)
        affected = [
            replay.dead_letter.message_id
            for replay in replays
            if replay.result != "left out"
        ]
        return self._page(
            "preview",
            request,
            action=action,
            options=options,
            replays=replays[:PREVIEW_ROWS],
            hidden=max(0, len(replays) - PREVIEW_ROWS),
            affected=affected,
            left_out=counts["left out"],
            back="/dead-letters?" + _query(selection),
        )

    async def bulk(self, request: Request) -> Response:
        """Replay or discard the dead letters that a preview listed."""
        form = await read_form(request)
        ids = frozenset(form.get("message_ids", "").split(",")) - {""}
        if not ids or form.get("action") not in ACTIONS:
            return back(form, "Nothing was done: no dead letters were named.")
        if form["action"] == "discard":
            count = await run_in_threadpool(self._operations.discard_all, ids)
            return back(form, _sentence(Counter(discarded=count), len(ids)))
        replays = await run_in_threadpool(
            self._operations.replay_all,
            ids,
            again=bool(form.get("again")),
            even_if_newer=bool(form.get("even_if_newer")),
        )
        return back(form, _replayed_sentence(replays, len(ids)))

    async def replay(self, request: Request) -> Response:
        """Publish a dead letter again."""
        form = await read_form(request)
        replay = await run_in_threadpool(
            self._operations.replay,
            form.get("message_id", ""),
            bool(form.get("even_if_newer")),
        )
        if replay is None:
            notice = "This dead letter no longer exists: it was replayed or discarded."
        elif replay.result == "replayed":
            return back(form, replayed=replay.new_message_id)
        else:
            notice = f"Not replayed. {replay.detail}"
        return back(form, notice)

    async def discard(self, request: Request) -> Response:
        """Delete a dead letter."""
        form = await read_form(request)
        discarded = await run_in_threadpool(
            self._operations.discard, form.get("message_id", "")
        )
        if discarded is None:
            return back(form, "This dead letter no longer exists.")
        return back(form, f"Discarded: {discarded.uid}.")


def _selection(query: Mapping[str, str]) -> Selection:
    filters = {name: query.get(name, "").strip() or None for name in FILTERS}
    return Selection(**filters)


def _filter_values(selection: Selection) -> dict[str, Any]:
    return {
        "wanted": {name: getattr(selection, name) or "" for name in FILTERS},
        "is_filtered": selection != Selection(),
        "entities": list(ENTITIES),
        "names": (*SEQUENCE, *OUTBOUND_EVENTS),
    }


def _query(selection: Selection) -> str:
    values = {name: getattr(selection, name) for name in FILTERS}
    return urlencode({name: value for name, value in values.items() if value})


def _replayed_sentence(replays: list[Replay], wanted: int) -> str:
    counts = Counter(replay.result for replay in replays)
    sentence = _sentence(counts, wanted)
    details = [replay.detail for replay in replays if replay.detail]
    return f"{sentence} {details[0]}." if details else sentence


def _sentence(counts: Counter[str], wanted: int) -> str:
    gone = wanted - counts.total()
    words = [f"{count} {result}" for result, count in sorted(counts.items())]
    if gone:
        words.append(f"{gone} no longer there")
    return f"Dead letters: {', '.join(words)}."
