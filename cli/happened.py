"""What happened in a local stack, as its SQLite file has it: a table, and its reading.

The stack writes it (``local/journal.py``); its console and the commands read it.
"""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

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


def read(
    db: sqlite3.Connection,
    after: int = 0,
    *,
    uid: str | None = None,
    most: int = 1_000,
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
    rows = db.execute(
        f"SELECT * FROM happened WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 where is one of the two texts above
        (*values, most),
    ).fetchall()
    return [_entry(row) for row in reversed(rows)]


def _entry(row: tuple) -> Entry:
    number, at, stage, *columns, more = row
    labels = {c: v for c, v in zip(COLUMNS, columns, strict=True) if v is not None}
    return Entry(number, at, stage, {**labels, **json.loads(more)})
