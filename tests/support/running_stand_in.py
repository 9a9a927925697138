"""A Commerce stand-in in this process, and signed calls to it."""

import asyncio
import http.client
import json
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from local.commerce import StandIn
from tests.support.stand_in_control import StandInControl

ORDERS = 40
START_SECONDS = 30


class StandInResponse(NamedTuple):
    """Status and JSON of a response; its text where it is not JSON."""

    status: int
    document: Any


class RunningStandIn(StandInControl):
    """A stand-in in a thread of its own, which owns the SQLite connection.

    Args:
        options: of ``StandIn``.

    Attributes:
        stand_in: the ``StandIn``; only what is thread-safe is to be read.
    """

    def __init__(self, **options: Any) -> None:
        self._options = {"orders": ORDERS, **options}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "RunningStandIn":
        self._thread.start()
        assert self._ready.wait(START_SECONDS)
        super().__init__(self._address)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive()

    def run(self, coroutine: Coroutine) -> Any:
        """Run *coroutine* in the stand-in's own loop; its result."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(START_SECONDS)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        db = sqlite3.connect(":memory:", isolation_level=None)
        try:
            self.stand_in = StandIn(db, **self._options)
            self._address = f"http://{await self.stand_in.start()}"
            self._ready.set()
            await self._stop.wait()
            await self.stand_in.stop()
        finally:
            db.close()

    def environment(self, **options: Any) -> dict[str, str]:
        """A consumer's environment variables; *options* of ``StandIn.environment``."""
        return self.stand_in.environment(self.address, **options)

    def sign(self, method: str, target: str, **options: Any) -> dict[str, str]:
        """The headers of a call signed by OAuth 1.0a.

        Args:
            target: path and query.
            options: of oauthlib's client, to sign in another way.
        """
        credentials = self.stand_in.credentials
        client = Client(
            **{
                "client_key": credentials.consumer_key,
                "client_secret": credentials.consumer_secret,
                "resource_owner_key": credentials.access_token,
                "resource_owner_secret": credentials.access_token_secret,
                "signature_method": SIGNATURE_HMAC_SHA256,
                **options,
            }
        )
        return client.sign(self.address + target, method)[1]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        scope: str = "all",
        change_headers: Callable[[dict[str, str]], None] = lambda headers: None,
    ) -> StandInResponse:
        """Send a signed call with exactly this *path*, which follows ``V1/``.

        Args:
            body: JSON document, or bytes to send as they are.
            change_headers: changes the headers after they were signed.
        """
        target = f"/rest/{scope}/V1/{path}"
        headers = self.sign(method, target)
        content = None
        if body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        change_headers(headers)
        return self.send(method, target, headers, content)

    def send(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        content: bytes | None = None,
    ) -> StandInResponse:
        """Send exactly this *target*.

        Raises:
            ConnectionError, http.client.HTTPException: the connection was closed.
        """
        connection = http.client.HTTPConnection(self.host, timeout=START_SECONDS)
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        return StandInResponse(
            response.status, json.loads(text) if is_json else text.decode()
        )
