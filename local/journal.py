"""The one list of what happened: functions' log lines and what the rooms saw.

Kept in the stack's SQLite file, newest last; the terminal and the console read it.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEPT = 20_000  # entries; older ones are dropped
TRIM_EVERY = 1_000
COLUMNS = ("event", "entity", "uid", "message_id")

SCHEMA = """
CREATE TABLE IF NOT EXISTS happened (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL,
  stage TEXT NOT NULL,
  event TEXT, entity TEXT, uid TEXT, message_id TEXT,
  more TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS happened_uid ON happened (uid);
CREATE INDEX IF NOT EXISTS happened_message ON happened (message_id);
"""


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Attributes:
        id: grows by time.
        at: seconds since 1970.
        stage: of the one vocabulary, or a room's own word (``dead-lettered``).
        labels: ``event``, ``entity``, ``uid``, ``message_id``, ``attempt``, ``status``,
            ``ms``, ``outcome`` and what else was told.
    """

    id: int
    at: float
    stage: str
    labels: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Appends entries and hands them to whoever listens.

    Args:
        db: the stack's SQLite file.
        clock: seconds since 1970.
    """

    def __init__(
        self, db: sqlite3.Connection, clock: Callable[[], float] = time.time
    ) -> None:
        self._db = db
        self._clock = clock
        self._listeners: list[Callable[[Entry], None]] = []
        db.executescript(SCHEMA)

    def observe(self, stage: str, at: float | None = None, **labels: Any) -> None:
        """Append an entry; labels that are None are left out.

        Args:
            at: when it happened, in seconds since 1970; by default now.
        """
        labels = {name: value for name, value in labels.items() if value is not None}
        at = self._clock() if at is None else at
        more = {k: v for k, v in labels.items() if k not in COLUMNS}
        row = self._db.execute(
            "INSERT INTO happened (at, stage, event, entity, uid, message_id, more)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (at, stage, *(labels.get(c) for c in COLUMNS), json.dumps(more)),
        )
        entry = Entry(row.lastrowid, at, stage, labels)
        if entry.id % TRIM_EVERY == 0:
            self._db.execute("DELETE FROM happened WHERE id <= ?", (entry.id - KEPT,))
        for listener in self._listeners:
            listener(entry)

    def listen(self, listener: Callable[[Entry], None]) -> None:
        """Call *listener* with every entry from now on."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Entry], None]) -> None:
        """Stop calling *listener*."""
        self._listeners.remove(listener)

    def read(
        self, after: int = 0, *, uid: str | None = None, most: int = 1_000
    ) -> list[Entry]:
        """Entries after id *after*, oldest first; the newest *most* of them.

        Args:
            uid: only those of this uid, and of the messages that carried it.
        """
        where, values = "id > ?", [after]
        if uid is not None:
            where += (
                " AND (uid = ? OR message_id IN"
                " (SELECT message_id FROM happened WHERE uid = ?))"
            )
            values += [uid, uid]
        rows = self._db.execute(
            f"SELECT * FROM happened WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 where is one of the two texts above
            (*values, most),
        ).fetchall()
        return [_entry(row) for row in reversed(rows)]


def _entry(row: tuple) -> Entry:
    number, at, stage, *columns, more = row
    labels = {c: v for c, v in zip(COLUMNS, columns, strict=True) if v is not None}
    return Entry(number, at, stage, {**labels, **json.loads(more)})
