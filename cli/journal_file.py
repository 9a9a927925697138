"""The local stack's file, as commands read it and delete journal entries from it."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.deployment import Unreachable
from cli.journal_entries import (
    OPERATOR,
    REQUEST,
    JournalEntry,
    insert_entry,
    read_entries,
)

BUSY_SECONDS = 10.0
JOURNAL = "journal_entry"
FORGOTTEN = "forgotten"  # stage of the entry after a deletion


@dataclass(frozen=True)
class Backlog:
    """How many messages of a subscription are not acknowledged, by their state."""

    waiting: int = 0
    in_flight: int = 0
    retrying: int = 0


def read_journal(state: Path | None, uid: str) -> list[JournalEntry]:
    """The journal's entries about *uid*, oldest first; none without a journal.

    Raises:
        Unreachable: the file cannot be read.
    """
    if state is None or not state.exists():
        return []
    with _connection(f"file:{state}?mode=ro") as db:
        return read_entries(db, uid=uid) if _has_table(db, JOURNAL) else []


def read_newest(state: Path, limit: int) -> list[JournalEntry]:
    """The journal's newest *limit* entries, oldest first; none without a journal.

    Raises:
        Unreachable: the file cannot be read.
    """
    if not state.exists():
        return []
    with _connection(f"file:{state}?mode=ro") as db:
        return read_entries(db, limit=limit) if _has_table(db, JOURNAL) else []


def read_backlog(state: Path) -> dict[str, Backlog]:
    """The undelivered messages of each subscription, by its full name.

    Raises:
        Unreachable: the file cannot be read.
    """
    if not state.exists():
        return {}
    with _connection(f"file:{state}?mode=ro") as db:
        if not _has_table(db, "broker_delivery"):
            return {}
        rows = db.execute(
            "SELECT name, sum(state = 'waiting' AND attempt = 0),"
            " sum(state = 'leased'), sum(state = 'waiting' AND attempt > 0)"
            " FROM broker_delivery JOIN broker_subscription"
            " ON broker_subscription.id = subscription"
            " WHERE state != 'acknowledged' GROUP BY name"
        )
        return {name: Backlog(*counts) for name, *counts in rows}


def add_operation(state: Path | None, stage: str, **labels: Any) -> None:
    """Record what an operator did with an event; without a journal nothing.

    Raises:
        Unreachable: the file cannot be written.
    """
    if state is None or not state.exists():
        return
    with _connection(f"file:{state}?mode=rw") as db:
        if _has_table(db, JOURNAL):
            _add_operation(db, stage, labels)


def _add_operation(db: sqlite3.Connection, stage: str, labels: dict[str, Any]) -> None:
    insert_entry(db, time.time(), stage, {"component": OPERATOR, **labels})


def count_entries(
    state: Path | None, uid: str | None, message_ids: Iterable[str]
) -> int:
    """How many entries are about *uid*, or about *message_ids* and their uids.

    Raises:
        Unreachable: the file cannot be read.
    """
    return _execute(state, "SELECT count(*)", uid, message_ids)


def delete_entries(
    state: Path | None, uid: str | None, message_ids: Iterable[str], name: str = ""
) -> int:
    """Delete the entries that :func:`count_entries` counts; returns how many.

    Args:
        name: also delete the bodies of rejected requests that contain it; they need not
            have a readable uid.

    Raises:
        Unreachable: the file cannot be written.
    """
    return _execute(state, "DELETE", uid, message_ids, name)


def _execute(
    state: Path | None,
    action: str,
    uid: str | None,
    message_ids: Iterable[str],
    name: str = "",
) -> int:
    if state is None or not state.exists():
        return 0
    with _connection(f"file:{state}?mode=rw") as db:
        if not _has_table(db, JOURNAL):
            return 0
        db.execute("CREATE TEMP TABLE messages (id TEXT PRIMARY KEY)")
        db.executemany(
            "INSERT INTO messages VALUES (?)", [(m,) for m in set(message_ids)]
        )
        # The uids are read before a deletion: the rows that name them are deleted too.
        db.execute("CREATE TEMP TABLE uids (uid TEXT)")
        db.execute(
            "INSERT INTO uids SELECT ? UNION"
            " SELECT uid FROM journal_entry"
            " WHERE message_id IN messages AND uid IS NOT NULL",
            (uid,),
        )
        if action == "DELETE":
            db.execute("BEGIN IMMEDIATE")
        cursor = db.execute(
            f"{action} FROM journal_entry WHERE message_id IN messages OR uid IN uids"
        )
        if action != "DELETE":
            return int(cursor.fetchone()[0])
        if name:
            db.execute(
                "DELETE FROM journal_entry"
                " WHERE stage = ? AND instr(lower(more), lower(?))",
                (REQUEST, json.dumps(name)[1:-1]),
            )
        # The running stack's index of events then forgets them too.
        _add_operation(db, FORGOTTEN, {})
        db.execute("COMMIT")
        return cursor.rowcount


def _has_table(db: sqlite3.Connection, name: str) -> bool:
    table = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
    return table.fetchone() is not None


@contextmanager
def _connection(uri: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as db:
            yield db
    except sqlite3.Error as error:
        raise Unreachable(f"The journal cannot be read: {error}") from error
