"""A stand-in that listens on this machine, and what tests ask of it over the wire."""

import asyncio
import http.client
import json
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import requests

from functions.commerce.client import CommerceConnection
from functions.commerce.oauth1 import OAuth1
from functions.commerce.settings import CommerceSettings
from functions.settings import from_environment
from local.commerce import StandIn
from tests.local.commerce.control import Control

ORDERS = 40
START_SECONDS = 30


class Said(NamedTuple):
    """Status and JSON of an answer; the text where it is no JSON."""

    status: int
    document: Any


class Opened(Control):
    """A stand-in in a thread of its own, whose SQLite connection is that thread's.

    Args:
        state: of the SQLite file.
        options: of ``StandIn``.
    """

    def __init__(self, state: str = ":memory:", **options: Any) -> None:
        self._state = state
        self._options = {"orders": ORDERS, **options}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._sessions: list[requests.Session] = []

    def __enter__(self) -> "Opened":
        self._thread.start()
        assert self._ready.wait(START_SECONDS)
        super().__init__(self._address)
        return self

    def __exit__(self, *_) -> None:
        for session in self._sessions:
            session.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        db = sqlite3.connect(self._state, isolation_level=None)
        try:
            self.stand_in = StandIn(db, **self._options)
            self._address = f"http://{await self.stand_in.start()}"
            self._ready.set()
            await self._stop.wait()
            await self.stand_in.stop()
        finally:
            db.close()

    def settings(self, way: dict | None = None, **more: str) -> CommerceSettings:
        """A consumer's settings, signed in by OAuth 1.0a or *way*, with *more*."""
        found = self.stand_in.environment(self.address, **(way or {}))
        return from_environment(CommerceSettings, {**found, **more})

    def shop(self, way: dict | None = None, **more: str):
        """What a handler asks, over the wire."""
        return self.client(way, **more).session()

    def client(self, way: dict | None = None, **more: str) -> CommerceConnection:
        """The project's client of this Commerce."""
        session = requests.Session()
        self._sessions.append(session)
        return CommerceConnection(self.settings(way, **more), session)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        scope: str = "all",
        changed: Callable[[dict[str, str]], None] = lambda headers: None,
    ) -> Said:
        """Send exactly this *path* (after ``V1/``), signed, and read the answer.

        Args:
            changed: makes the headers wrong after they were signed.
        """
        target = f"/rest/{scope}/V1/{path}"
        headers = OAuth1(self.settings()).headers(method, self.address + target)
        content = None
        if body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        changed(headers)
        return self.send(method, target, headers, content)

    def send(
        self, method: str, target: str, headers: dict, content: bytes | None = None
    ) -> Said:
        """Send *target* to the letter.

        Raises:
            ConnectionError, http.client.HTTPException: the connection broke.
        """
        connection = http.client.HTTPConnection(self.host, timeout=START_SECONDS)
        try:
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        kind = answer.headers.get("Content-Type", "")
        said = json.loads(text) if "json" in kind else text.decode()
        return Said(answer.status, said)
