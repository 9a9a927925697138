"""The journal's file, as commands read it and delete entries from it."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cli.deployment import Unreachable
from cli.journal_entries import JournalEntry, read_entries

BUSY_SECONDS = 10.0


def read_journal(state: Path | None, uid: str) -> list[JournalEntry]:
    """The journal's entries about *uid*, oldest first; none without a journal.

    Raises:
        Unreachable: the file cannot be read.
    """
    if state is None or not state.exists():
        return []
    with _connection(f"file:{state}?mode=ro") as db:
        return read_entries(db, uid=uid) if _has_journal(db) else []


def count_entries(
    state: Path | None, uid: str | None, message_ids: Iterable[str]
) -> int:
    """How many entries are about *uid*, or about *message_ids* and their uids.

    Raises:
        Unreachable: the file cannot be read.
    """
    return _execute(state, "SELECT count(*)", uid, message_ids)


def delete_entries(
    state: Path | None, uid: str | None, message_ids: Iterable[str]
) -> int:
    """Delete the entries that :func:`count_entries` counts; returns how many.

    Raises:
        Unreachable: the file cannot be written.
    """
    return _execute(state, "DELETE", uid, message_ids)


def _execute(
    state: Path | None, action: str, uid: str | None, message_ids: Iterable[str]
) -> int:
    if state is None or not state.exists():
        return 0
    with _connection(f"file:{state}?mode=rw") as db:
        if not _has_journal(db):
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
        cursor = db.execute(
            f"{action} FROM journal_entry WHERE message_id IN messages OR uid IN uids"
        )
        return int(cursor.rowcount if action == "DELETE" else cursor.fetchone()[0])


def _has_journal(db: sqlite3.Connection) -> bool:
    table = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal_entry'")
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
