"""What the broker keeps: topics, subscriptions, messages and their deliveries.

A *delivery* is one message on its way to one subscription; its row goes when it is
acknowledged, and the message with its last delivery. Of the deliveries of one ordering
key only the oldest has a due time: the others wait behind it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
  ordering_key TEXT,            -- of ordered subscriptions only
  at REAL NOT NULL,             -- published, in seconds since 1970
  due REAL,                     -- when to look at it; NULL: behind its key, or pushed
  leased INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (subscription, message)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS broker_delivery_due
  ON broker_delivery (subscription, leased, due, message) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS broker_delivery_key
  ON broker_delivery (subscription, ordering_key, message)
  WHERE ordering_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS broker_delivery_message ON broker_delivery (message);
"""

TAKEN_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message leased to a receiver.

    Attributes:
        message: its id.
        attempt: from 1; tells this lease from earlier ones.
        body: a serialised PubsubMessage.
    """

    message: int
    attempt: int
    body: bytes


class Store:
    """The broker's tables in a SQLite file that others may use as well.

    Nothing here waits or commits: callers put what belongs together in one
    :meth:`transaction`, which never spans a turn of the event loop.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)
        with self.transaction():
            # What was being pushed when the process ended: nobody knows of an answer,
            # so the try does not count. Leases of pulled messages go on.
            db.execute(
                "UPDATE broker_delivery SET leased = 0, due = at, attempt = attempt - 1"
                " WHERE leased = 1 AND due IS NULL"
            )

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
        return self._one("SELECT max(id) FROM broker_message") or 0

    def configs(self, kind: str) -> list[tuple[int, bytes]]:
        """Ids and serialised configurations of all of *kind* (topic, subscription)."""
        return self._db.execute(f"SELECT id, config FROM broker_{kind}").fetchall()  # noqa: S608 kind is one of two words of ours

    def add_config(self, kind: str, name: str, config: bytes) -> int:
        """Keep a new topic or subscription and return its id."""
        sql = f"INSERT INTO broker_{kind} (name, config) VALUES (?, ?)"  # noqa: S608 as above
        return self._db.execute(sql, (name, config)).lastrowid

    def change_config(self, kind: str, number: int, config: bytes) -> None:
        """Keep another configuration."""
        sql = f"UPDATE broker_{kind} SET config = ? WHERE id = ?"  # noqa: S608 as above
        self._db.execute(sql, (config, number))

    def remove_config(self, kind: str, number: int) -> None:
        """Forget a topic or subscription."""
        self._db.execute(f"DELETE FROM broker_{kind} WHERE id = ?", (number,))  # noqa: S608 as above

    def add_message(self, message: int, body: bytes) -> None:
        """Keep a message; ids grow."""
        self._db.execute("INSERT INTO broker_message VALUES (?, ?)", (message, body))

    def add_delivery(
        self, subscription: int, message: int, key: str | None, at: float
    ) -> None:
        """Send a message on its way to *subscription*, behind those of its *key*."""
        if key is not None and self._head(subscription, key) is not None:
            due = None
        else:
            due = at
        self._db.execute(
            "INSERT INTO broker_delivery (subscription, message, ordering_key, at, due)"
            " VALUES (?, ?, ?, ?, ?)",
            (subscription, message, key, at, due),
        )

    def take(
        self, subscription: int, now: float, most: int, until: float | None
    ) -> list[Delivery]:
        """Lease up to *most* due messages *until* then (None: until settled).

        Fewer when their bodies together pass :data:`TAKEN_BYTES`.
        """
        rows = self._db.execute(
            "SELECT message, attempt + 1, body FROM broker_delivery"
            " JOIN broker_message ON broker_message.id = message"
            " WHERE subscription = ? AND leased = 0 AND due <= ?"
            " ORDER BY due, message LIMIT ?",
            (subscription, now, most),
        )
        taken, size = [], 0
        for row in rows:
            taken.append(Delivery(*row))
            size += len(taken[-1].body)
            if size >= TAKEN_BYTES:
                break
        rows.close()
        self._db.executemany(
            "UPDATE broker_delivery SET leased = 1, due = ?, attempt = ?"
            " WHERE subscription = ? AND message = ?",
            [(until, d.attempt, subscription, d.message) for d in taken],
        )
        return taken

    def expired(self, subscription: int, now: float) -> list[tuple[int, int]]:
        """Message and attempt of leases that ran out."""
        return self._db.execute(
            "SELECT message, attempt FROM broker_delivery"
            " WHERE subscription = ? AND leased = 1 AND due <= ?",
            (subscription, now),
        ).fetchall()

    def next_due(self, subscription: int, leased: bool) -> float | None:
        """When the next lease runs out, or the next message may be taken."""
        return self._one(
            "SELECT min(due) FROM broker_delivery"
            " WHERE subscription = ? AND leased = ? AND due IS NOT NULL",
            subscription,
            int(leased),
        )

    def leased(self, subscription: int, message: int, attempt: int) -> bool:
        """Whether that lease is the current one."""
        found = self._one(
            "SELECT 1 FROM broker_delivery"
            " WHERE subscription = ? AND message = ? AND attempt = ? AND leased = 1",
            subscription,
            message,
            attempt,
        )
        return found is not None

    def lease_until(
        self, subscription: int, message: int, attempt: int, until: float
    ) -> None:
        """Move the end of a lease, if it is the current one."""
        self._db.execute(
            "UPDATE broker_delivery SET due = ? WHERE subscription = ? AND message = ?"
            " AND attempt = ? AND leased = 1 AND due IS NOT NULL",
            (until, subscription, message, attempt),
        )

    def give_back(
        self, subscription: int, message: int, due: float, *, uncounted: bool = False
    ) -> None:
        """End a lease; the message may be taken again when *due*."""
        self._db.execute(
            "UPDATE broker_delivery SET leased = 0, due = ?, attempt = attempt - ?"
            " WHERE subscription = ? AND message = ?",
            (due, int(uncounted), subscription, message),
        )

    def body(self, message: int) -> bytes:
        """A message's body."""
        return self._one("SELECT body FROM broker_message WHERE id = ?", message)

    def remove_delivery(self, subscription: int, message: int) -> None:
        """Be done with a message for *subscription*; the next of its key is due."""
        row = self._db.execute(
            "DELETE FROM broker_delivery WHERE subscription = ? AND message = ?"
            " RETURNING ordering_key",
            (subscription, message),
        ).fetchone()
        if row is None:
            return
        self._db.execute(
            "DELETE FROM broker_message WHERE id = ? AND NOT EXISTS"
            " (SELECT 1 FROM broker_delivery WHERE message = broker_message.id)",
            (message,),
        )
        if row[0] is not None:
            head = self._head(subscription, row[0])
            self._db.execute(
                "UPDATE broker_delivery SET due = at"
                " WHERE subscription = ? AND message = ? AND leased = 0"
                " AND due IS NULL",
                (subscription, head),
            )

    def older_than(self, subscription: int, at: float, most: int) -> list[int]:
        """Messages published before *at*, oldest first; at most *most*."""
        rows = self._db.execute(
            "SELECT message, at FROM broker_delivery WHERE subscription = ?"
            " ORDER BY message LIMIT ?",
            (subscription, most),
        )
        return [message for message, published in rows if published < at]

    def remove_deliveries(self, subscription: int) -> None:
        """Forget everything on its way to *subscription*."""
        self._db.execute(
            "DELETE FROM broker_delivery WHERE subscription = ?", (subscription,)
        )
        self._db.execute(
            "DELETE FROM broker_message WHERE NOT EXISTS"
            " (SELECT 1 FROM broker_delivery WHERE message = broker_message.id)"
        )

    def counts(self) -> dict[int, tuple[int, int, float]]:
        """By subscription: undelivered, of these in flight, when the oldest came."""
        rows = self._db.execute(
            "SELECT subscription, count(*), sum(leased), min(at) FROM broker_delivery"
            " GROUP BY subscription"
        )
        return {number: tuple(counts) for number, *counts in rows}

    def _head(self, subscription: int, key: str) -> int | None:
        return self._one(
            "SELECT min(message) FROM broker_delivery"
            " WHERE subscription = ? AND ordering_key = ?",
            subscription,
            key,
        )

    def _one(self, sql: str, *values):
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]
