"""The journal: the functions' log entries and the observations of broker and stand-in.

It is kept in the stack's SQLite file, newest last. Terminal and console read it.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from cli.journal_entries import (
    SCHEMA,
    JournalEntry,
    insert_entry,
    read_entries,
    read_next,
)

MAX_ENTRIES = 150_000  # older ones are deleted; about 20,000 events
TRIM_EVERY = 1_000


class Journal:
    """Appends entries and passes them to listeners.

    Args:
        db: the stack's SQLite file.
        clock: seconds since 1970.
    """

    def __init__(
        self, db: sqlite3.Connection, clock: Callable[[], float] = time.time
    ) -> None:
        self._db = db
        self._clock = clock
        self._listeners: list[Callable[[JournalEntry], None]] = []
        db.executescript(SCHEMA)

    def observe(self, stage: str, at: float | None = None, **labels: Any) -> None:
        """Append an entry; labels that are None are left out.

        Args:
            at: its time, in seconds since 1970; by default now.
        """
        at = self._clock() if at is None else at
        entry = insert_entry(self._db, at, stage, labels)
        if entry.id % TRIM_EVERY == 0:
            oldest = entry.id - MAX_ENTRIES
            self._db.execute("DELETE FROM journal_entry WHERE id <= ?", (oldest,))
        for listener in self._listeners:
            listener(entry)

    def listen(self, listener: Callable[[JournalEntry], None]) -> None:
        """Call *listener* with every entry from now on."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[JournalEntry], None]) -> None:
        """Stop calling *listener*."""
        self._listeners.remove(listener)

    def read(
        self,
        after: int = 0,
        *,
        uid: str | None = None,
        message_id: str | None = None,
        limit: int = 1_000,
    ) -> list[JournalEntry]:
        """Entries after id *after*, oldest first; the newest *limit* of them.

        Args:
            uid: only entries of this uid, and of the messages that carried it.
            message_id: only entries of this message.
        """
        return read_entries(
            self._db, after, uid=uid, message_id=message_id, limit=limit
        )

    def read_next(self, after: int, limit: int) -> list[JournalEntry]:
        """The *limit* entries that follow id *after*, oldest first."""
        return read_next(self._db, after, limit)

    def entry(self, number: int) -> JournalEntry | None:
        """The entry with id *number*."""
        entries = self.read_next(number - 1, 1)
        return entries[0] if entries and entries[0].id == number else None

    def oldest(self) -> int:
        """Id of the oldest entry; 0 without one."""
        [(number,)] = self._db.execute("SELECT min(id) FROM journal_entry")
        return number or 0

    def newest(self) -> int:
        """Id of the newest entry; 0 without one."""
        [(number,)] = self._db.execute("SELECT max(id) FROM journal_entry")
        return number or 0
