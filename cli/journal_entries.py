"""The local stack's journal: one SQLite table, its entries, and how they are read.

The stack writes it (``local/journal.py``); its console and the commands read it.
"""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

COLUMNS = ("event", "entity", "uid", "message_id")
MAX_ENTRIES_READ = 1_000
# Labels "component" of entries that no function logged.
BROKER = "broker"  # the broker's observations
OPERATOR = "operator"  # what commands and console did
REQUEST = "request"  # requests that ingest rejected, with their bodies
# Components whose entries are about the state of an event; None: a function.
OF_EVENTS = (None, BROKER, OPERATOR)

SCHEMA = """
CREATE TABLE IF NOT EXISTS journal_entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL,
  stage TEXT NOT NULL,
  event TEXT, entity TEXT, uid TEXT, message_id TEXT,
  more TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_uid ON journal_entry (uid);
CREATE INDEX IF NOT EXISTS journal_message ON journal_entry (message_id);
"""


@dataclass(frozen=True)
class JournalEntry:
    """A log entry of a function, or an observation of the broker or the stand-in.

    Attributes:
        id: grows with time.
        at: seconds since 1970.
        stage: as in the functions' log entries (docs/operations.md), or the broker's
            own.
        labels: the entry's other fields, such as ``uid``, ``attempt`` and ``status``;
            ``component`` names the broker, the stand-in or the operator, and is absent
            where a function logged the entry.
    """

    id: int
    at: float
    stage: str
    labels: dict[str, Any] = field(default_factory=dict)


def read_entries(
    db: sqlite3.Connection,
    after: int = 0,
    *,
    uid: str | None = None,
    message_id: str | None = None,
    limit: int = MAX_ENTRIES_READ,
) -> list[JournalEntry]:
    """Entries after id *after*, oldest first; the newest *limit* of them.

    Args:
        uid: only entries of this uid, and of the messages that carried it.
        message_id: only entries of this message.
    """
    condition = "id > ?"
    parameters: list[int | str] = [after]
    if uid is not None:
        condition += (
            " AND (uid = ? OR message_id IN"
            " (SELECT message_id FROM journal_entry WHERE uid = ?))"
        )
        parameters += [uid, uid]
    if message_id is not None:
        condition += " AND message_id = ?"
        parameters.append(message_id)
    rows = db.execute(
        f"SELECT * FROM journal_entry WHERE {condition} ORDER BY id DESC LIMIT ?",  # noqa: S608 the condition consists of the texts above
        (*parameters, limit),
    ).fetchall()
    return [_entry(row) for row in reversed(rows)]


def read_next(
    db: sqlite3.Connection, after: int, limit: int = MAX_ENTRIES_READ
) -> list[JournalEntry]:
    """The *limit* entries that follow id *after*, oldest first."""
    rows = db.execute(
        "SELECT * FROM journal_entry WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
    )
    return [_entry(row) for row in rows]


def insert_entry(
    db: sqlite3.Connection, at: float, stage: str, labels: dict[str, Any]
) -> JournalEntry:
    """Append an entry; labels that are None are left out.

    Args:
        at: seconds since 1970.
    """
    labels = {name: value for name, value in labels.items() if value is not None}
    more = {k: v for k, v in labels.items() if k not in COLUMNS}
    row = db.execute(
        "INSERT INTO journal_entry (at, stage, event, entity, uid, message_id, more)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at, stage, *(labels.get(c) for c in COLUMNS), json.dumps(more)),
    )
    return JournalEntry(row.lastrowid or 0, at, stage, labels)


def _entry(row: tuple[Any, ...]) -> JournalEntry:
    number, at, stage, *columns, more = row
    labels = {c: v for c, v in zip(COLUMNS, columns, strict=True) if v is not None}
    return JournalEntry(number, at, stage, {**labels, **json.loads(more)})
