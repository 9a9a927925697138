"""Stands in for Adobe I/O Events: delivers what Commerce observes to a webhook.

Each event is stored with the change that caused it and delivered until the webhook
answers other than 429 or 5xx, with Adobe's backoff, for a day.
"""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import aiohttp

from local.commerce.behaviours import Switches
from local.commerce.event_signature import SigningKey, signature_headers
from local.commerce.observed import PREFIX, Observed

SCHEMA = """
CREATE TABLE IF NOT EXISTS io_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  code TEXT NOT NULL,
  body TEXT NOT NULL,
  created REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due REAL,          -- of the next attempt; NULL: no further one
  status INTEGER,    -- of the last response; NULL: none
  answer TEXT
);
CREATE INDEX IF NOT EXISTS io_event_due ON io_event (due);
"""
BACKOFF_MINUTES = (1, 2, 4, 8, 15)  # the last one goes on
RETRY_SECONDS = 24 * 3600
WEBHOOK_SECONDS = 10  # what Adobe waits for
MAX_BATCH = 20
BATCH_SECONDS = 0.5  # in which events are gathered
MAX_CONCURRENT = 16
MAX_EVENTS = 500  # that are kept
MAX_ANSWER_BYTES = 2_000
PROVIDER = "5ca1ab1e-0000-4000-8000-000000000001"


class IoEvents:
    """Delivers events to one webhook; without one, nothing is kept.

    Args:
        db: as of ``Simulation``.
        client_id: that every event is sent to.
        clock: seconds since 1970.
        minute_seconds: length of a minute of the backoff; can be changed.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        switches: Switches,
        client_id: str,
        clock: Callable[[], float],
        minute_seconds: float = 60.0,
    ) -> None:
        db.executescript(SCHEMA)
        self._db = db
        self._switches = switches
        self._client_id = client_id
        self._clock = clock
        self.minute_seconds = minute_seconds
        self._webhook: str | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task | None = None
        self._http: aiohttp.ClientSession | None = None

    @cached_property
    def keys(self) -> tuple[SigningKey, SigningKey]:
        """Made when first used: it takes a fifth of a second and more."""
        return SigningKey(), SigningKey()

    def public_key(self, path: str) -> bytes | None:
        """The public key at *path*, PEM."""
        return next((key.pem for key in self.keys if key.path == path), None)

    async def deliver_to(self, webhook: str) -> None:
        """Deliver to *webhook* from now on, the events left from before first."""
        await asyncio.to_thread(lambda: self.keys)
        self._webhook = webhook
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=WEBHOOK_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop delivering; what is left is kept."""
        self._webhook = None
        if self._task is not None and self._http is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._http.close()

    def add(self, observed: Sequence[Observed]) -> None:
        """Keep *observed* for delivery, in the caller's transaction."""
        if self._webhook is None:
            return
        for event in observed:
            self._insert(event, self._clock())
        self._wake.set()

    async def send(self, name: str, value: Any) -> dict[str, Any]:
        """Deliver one event at once, once; what the webhook answered.

        Args:
            name: with or without ``PREFIX``.

        Raises:
            ValueError: there is no webhook.
        """
        if self._webhook is None:
            raise ValueError("no webhook is registered")
        row = self._insert(Observed(name.removeprefix(PREFIX), value), None)
        await self._deliver([row])
        return self._as_dict(self._row(row))

    def newest(self, limit: int = 50) -> list[dict[str, Any]]:
        """The newest events, newest first."""
        rows = self._db.execute(
            "SELECT * FROM io_event ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [self._as_dict(row) for row in rows]

    def clear(self) -> None:
        """Forget every event."""
        self._db.execute("DELETE FROM io_event")

    def _insert(self, event: Observed, due: float | None) -> int:
        now = self._clock()
        event_id = str(uuid.uuid4())
        body = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"urn:uuid:{PROVIDER}",
            "type": PREFIX + event.name,
            "datacontenttype": "application/json",
            "time": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
            "eventid": event_id,
            "event_id": event_id,
            "recipientclientid": self._client_id,
            "recipient_client_id": self._client_id,
            "data": {
                "key": str(uuid.uuid4()),
                "value": event.value,
                "source": "stand-in",
                "_metadata": {"websiteId": "1", "storeId": "1"},
            },
        }
        cursor = self._db.execute(
            "INSERT INTO io_event (event_id, code, body, created, due)"
            " VALUES (?, ?, ?, ?, ?)",
            (event_id, body["type"], json.dumps(body), now, due),
        )
        row = cursor.lastrowid or 0
        self._db.execute(
            "DELETE FROM io_event WHERE id <= ? AND due IS NULL", (row - MAX_EVENTS,)
        )
        return row

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            if self._switches.event_batches:
                await asyncio.sleep(BATCH_SECONDS)
            size = MAX_BATCH if self._switches.event_batches else 1
            due = [
                row
                for (row,) in self._db.execute(
                    "SELECT id FROM io_event WHERE due <= ? ORDER BY id LIMIT ?",
                    (self._clock(), size * MAX_CONCURRENT),
                )
            ]
            if due:
                groups = [due[i : i + size] for i in range(0, len(due), size)]
                await asyncio.gather(*map(self._deliver, groups))
                continue
            (next_due,) = self._db.execute("SELECT min(due) FROM io_event").fetchone()
            wait = None if next_due is None else max(0.01, next_due - self._clock())
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue

    async def _deliver(self, rows: list[int]) -> None:
        """One attempt to deliver *rows* in one request; a list where there are more."""
        events = [self._row(row) for row in rows]
        bodies = [event["body"] for event in events]
        is_list = len(rows) > 1 or self._switches.event_batches
        content = (f"[{','.join(bodies)}]" if is_list else bodies[0]).encode()
        status, answer = await self._post(content, events[0])
        if status is not None and status < 300 and self._switches.event_duplicates:
            await self._post(content, events[0])
        retry = status is None or status == 429 or (status >= 500 and status != 505)
        for event in events:
            attempts = event["attempts"] + 1
            minutes = BACKOFF_MINUTES[min(attempts, len(BACKOFF_MINUTES)) - 1]
            due = self._clock() + minutes * self.minute_seconds
            if not retry or due > event["created"] + RETRY_SECONDS:
                due = None
            self._db.execute(
                "UPDATE io_event SET attempts = ?, due = ?, status = ?, answer = ?"
                " WHERE id = ?",
                (attempts, due, status, answer, event["id"]),
            )

    async def _post(
        self, content: bytes, first: dict[str, Any]
    ) -> tuple[int | None, str]:
        """Status and body of the response; None without one."""
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Adobe/1.0",
            "x-request-id": str(uuid.uuid4()),
            "x-adobe-delivery-id": str(uuid.uuid4()),
            "x-adobe-event-id": first["event_id"],
            "x-adobe-event-code": first["code"],
            "x-adobe-provider": PROVIDER,
            **signature_headers(content, self.keys),
        }
        if first["attempts"]:
            headers["x-adobe-retry-count"] = str(first["attempts"])
        if self._http is None or self._webhook is None:
            return None, "no webhook is registered"
        try:
            async with self._http.post(
                self._webhook, data=content, headers=headers, allow_redirects=False
            ) as response:
                answer = await response.content.read(MAX_ANSWER_BYTES)
                return response.status, answer.decode(errors="replace")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return None, type(error).__name__

    def _row(self, row: int) -> dict[str, Any]:
        cursor = self._db.execute("SELECT * FROM io_event WHERE id = ?", (row,))
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))

    @staticmethod
    def _as_dict(row: Any) -> dict[str, Any]:
        names = "id event_id code body created attempts due status answer".split()
        event = row if isinstance(row, dict) else dict(zip(names, row, strict=True))
        return {**event, "body": json.loads(event["body"])}
