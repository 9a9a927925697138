"""The tables of the broker, and what it stores of topics and subscriptions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

SCHEMA = """
CREATE TABLE IF NOT EXISTS broker_topic (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, config BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS broker_subscription (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, config BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS broker_message (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS broker_delivery (
  subscription INTEGER NOT NULL,
  message INTEGER NOT NULL,
  ordering_key TEXT,                      -- of ordered subscriptions only
  published REAL NOT NULL,                -- seconds since 1970, like due
  due REAL,                               -- waiting: not before; leased: expires;
                                          -- NULL: behind its key, or pushed
  state TEXT NOT NULL DEFAULT 'waiting',  -- or leased, or acknowledged
  attempt INTEGER NOT NULL DEFAULT 0,     -- delivery attempts begun
  lease INTEGER NOT NULL DEFAULT 0,       -- number of the newest lease
  holder INTEGER,                         -- receiver of the lease, in this process
  PRIMARY KEY (subscription, message)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS broker_delivery_due
  ON broker_delivery (subscription, state, due, message) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS broker_delivery_key
  ON broker_delivery (subscription, ordering_key, message)
  WHERE ordering_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS broker_delivery_message ON broker_delivery (message);
"""


class Database:
    """Tables in a SQLite file that others may use as well.

    Methods neither wait nor commit: callers put what belongs together in one
    :meth:`transaction`, which never spans a turn of the event loop.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is written inside, or none of it."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        self._db.commit()

    def newest_message(self) -> int:
        """The highest message id in use, 0 for none."""
        return self._value("SELECT max(id) FROM broker_message") or 0

    # Topics and subscriptions

    def configs(self, kind: str) -> list[tuple[int, bytes]]:
        """Ids and serialised configurations of all of *kind* (topic, subscription)."""
        return self._db.execute(f"SELECT id, config FROM broker_{kind}").fetchall()  # noqa: S608 kind is one of two constants

    def add_config(self, kind: str, name: str, config: bytes) -> int:
        """Store a new topic or subscription and return its id."""
        sql = f"INSERT INTO broker_{kind} (name, config) VALUES (?, ?)"  # noqa: S608 as above
        return self._db.execute(sql, (name, config)).lastrowid

    def change_config(self, kind: str, number: int, config: bytes) -> None:
        """Replace a configuration."""
        sql = f"UPDATE broker_{kind} SET config = ? WHERE id = ?"  # noqa: S608 as above
        self._db.execute(sql, (config, number))

    def remove_config(self, kind: str, number: int) -> None:
        """Delete a topic or subscription."""
        self._db.execute(f"DELETE FROM broker_{kind} WHERE id = ?", (number,))  # noqa: S608 as above

    def _value(self, sql: str, *values):
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]
