"""The stream that tells the console's pages about new journal entries."""

import asyncio
import json
from collections.abc import AsyncIterator

from cli.journal_entries import JournalEntry
from local.journal import Journal

INTERVAL_SECONDS = 0.2  # many entries at once cause one update
KEEP_ALIVE_SECONDS = 15.0  # then a comment, which fails once the page is closed


async def live_updates(journal: Journal, closing: asyncio.Event) -> AsyncIterator[str]:
    """Server-sent events: the stages of the entries since the last one.

    Args:
        closing: set when the server stops.
    """
    stages: set[str] = set()
    changed = asyncio.Event()

    def note_stage(entry: JournalEntry) -> None:
        stages.add(entry.stage)
        changed.set()

    journal.listen(note_stage)
    try:
        yield "retry: 1000\n\n"
        while not closing.is_set():
            try:
                await asyncio.wait_for(_any_of(changed, closing), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield ": keep-alive\n\n"
                continue
            await asyncio.sleep(INTERVAL_SECONDS)
            data = json.dumps(sorted(stages)) if stages else ""
            stages.clear()
            changed.clear()
            if data:
                yield f"data: {data}\n\n"
    finally:
        journal.unlisten(note_stage)


async def _any_of(*events: asyncio.Event) -> None:
    """Wait until one of *events* is set."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
