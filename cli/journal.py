"""The local stack's journal, as commands read it and take lines out of it."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cli.happened import Entry, read
from cli.where import Unreachable

BUSY_SECONDS = 10.0
MOST = 1000  # entries of one uid
APART = ("room", "data")  # labels that are no part of an event's life


def entries(state: Path, uid: str, dead_letters: str) -> list[Entry]:
    """What happened to *uid*, oldest first, each thing once.

    Broker and functions see the same stages. Of the broker's, publishing stays (it
    knows of replays, too), and pushes that no consumer told of; *dead_letters* is the
    topic where publishing means ``dead-lettered``.

    Raises:
        Unreachable: the file cannot be read.
    """
    if not state.exists():
        return []
    with _opened(f"file:{state}?mode=ro") as db:
        if not _has_journal(db):
            return []
        found = read(db, uid=uid, most=MOST)
    broker = [entry for entry in found if entry.labels.get("room") == "broker"]
    theirs = [entry for entry in found if "room" not in entry.labels]
    published = {_message(entry) for entry in broker if entry.stage == "published"}
    ended = {_try(entry) for entry in theirs if entry.stage == "outcome"}
    kept = [
        entry
        for entry in theirs
        if entry.stage != "published" or _message(entry) not in published
    ]
    kept += _of_broker(broker, ended, dead_letters)
    return sorted(kept, key=lambda entry: entry.id)


def about(state: Path | None, uid: str | None, messages: Iterable[str]) -> int:
    """How many lines are about *uid*, or about *messages* and their uids.

    Raises:
        Unreachable: the file cannot be read.
    """
    return _about(state, "SELECT count(*)", uid, messages)


def forget(state: Path | None, uid: str | None, messages: Iterable[str]) -> int:
    """Remove the lines that :func:`about` counts; how many.

    Raises:
        Unreachable: the file cannot be written.
    """
    return _about(state, "DELETE", uid, messages)


def _of_broker(
    entries: list[Entry], ended: set[tuple], dead_letters: str
) -> Iterator[Entry]:
    for entry in entries:
        labels = {k: v for k, v in entry.labels.items() if k not in APART}
        if entry.stage == "published":
            lies = labels.pop("topic", "") == dead_letters
            stage = "dead-lettered" if lies else "published"
            yield Entry(entry.id, entry.at, stage, labels)
        elif entry.stage == "answered" and _try(entry) not in ended:
            yield Entry(entry.id, entry.at, "attempt", labels)
        elif entry.stage == "dead-lettered":
            yield Entry(entry.id, entry.at, "out of tries", labels)


def _message(entry: Entry) -> str | None:
    return entry.labels.get("message_id")


def _try(entry: Entry) -> tuple:
    return _message(entry), entry.labels.get("attempt")


def _about(
    state: Path | None, what: str, uid: str | None, messages: Iterable[str]
) -> int:
    if state is None or not state.exists():
        return 0
    with _opened(f"file:{state}?mode=rw") as db:
        if not _has_journal(db):
            return 0
        db.execute("CREATE TEMP TABLE meant (id TEXT PRIMARY KEY)")
        db.executemany("INSERT INTO meant VALUES (?)", [(m,) for m in set(messages)])
        # Read before anything is deleted: it is found by rows that go.
        db.execute("CREATE TEMP TABLE theirs (uid TEXT)")
        db.execute(
            "INSERT INTO theirs SELECT ? UNION"
            " SELECT uid FROM happened WHERE message_id IN meant AND uid IS NOT NULL",
            (uid,),
        )
        done = db.execute(
            f"{what} FROM happened WHERE message_id IN meant OR uid IN theirs"
        )
        return done.rowcount if what == "DELETE" else done.fetchone()[0]


def _has_journal(db: sqlite3.Connection) -> bool:
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'happened'")
    return found.fetchone() is not None


@contextmanager
def _opened(uri: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as db:
            yield db
    except sqlite3.Error as error:
        raise Unreachable(f"The journal cannot be read: {error}") from error
