"""A store in one SQLite file, for any number of processes and threads of a machine."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from functions.ledger.record import encode
from functions.ledger.store import Known, LedgerUnavailable, Record, T, Update

BUSY_SECONDS = 5.0
SWEEP_SECONDS = 600.0
WAL_RETRY_SECONDS = 0.01

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger (
  key TEXT PRIMARY KEY,
  uid TEXT,
  expires REAL NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ledger_uid ON ledger (uid) WHERE uid IS NOT NULL;
CREATE TABLE IF NOT EXISTS ledger_resources (
  resource TEXT,
  key TEXT,
  PRIMARY KEY (resource, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ledger_expires ON ledger (expires);
"""

FIND = {
    "uid": "SELECT key, record FROM ledger WHERE uid = ?",
    "resources": "SELECT key, record FROM ledger JOIN ledger_resources USING (key)"
    " WHERE resource = ?",
}
WRITE = "INSERT OR REPLACE INTO ledger (key, uid, expires, record) VALUES (?, ?, ?, ?)"
SWEEP = (
    "DELETE FROM ledger WHERE expires < ?",
    "DELETE FROM ledger_resources WHERE key NOT IN (SELECT key FROM ledger)",
)


class SqliteStore:
    """Records as JSON rows; a connection per thread.

    Args:
        path: the file; created with its folder if absent.
        busy_seconds: how long to wait for another writer.
        sweep_seconds: between two deletions of expired records.
    """

    def __init__(
        self,
        path: str,
        busy_seconds: float = BUSY_SECONDS,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._sweep_seconds = sweep_seconds
        self._local = threading.local()
        self._swept = 0.0

    def change(
        self, keys: Sequence[str], update: Update[T], known: Known | None = None
    ) -> T:
        with self._connection() as db:
            # IMMEDIATE takes the write lock before reading: two processes cannot
            # both read "new" and both lease.
            db.execute("BEGIN IMMEDIATE")
            try:
                before = [self._read(db, key) for key in keys]
                after, result = update(before)
                for key, old, new in zip(keys, before, after, strict=True):
                    if new != old:
                        self._write(db, key, old, new)
                if time.monotonic() > self._swept + self._sweep_seconds:
                    db.execute(SWEEP[0], (time.time(),))
                    db.execute(SWEEP[1])
                    self._swept = time.monotonic()
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise
            return result

    def get(self, key: str) -> Record | None:
        with self._connection() as db:
            return self._read(db, key)

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        with self._connection() as db:
            rows = db.execute(FIND[field], (value,))
            return [(key, json.loads(record)) for key, record in rows]

    @staticmethod
    def _read(db: sqlite3.Connection, key: str) -> Record | None:
        row = db.execute("SELECT record FROM ledger WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    @staticmethod
    def _write(
        db: sqlite3.Connection, key: str, old: Record | None, new: Record | None
    ) -> None:
        resources = set((new or {}).get("resources", ()))
        previous = set((old or {}).get("resources", ()))
        for resource in previous - resources:
            db.execute(
                "DELETE FROM ledger_resources WHERE resource = ? AND key = ?",
                (resource, key),
            )
        for resource in resources - previous:
            db.execute(
                "INSERT OR IGNORE INTO ledger_resources (resource, key) VALUES (?, ?)",
                (resource, key),
            )
        if new is None:
            db.execute("DELETE FROM ledger WHERE key = ?", (key,))
            return
        row = (key, new.get("uid"), new["expires"], encode(new))
        db.execute(WRITE, row)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            db = getattr(self._local, "db", None)
            if db is None:
                db = self._local.db = self._open()
            yield db
        except (sqlite3.Error, OSError) as error:
            raise LedgerUnavailable(f"SQLite: {error}") from error

    def _open(self) -> sqlite3.Connection:
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            self._path, timeout=self._busy_seconds, isolation_level=None
        )
        # WAL with NORMAL survives a killed process. A power cut can lose the last
        # changes, which the lease rules treat as "outcome unknown".
        _use_wal(db, self._busy_seconds)
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(SCHEMA)
        return db


def _use_wal(db: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch the file to WAL mode, which is permanent."""
    end = time.monotonic() + busy_seconds
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        # Here SQLite does not apply its busy timeout while another process writes.
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
        time.sleep(WAL_RETRY_SECONDS)
