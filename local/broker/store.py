"""Messages, and their deliveries to subscriptions.

A row of ``broker_delivery`` is one message on its way to one subscription; it is
deleted when it is acknowledged, and the message with its last row. The rows of one
ordering key are, in the order of publishing, first those that are leased (or
acknowledged behind an unacknowledged one) and then those that wait. Of the waiting
ones only the first has a due time.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from local.broker.database import Database

MAX_BATCH_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message leased to a receiver.

    Attributes:
        message: its id.
        attempt: delivery attempts begun, this one included.
        lease: with *message* the identity of this lease.
        body: a serialised PubsubMessage.
    """

    message: int
    attempt: int
    lease: int
    body: bytes


class Store(Database):
    """Messages, leases and acknowledgements."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db)
        with self.transaction():
            db.execute("UPDATE broker_delivery SET holder = NULL")
            # The answers to the pushes of a process that ended are not known, so these
            # attempts do not count. Leases of pulled messages go on.
            interrupted = db.execute(
                "SELECT subscription, message, published FROM broker_delivery"
                " WHERE state = 'leased' AND due IS NULL"
            ).fetchall()
            for subscription, message, published in interrupted:
                self.give_back(subscription, message, published, counted=False)

    def add_message(self, message: int, body: bytes) -> None:
        """Store a message; ids grow."""
        self._db.execute("INSERT INTO broker_message VALUES (?, ?)", (message, body))

    def body(self, message: int) -> bytes:
        """A message's body."""
        return self._value("SELECT body FROM broker_message WHERE id = ?", message)

    def add_delivery(
        self, subscription: int, message: int, key: str | None, published: float
    ) -> None:
        """Let a message wait for *subscription*, behind those of its ordering key."""
        due: float | None = published
        if key is not None:
            newest = self._value(
                "SELECT state FROM broker_delivery"
                " WHERE subscription = ? AND ordering_key = ?"
                " ORDER BY message DESC LIMIT 1",
                subscription,
                key,
            )
            if newest == "waiting":
                due = None
        self._db.execute(
            "INSERT INTO broker_delivery"
            " (subscription, message, ordering_key, published, due)"
            " VALUES (?, ?, ?, ?, ?)",
            (subscription, message, key, published, due),
        )

    # Leases

    def lease(
        self,
        subscription: int,
        now: float,
        limit: int,
        until: float | None,
        holder: int | None,
    ) -> list[Delivery]:
        """Lease up to *limit* due messages; fewer past :data:`MAX_BATCH_BYTES`.

        Args:
            until: when the leases expire; None: never.
            holder: the receiver. While it has messages of an ordering key, it alone
                gets more of that key. None: one message of a key at a time.
        """
        deliveries: list[Delivery] = []
        last_of_key: dict[str, int] = {}
        size = 0
        for message, key in self._available(subscription, now, holder):
            row = self._db.execute(
                "SELECT attempt + 1, lease + 1, body FROM broker_delivery"
                " JOIN broker_message ON broker_message.id = message"
                " WHERE subscription = ? AND message = ?",
                (subscription, message),
            ).fetchone()
            deliveries.append(Delivery(message, *row))
            if key is not None and holder is not None:
                last_of_key[key] = message
            size += len(deliveries[-1].body)
            if len(deliveries) == limit or size >= MAX_BATCH_BYTES:
                break
        self._db.executemany(
            "UPDATE broker_delivery"
            " SET state = 'leased', due = ?, attempt = ?, lease = ?, holder = ?"
            " WHERE subscription = ? AND message = ?",
            [
                (until, each.attempt, each.lease, holder, subscription, each.message)
                for each in deliveries
            ],
        )
        for key, message in last_of_key.items():
            later = self._value(
                "SELECT min(message) FROM broker_delivery"
                " WHERE subscription = ? AND ordering_key = ? AND message > ?",
                subscription,
                key,
                message,
            )
            self._make_due(subscription, later)
        return deliveries

    def _available(
        self, subscription: int, now: float, holder: int | None
    ) -> Iterator[tuple[int, str | None]]:
        """Messages, with their ordering keys, that *holder* may have now."""
        due = self._db.execute(
            "SELECT message, ordering_key FROM broker_delivery"
            " WHERE subscription = ? AND state = 'waiting' AND due <= ?"
            " ORDER BY due, message",
            (subscription, now),
        )
        for message, key in due:
            if key is None:
                yield message, None
                continue
            before = self._db.execute(
                "SELECT holder FROM broker_delivery"
                " WHERE subscription = ? AND ordering_key = ? AND message < ?"
                " ORDER BY message DESC LIMIT 1",
                (subscription, key, message),
            ).fetchone()
            if before is not None and (holder is None or before[0] != holder):
                continue
            yield message, key
            if holder is not None:
                following = self._db.execute(
                    "SELECT message FROM broker_delivery"
                    " WHERE subscription = ? AND ordering_key = ? AND message > ?"
                    " ORDER BY message",
                    (subscription, key, message),
                )
                for (later,) in following:
                    yield later, key

    def leased_attempt(self, subscription: int, message: int, lease: int) -> int | None:
        """The attempt of that lease; None where it is not the current one."""
        return self._value(
            "SELECT attempt FROM broker_delivery WHERE subscription = ?"
            " AND message = ? AND lease = ? AND state = 'leased'",
            subscription,
            message,
            lease,
        )

    def extend(self, subscription: int, message: int, lease: int, until: float) -> None:
        """Move the end of a lease, if it is the current one."""
        self._db.execute(
            "UPDATE broker_delivery SET due = ? WHERE subscription = ? AND message = ?"
            " AND lease = ? AND state = 'leased' AND due IS NOT NULL",
            (until, subscription, message, lease),
        )

    def expired(self, subscription: int, now: float) -> list[tuple[int, int]]:
        """Message and lease of the leases that expired, oldest message first."""
        return self._db.execute(
            "SELECT message, lease FROM broker_delivery"
            " WHERE subscription = ? AND state = 'leased' AND due <= ?"
            " ORDER BY message",
            (subscription, now),
        ).fetchall()

    def next_expiry(self, subscription: int) -> float | None:
        """When the next lease expires."""
        return self._value(
            "SELECT min(due) FROM broker_delivery"
            " WHERE subscription = ? AND state = 'leased' AND due IS NOT NULL",
            subscription,
        )

    def next_due(self, subscription: int, now: float) -> float | None:
        """When, after *now*, the next message becomes due."""
        return self._value(
            "SELECT min(due) FROM broker_delivery"
            " WHERE subscription = ? AND state = 'waiting' AND due > ?",
            subscription,
            now,
        )

    def acknowledge(self, subscription: int, message: int, lease: int) -> bool:
        """Acknowledge a message; False where this lease cannot.

        Without an ordering key an earlier lease can, too. With one, a message whose
        lease ended is delivered again in its turn. One behind an unacknowledged
        message is stored as acknowledged, since a redelivery of that one includes it.
        """
        row = self._db.execute(
            "SELECT ordering_key, state = 'leased' AND lease = ? FROM broker_delivery"
            " WHERE subscription = ? AND message = ?",
            (lease, subscription, message),
        ).fetchone()
        if row is None:
            return False
        key, is_current = row
        if key is not None:
            if not is_current:
                return False
            if self._head(subscription, key)[0] != message:
                self._db.execute(
                    "UPDATE broker_delivery SET state = 'acknowledged', due = NULL"
                    " WHERE subscription = ? AND message = ?",
                    (subscription, message),
                )
                return True
        self.remove(subscription, message)
        return True

    def give_back(
        self, subscription: int, message: int, due: float, *, counted: bool
    ) -> list[int]:
        """End a lease; the message is available again when *due*.

        Later messages of its ordering key are delivered again after it.

        Args:
            counted: whether the attempt counts.

        Returns:
            Those later messages whose leases end with this one.
        """
        key = self._value(
            "UPDATE broker_delivery SET due = ?, attempt = attempt - ?,"
            " state = 'waiting', holder = NULL WHERE subscription = ? AND message = ?"
            " RETURNING ordering_key",
            due,
            0 if counted else 1,
            subscription,
            message,
        )
        if key is None:
            return []
        later = self._db.execute(
            "SELECT message, state FROM broker_delivery WHERE subscription = ?"
            " AND ordering_key = ? AND message > ?"
            " AND (state != 'waiting' OR due IS NOT NULL)",
            (subscription, key, message),
        ).fetchall()
        self._db.executemany(
            "UPDATE broker_delivery SET due = NULL, attempt = attempt - ?,"
            " state = 'waiting', holder = NULL WHERE subscription = ? AND message = ?",
            [
                (int(state != "waiting"), subscription, number)
                for number, state in later
            ],
        )
        return [number for number, state in later if state == "leased"]

    def remove(self, subscription: int, message: int) -> None:
        """Delete a message for *subscription*; the next of its key becomes due."""
        key = self._remove_one(subscription, message)
        while key is not None and (head := self._head(subscription, key)):
            next_message, state, due = head
            if state != "acknowledged":
                if state == "waiting" and due is None:
                    self._make_due(subscription, next_message)
                return
            self._remove_one(subscription, next_message)

    def _remove_one(self, subscription: int, message: int) -> str | None:
        key = self._value(
            "DELETE FROM broker_delivery WHERE subscription = ? AND message = ?"
            " RETURNING ordering_key",
            subscription,
            message,
        )
        self._db.execute(
            "DELETE FROM broker_message WHERE id = ? AND NOT EXISTS"
            " (SELECT 1 FROM broker_delivery WHERE message = broker_message.id)",
            (message,),
        )
        return key

    def remove_all(self, subscription: int) -> None:
        """Delete every message for *subscription*."""
        self._db.execute(
            "DELETE FROM broker_delivery WHERE subscription = ?", (subscription,)
        )
        self._db.execute(
            "DELETE FROM broker_message WHERE NOT EXISTS"
            " (SELECT 1 FROM broker_delivery WHERE message = broker_message.id)"
        )

    # Figures

    def older_than(self, subscription: int, time: float, limit: int) -> list[int]:
        """Messages published before *time*, oldest first; at most *limit*."""
        rows = self._db.execute(
            "SELECT message, published FROM broker_delivery WHERE subscription = ?"
            " ORDER BY message LIMIT ?",
            (subscription, limit),
        )
        return [message for message, published in rows if published < time]

    def counts(self) -> dict[int, tuple[int, int, float]]:
        """By subscription: undelivered, of these in flight, when the oldest came."""
        rows = self._db.execute(
            "SELECT subscription, count(*), sum(state = 'leased'), min(published)"
            " FROM broker_delivery WHERE state != 'acknowledged' GROUP BY subscription"
        )
        return {number: tuple(counts) for number, *counts in rows}

    def undelivered(
        self, subscription: int, limit: int
    ) -> list[tuple[bytes, int, bool, float | None]]:
        """Body, attempts begun, whether leased, and when due, oldest first."""
        return self._db.execute(
            "SELECT body, attempt, state = 'leased', due FROM broker_delivery"
            " JOIN broker_message ON broker_message.id = message"
            " WHERE subscription = ? AND state != 'acknowledged'"
            " ORDER BY message LIMIT ?",
            (subscription, limit),
        ).fetchall()

    # One row

    def _head(
        self, subscription: int, key: str
    ) -> tuple[int, str, float | None] | None:
        """Message, state and due time of the oldest of an ordering key."""
        return self._db.execute(
            "SELECT message, state, due FROM broker_delivery"
            " WHERE subscription = ? AND ordering_key = ? ORDER BY message LIMIT 1",
            (subscription, key),
        ).fetchone()

    def _make_due(self, subscription: int, message: int | None) -> None:
        """Let *message* be delivered, if it waits behind its key."""
        self._db.execute(
            "UPDATE broker_delivery SET due = published"
            " WHERE subscription = ? AND message = ? AND state = 'waiting'"
            " AND due IS NULL",
            (subscription, message),
        )
