"""The stand-in's two lists: what took effect, in order, and what was asked."""

import hashlib
import json
import sqlite3
from typing import Any

KEPT_EFFECTS = 20_000
KEPT_REQUESTS = 2_000
TRIM_EVERY = 500
LONGEST_TEXT = 20_000  # characters of a request's or answer's body in the list

SCHEMA = """
CREATE TABLE IF NOT EXISTS commerce_effect (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL, request INTEGER NOT NULL,
  operation TEXT NOT NULL, thing TEXT NOT NULL,
  body_hash TEXT NOT NULL, body TEXT NOT NULL, more TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS commerce_request (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL, method TEXT NOT NULL, route TEXT, path TEXT NOT NULL,
  status INTEGER, ms REAL NOT NULL, fault INTEGER, body TEXT NOT NULL,
  answer TEXT NOT NULL
);
"""


class Journal:
    """Appends and reads; callers put it into one transaction with the change itself.

    Args:
        kept: effects to keep; None keeps all.
    """

    def __init__(self, db: sqlite3.Connection, kept: int | None = KEPT_EFFECTS) -> None:
        self._db = db
        self._kept = kept
        db.executescript(SCHEMA)

    def request(
        self,
        at: float,
        method: str,
        route: str | None,
        path: str,
        status: int | None,
        ms: float,
        fault: int | None,
        body: bytes,
        answer: bytes,
    ) -> int:
        """Note what was asked and answered (*status* None: not at all); its id."""
        number = self._db.execute(
            "INSERT INTO commerce_request"
            " (at, method, route, path, status, ms, fault, body, answer)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (at, method, route, path, status, ms, fault, _text(body), _text(answer)),
        ).lastrowid
        if number % TRIM_EVERY == 0:
            self._db.execute(
                "DELETE FROM commerce_request WHERE id <= ?", (number - KEPT_REQUESTS,)
            )
        return number

    def effects(
        self, at: float, request: int, body: bytes, done: list[tuple[str, str, dict]]
    ) -> None:
        """Note what took effect; the body goes with the first effect of a request."""
        digest, text = hashlib.sha256(body).hexdigest(), body.decode("utf-8", "replace")
        for operation, thing, more in done:
            number = self._db.execute(
                "INSERT INTO commerce_effect"
                " (at, request, operation, thing, body_hash, body, more)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (at, request, operation, thing, digest, text, json.dumps(more)),
            ).lastrowid
            text = ""
            if self._kept is not None and number % TRIM_EVERY == 0:
                self._db.execute(
                    "DELETE FROM commerce_effect WHERE id <= ?", (number - self._kept,)
                )

    def read_effects(self, after: int = 0, most: int = 1_000) -> list[dict[str, Any]]:
        """Effects after the one with id *after*, oldest first."""
        found = self._db.execute(
            "SELECT id, at, request, operation, thing, body_hash, body, more"
            " FROM commerce_effect WHERE id > ? ORDER BY id LIMIT ?",
            (after, most),
        )
        names = ("id", "at", "request", "operation", "thing", "body_hash")
        return [
            {
                **dict(zip(names, row, strict=False)),
                "body": _json(row[6]),
                "more": json.loads(row[7]),
            }
            for row in found
        ]

    def read_requests(self, after: int = 0, most: int = 200) -> list[dict[str, Any]]:
        """The newest *most* requests after id *after*, oldest first."""
        found = self._db.execute(
            "SELECT id, at, method, route, path, status, ms, fault, body, answer"
            " FROM commerce_request WHERE id > ? ORDER BY id DESC LIMIT ?",
            (after, most),
        ).fetchall()
        names = ("id", "at", "method", "route", "path", "status", "ms", "fault")
        return [
            {
                **dict(zip(names, row, strict=False)),
                "body": _json(row[8]),
                "answer": _json(row[9]),
            }
            for row in reversed(found)
        ]

    def clear(self) -> None:
        """Forget everything; ids go on."""
        self._db.execute("DELETE FROM commerce_effect")
        self._db.execute("DELETE FROM commerce_request")


def _text(content: bytes) -> str:
    return content[:LONGEST_TEXT].decode("utf-8", "replace")


def _json(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
