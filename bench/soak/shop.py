"""The stand-in's control side, as a soak asks it."""

from typing import Any

import aiohttp

AT_ONCE = 2_000  # effects of the journal
TIMEOUT = aiohttp.ClientTimeout(total=60)


class Shop:
    """Reads what took effect, and tells Commerce to fail.

    Attributes:
        effects: of the journal so far.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{url}/_control"
        self._session = session
        self._last = 0
        self.effects: list[dict] = []

    async def fail(self, **fault: Any) -> list[dict]:
        """Put a fault in force; all that are, the new one last."""
        return (await self._ask("POST", "faults", json=fault))["faults"]

    async def heal(self) -> list[dict]:
        """End all faults; those that there were."""
        left = (await self._ask("GET", "faults"))["faults"]
        await self._ask("DELETE", "faults")
        return left

    async def read(self) -> None:
        """Read on in the journal; it keeps only the newest."""
        while True:
            asked = {"after": self._last, "limit": AT_ONCE}
            found = await self._ask("GET", "effects", params=asked)
            self.effects += found["effects"]
            self._last = found["last"]
            if len(found["effects"]) < AT_ONCE:
                return

    async def _ask(self, method: str, name: str, **more: Any) -> dict:
        asked = self._session.request(
            method, f"{self._url}/{name}", timeout=TIMEOUT, **more
        )
        async with asked as answer:
            answer.raise_for_status()
            return await answer.json()
