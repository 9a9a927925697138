"""The stream that tells the console's pages that something happened."""

import asyncio
import json
from collections.abc import AsyncIterator

from cli.happened import Entry
from local.journal import Journal

TICK_SECONDS = 0.2  # a page is told of a crowd of happenings once
SILENCE_SECONDS = 15.0  # then a comment, so that a page gone is noticed


async def ticks(journal: Journal, closing: asyncio.Event) -> AsyncIterator[str]:
    """Server-sent events: the stages that happened since the last one.

    Args:
        closing: set when there will be no more.
    """
    stages: set[str] = set()
    happened = asyncio.Event()

    def take(entry: Entry) -> None:
        stages.add(entry.stage)
        happened.set()

    journal.listen(take)
    try:
        yield "retry: 1000\n\n"
        while not closing.is_set():
            try:
                await asyncio.wait_for(_either(happened, closing), SILENCE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            await asyncio.sleep(TICK_SECONDS)
            told, happened_now = json.dumps(sorted(stages)), bool(stages)
            stages.clear()
            happened.clear()
            if happened_now:
                yield f"data: {told}\n\n"
    finally:
        journal.unlisten(take)


async def _either(*happenings: asyncio.Event) -> None:
    """Wait for the first of them."""
    waits = [asyncio.ensure_future(one.wait()) for one in happenings]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
