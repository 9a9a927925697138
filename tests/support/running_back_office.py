"""A back office stand-in in a thread of its own."""

import asyncio
import threading
from typing import Any

import requests

from local.back_office import BackOffice

START_SECONDS = 30


class RunningBackOffice:
    """``with RunningBackOffice() as office``.

    Args:
        options: of ``BackOffice``.

    Attributes:
        back_office: the ``BackOffice``.
        url: of its webhook.
    """

    def __init__(self, **options: Any) -> None:
        self.back_office = BackOffice(**options)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "RunningBackOffice":
        self._thread.start()
        assert self._ready.wait(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)

    def control(self, method: str, name: str, body: Any = None) -> dict:
        """One request to its control interface."""
        url = f"{self._address}/_control/{name}"
        response = requests.request(method, url, json=body, timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._address = f"http://{await self.back_office.start()}"
        self.url = f"{self._address}/webhooks"
        self._ready.set()
        await self._stop.wait()
        await self.back_office.stop()
