"""The control interface of the Commerce stand-in, as a soak uses it."""

from typing import Any

import aiohttp

MAX_EFFECTS_READ = 1_000  # at once
TIMEOUT = aiohttp.ClientTimeout(total=60)


class StandInClient:
    """Reads the effects, and simulates faults.

    Attributes:
        effects: of the stand-in's journal so far.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{url}/_control"
        self._session = session
        self._last_id = 0
        self.effects: list[dict] = []

    async def add_fault(self, **fault: Any) -> list[dict]:
        """Simulate a fault; all active ones, the new one last."""
        return (await self._request("POST", "faults", json=fault))["faults"]

    async def remove_faults(self) -> list[dict]:
        """End all faults; those that were active."""
        active = (await self._request("GET", "faults"))["faults"]
        await self._request("DELETE", "faults")
        return active

    async def read_effects(self) -> None:
        """Read on in the journal, which keeps only the newest effects."""
        while True:
            query = {"after": self._last_id, "limit": MAX_EFFECTS_READ}
            page = await self._request("GET", "effects", params=query)
            self.effects += page["effects"]
            self._last_id = page["last"]
            if len(page["effects"]) < MAX_EFFECTS_READ:
                return

    async def _request(self, method: str, name: str, **options: Any) -> dict:
        async with self._session.request(
            method, f"{self._url}/{name}", timeout=TIMEOUT, **options
        ) as response:
            response.raise_for_status()
            return await response.json()
