"""The stand-in's record of calls, and of their effects in order."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from local.commerce.http_messages import RestRequest, RestResponse

MAX_EFFECTS = 20_000
MAX_CALLS = 2_000
TRIM_EVERY = 500
MAX_BODY_CHARACTERS = 20_000  # of a request's or response's body in the list of calls

SCHEMA = """
CREATE TABLE IF NOT EXISTS commerce_call_effect (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL, call INTEGER NOT NULL,
  operation TEXT NOT NULL, resource TEXT NOT NULL,
  body_hash TEXT NOT NULL, body TEXT NOT NULL, details TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS commerce_call (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL, method TEXT NOT NULL, route TEXT, path TEXT NOT NULL,
  status INTEGER, ms REAL NOT NULL, fault INTEGER, traceparent TEXT,
  body TEXT NOT NULL, response TEXT NOT NULL
);
"""
EFFECT_COLUMNS = ("id", "at", "call", "operation", "resource", "body_hash")
CALL_COLUMNS = (
    *("id", "at", "method", "route", "path", "status", "ms", "fault"),
    "traceparent",
)


class CallJournal:
    """Appends and reads calls; an entry is written in the transaction of its change.

    Args:
        max_effects: effects to keep; None keeps all.
    """

    def __init__(
        self, db: sqlite3.Connection, max_effects: int | None = MAX_EFFECTS
    ) -> None:
        self._db = db
        self._max_effects = max_effects
        db.executescript(SCHEMA)

    def add(
        self,
        request: RestRequest,
        response: RestResponse | None,
        ms: float,
        fault_id: int | None,
    ) -> None:
        """Record a call with its effects; *response* None: the connection dropped."""
        response_body = b"" if response is None else response.body
        call_id = self._insert(
            "commerce_call",
            at=request.time,
            method=request.method,
            route=request.route,
            path=request.path + (f"?{request.query}" if request.query else ""),
            status=response and response.status,
            ms=ms,
            fault=fault_id,
            traceparent=request.headers.get("traceparent"),
            body="" if request.secret else _shortened(request.body),
            response="" if request.secret else _shortened(response_body),
        )
        self._trim("commerce_call", call_id, MAX_CALLS)
        # The body goes with the first effect of a call.
        body = request.body.decode("utf-8", "replace")
        for effect in request.effects:
            effect_id = self._insert(
                "commerce_call_effect",
                at=request.time,
                call=call_id,
                operation=effect.operation,
                resource=effect.resource,
                body_hash=hashlib.sha256(request.body).hexdigest(),
                body=body,
                details=json.dumps(effect.details),
            )
            body = ""
            if self._max_effects is not None:
                self._trim("commerce_call_effect", effect_id, self._max_effects)

    def read_effects(self, after: int = 0, limit: int = 1_000) -> list[dict[str, Any]]:
        """Effects after the one with id *after*, oldest first."""
        rows = self._db.execute(
            f"SELECT {', '.join(EFFECT_COLUMNS)}, body, details"  # noqa: S608 literals of this module
            " FROM commerce_call_effect WHERE id > ? ORDER BY id LIMIT ?",
            (after, limit),
        )
        return [
            {
                **dict(zip(EFFECT_COLUMNS, row, strict=False)),
                "body": _parsed(row[-2]),
                "details": json.loads(row[-1]),
            }
            for row in rows
        ]

    def read_calls(self, after: int = 0, limit: int = 200) -> list[dict[str, Any]]:
        """The newest *limit* calls after id *after*, oldest first.

        ``traceparent`` is the request's header exactly as sent; None without.
        """
        return self._calls("id > ? ORDER BY id DESC LIMIT ?", after, limit)[::-1]

    def calls_of(self, span_ids: Iterable[str]) -> list[dict[str, Any]]:
        """The calls that were sent with one of *span_ids*, oldest first."""
        # Where a version 00 traceparent has its span id.
        condition = "substr(traceparent, 37, 16) IN (SELECT value FROM json_each(?))"
        return self._calls(f"{condition} ORDER BY id", json.dumps(list(span_ids)))

    def clear(self) -> None:
        """Delete all entries; ids continue."""
        self._db.execute("DELETE FROM commerce_call_effect")
        self._db.execute("DELETE FROM commerce_call")

    def _calls(self, condition: str, *parameters: Any) -> list[dict[str, Any]]:
        rows = self._db.execute(
            f"SELECT {', '.join(CALL_COLUMNS)}, body, response FROM commerce_call"  # noqa: S608 literals of this module
            f" WHERE {condition}",
            parameters,
        )
        return [
            {
                **dict(zip(CALL_COLUMNS, row, strict=False)),
                "body": _parsed(row[-2]),
                "response": _parsed(row[-1]),
            }
            for row in rows
        ]

    def _insert(self, table: str, **values: Any) -> int:
        marks = ", ".join("?" * len(values))
        return self._db.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 names of this module
            tuple(values.values()),
        ).lastrowid

    def _trim(self, table: str, newest: int, keep: int) -> None:
        if newest % TRIM_EVERY == 0:
            self._db.execute(f"DELETE FROM {table} WHERE id <= ?", (newest - keep,))  # noqa: S608 names of this module


def _shortened(body: bytes) -> str:
    return body[:MAX_BODY_CHARACTERS].decode("utf-8", "replace")


def _parsed(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
