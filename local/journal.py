"""The journal: the functions' log entries and the observations of broker and stand-in.

It is kept in the stack's SQLite file, newest last. Terminal and console read it.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from cli.journal_entries import COLUMNS, SCHEMA, JournalEntry, read_entries

MAX_ENTRIES = 20_000  # older ones are deleted
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
        labels = {name: value for name, value in labels.items() if value is not None}
        at = self._clock() if at is None else at
        more = {k: v for k, v in labels.items() if k not in COLUMNS}
        row = self._db.execute(
            "INSERT INTO journal_entry"
            " (at, stage, event, entity, uid, message_id, more)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (at, stage, *(labels.get(c) for c in COLUMNS), json.dumps(more)),
        )
        entry = JournalEntry(row.lastrowid, at, stage, labels)
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
