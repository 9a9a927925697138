"""The stand-in's entities: records of each kind, as JSON in one SQLite table."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS commerce_entity (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  key TEXT,        -- the second identifier: SKU, e-mail address, code
  parent INTEGER,  -- id of the order or shipment it belongs to
  record TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commerce_entity_key ON commerce_entity (kind, key);
CREATE INDEX IF NOT EXISTS commerce_entity_parent ON commerce_entity (kind, parent);
CREATE TABLE IF NOT EXISTS commerce_last_id (
  kind TEXT PRIMARY KEY, id INTEGER NOT NULL
);
"""

Row = tuple[int, dict]  # id and record


def comparable(text: str) -> str:
    """*text* as Commerce's database compares it: without case and trailing blanks.

    ``lower``, not ``casefold``: to the database ``ß`` and ``ss`` differ.
    """
    return text.rstrip(" ").lower()


class EntityStore:
    """Reads and writes entities; an id is never used twice.

    Args:
        db: with autocommit (``isolation_level=None``).
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is written inside, or roll it back on an exception."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Within a transaction: roll back what is written inside on an exception."""
        self._db.execute("SAVEPOINT operation")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO operation")
            raise
        finally:
            self._db.execute("RELEASE operation")

    def get(self, kind: str, entity_id: int) -> dict | None:
        """The record with this id."""
        row = self._select("record", kind, entity_id)
        return row and json.loads(row[0])

    def parent(self, kind: str, entity_id: int) -> int | None:
        """The id of the order or shipment that it belongs to."""
        row = self._select("parent", kind, entity_id)
        return row and row[0]

    def find(self, kind: str, key: str) -> list[Row]:
        """Entities with this key, compared as ``comparable`` says."""
        return self._query("kind = ? AND key = ?", kind, comparable(key))

    def children(self, kind: str, parent: int) -> list[Row]:
        """Entities of this parent, oldest first."""
        return self._query("kind = ? AND parent = ?", kind, parent)

    def all(self, kind: str) -> list[Row]:
        """Every entity of a kind, by id."""
        return self._query("kind = ?", kind)

    def newest(self, kind: str, limit: int) -> list[Row]:
        """The last *limit* entities of a kind, newest first."""
        return self._query("kind = ?", kind, order=f"id DESC LIMIT {int(limit)}")

    def count(self, kind: str) -> int:
        """The number of entities of a kind."""
        return self._db.execute(
            "SELECT count(*) FROM commerce_entity WHERE kind = ?", (kind,)
        ).fetchone()[0]

    def put(
        self,
        kind: str,
        entity_id: int,
        record: Any,
        *,
        key: str | None = None,
        parent: int | None = None,
    ) -> None:
        """Write an entity; one with the same id is replaced."""
        self._db.execute(
            "INSERT OR REPLACE INTO commerce_entity VALUES (?, ?, ?, ?, ?)",
            (kind, entity_id, key and comparable(key), parent, json.dumps(record)),
        )

    def add(self, kind: str, record: Any, *, parent: int | None = None) -> int:
        """Write a new entity; its id."""
        entity_id = self.next_id(kind)
        self.put(kind, entity_id, record, parent=parent)
        return entity_id

    def delete(self, kind: str, entity_id: int) -> None:
        """Delete an entity."""
        self._db.execute(
            "DELETE FROM commerce_entity WHERE kind = ? AND id = ?", (kind, entity_id)
        )

    def next_id(self, kind: str) -> int:
        """An id that no entity of the kind has had."""
        return self._db.execute(
            "INSERT INTO commerce_last_id VALUES (?, 1)"
            " ON CONFLICT (kind) DO UPDATE SET id = id + 1 RETURNING id",
            (kind,),
        ).fetchone()[0]

    def reserve_ids(self, kind: str, last: int) -> None:
        """Let the next id of a kind come after *last*."""
        self._db.execute(
            "INSERT OR REPLACE INTO commerce_last_id VALUES (?, ?)", (kind, last)
        )

    def clear(self) -> None:
        """Delete all entities; ids start anew."""
        self._db.execute("DELETE FROM commerce_entity")
        self._db.execute("DELETE FROM commerce_last_id")

    def _select(self, column: str, kind: str, entity_id: int) -> tuple | None:
        return self._db.execute(
            f"SELECT {column} FROM commerce_entity WHERE kind = ? AND id = ?",  # noqa: S608 a literal of this module
            (kind, entity_id),
        ).fetchone()

    def _query(self, condition: str, *values: Any, order: str = "id") -> list[Row]:
        rows = self._db.execute(
            "SELECT id, record FROM commerce_entity"  # noqa: S608 literals of this module
            f" WHERE {condition} ORDER BY {order}",
            values,
        )
        return [(entity_id, json.loads(record)) for entity_id, record in rows]
