"""The journal's content in memory, as the console's pages need it.

A page reads only the entries that are new since the last one, so its time hardly
depends on how many there are.
"""

import asyncio
import contextlib

from cli.event_list import EventIndex
from cli.journal_file import FORGOTTEN
from local.console.activity import Activity
from local.journal import Journal

CHUNK = 500  # entries that are read at once, within a few milliseconds
INTERVAL_SECONDS = 1.0


class JournalIndex:
    """The events and the activity of one journal; call :meth:`catch_up` before use.

    Attributes:
        events: one row each.
        activity: figures of the last minutes.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._restart()

    def _restart(self) -> None:
        self.events = EventIndex()
        self.activity = Activity()
        self._last_id = 0
        self._first_unread = self._journal.newest() + 1

    def refresh(self) -> None:
        """Take in all entries since the last call."""
        while self._read_chunk():
            pass

    async def catch_up(self) -> None:
        """Take in all entries since the last call.

        The stack's other parts, which share the event loop, run in between.
        """
        while self._read_chunk():
            await asyncio.sleep(0)

    async def keep_current(self, closing: asyncio.Event) -> None:
        """Take in new entries in the background, so that pages find few.

        Args:
            closing: set when the server stops.
        """
        while not closing.is_set():
            await self.catch_up()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), INTERVAL_SECONDS)

    def _read_chunk(self) -> bool:
        """Take in some entries; whether there may be more."""
        entries = self._journal.read_next(self._last_id, CHUNK)
        for entry in entries:
            if entry.stage == FORGOTTEN and entry.id >= self._first_unread:
                # Entries that were read before are deleted.
                self._restart()
                return True
            self.events.add(entry)
            self.activity.add(entry)
            self._last_id = entry.id
        self.events.drop_before(self._journal.oldest())
        return len(entries) == CHUNK
