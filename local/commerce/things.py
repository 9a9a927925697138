"""What the stand-in keeps: things of each kind, as JSON in one SQLite table."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS commerce_thing (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  key TEXT,        -- what it is found by beside its id: SKU, e-mail, code
  parent INTEGER,  -- of an order or shipment
  doc TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commerce_thing_key ON commerce_thing (kind, key);
CREATE INDEX IF NOT EXISTS commerce_thing_parent ON commerce_thing (kind, parent);
CREATE TABLE IF NOT EXISTS commerce_last (kind TEXT PRIMARY KEY, id INTEGER NOT NULL);
"""


def comparable(text: str) -> str:
    """*text* as the database compares it: without case and trailing blanks.

    ``lower``, not ``casefold``: to the database ``ß`` and ``ss`` differ.
    """
    return text.rstrip(" ").lower()


class Things:
    """Reads and writes things; an id is never given twice.

    Args:
        db: with autocommit (``isolation_level=None``).
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what is written inside, or none of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Within a transaction: undo what is written inside when it fails."""
        self._db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO attempt")
            self._db.execute("RELEASE attempt")
            raise
        self._db.execute("RELEASE attempt")

    def get(self, kind: str, number: int) -> dict | None:
        """The thing with this id."""
        row = self._db.execute(
            "SELECT doc FROM commerce_thing WHERE kind = ? AND id = ?", (kind, number)
        ).fetchone()
        return row and json.loads(row[0])

    def find(self, kind: str, key: str) -> list[tuple[int, dict]]:
        """Things with this key, compared as ``comparable`` says."""
        return self._read("kind = ? AND key = ?", kind, comparable(key))

    def children(self, kind: str, parent: int) -> list[tuple[int, dict]]:
        """Things of this parent, oldest first."""
        return self._read("kind = ? AND parent = ?", kind, parent)

    def all(self, kind: str) -> list[tuple[int, dict]]:
        """Every thing of a kind, by id."""
        return self._read("kind = ?", kind)

    def newest(self, kind: str, most: int) -> list[tuple[int, dict]]:
        """The last *most* things of a kind, newest first."""
        return self._read("kind = ?", kind, order=f"id DESC LIMIT {int(most)}")

    def count(self, kind: str) -> int:
        """How many there are."""
        return self._db.execute(
            "SELECT count(*) FROM commerce_thing WHERE kind = ?", (kind,)
        ).fetchone()[0]

    def parent(self, kind: str, number: int) -> int | None:
        """Whose part it is."""
        row = self._db.execute(
            "SELECT parent FROM commerce_thing WHERE kind = ? AND id = ?",
            (kind, number),
        ).fetchone()
        return row and row[0]

    def put(
        self,
        kind: str,
        number: int,
        doc: Any,
        *,
        key: str | None = None,
        parent: int | None = None,
    ) -> None:
        """Write a thing in the place of what has its id."""
        self._db.execute(
            "INSERT OR REPLACE INTO commerce_thing VALUES (?, ?, ?, ?, ?)",
            (kind, number, key and comparable(key), parent, json.dumps(doc)),
        )

    def delete(self, kind: str, number: int) -> None:
        """Forget a thing."""
        self._db.execute(
            "DELETE FROM commerce_thing WHERE kind = ? AND id = ?", (kind, number)
        )

    def next_id(self, kind: str) -> int:
        """An id that no thing of the kind has had."""
        return self._db.execute(
            "INSERT INTO commerce_last VALUES (?, 1)"
            " ON CONFLICT (kind) DO UPDATE SET id = id + 1 RETURNING id",
            (kind,),
        ).fetchone()[0]

    def start_ids(self, kind: str, last: int) -> None:
        """Let the next id of a kind come after *last*."""
        self._db.execute(
            "INSERT OR REPLACE INTO commerce_last VALUES (?, ?)", (kind, last)
        )

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM commerce_thing")
        self._db.execute("DELETE FROM commerce_last")

    def _read(
        self, where: str, *values: Any, order: str = "id"
    ) -> list[tuple[int, dict]]:
        rows = self._db.execute(
            f"SELECT id, doc FROM commerce_thing WHERE {where} ORDER BY {order}",  # noqa: S608 both are texts of this module
            values,
        )
        return [(number, json.loads(doc)) for number, doc in rows]
