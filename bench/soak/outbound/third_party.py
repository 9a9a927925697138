"""The third party of a two-way soak: posts its changes, and what webhooks bring."""

import asyncio
import json
import random
from collections import Counter

import aiohttp

from bench.soak.outbound.back_office import BackOffice
from bench.soak.outbound.resources import CREATED, Resource, inbound_event, webhook

RETRY_SECONDS = 0.2
POST_TIMEOUT = aiohttp.ClientTimeout(total=30)


class ThirdParty(BackOffice):
    """Holds a state of each resource, and posts each change of it, whosesoever it was.

    Args:
        session: to post with.

    Attributes:
        ingest: URL to post to, once it is known.
        held: the number of the newest change, by resource.
        ids: Commerce's id, by resource, once a webhook brought it.
        rounds: how many webhooks brought each change.
        seen: ``webhook-id`` of each webhook that was applied.
        busy: posts that have no response yet.
    """

    def __init__(
        self,
        rng: random.Random,
        timeout_seconds: float,
        session: aiohttp.ClientSession,
    ) -> None:
        super().__init__(rng, timeout_seconds)
        self.ingest = ""
        self.held: dict[Resource, int] = {}
        self.ids: dict[Resource, str] = {}
        self.rounds: Counter[tuple[Resource, int]] = Counter()
        self.seen: set[str] = set()
        self.busy = 0
        self._session = session
        self._products: dict[str, int] = {}
        self._queues: dict[Resource, asyncio.Queue[dict]] = {}
        self._tasks: list[asyncio.Task] = []

    def change(self, uid: str, resource: Resource, number: int) -> None:
        """Make change *number*, and post it after what was posted of *resource*."""
        self.held[resource] = number
        is_new = resource.kind in CREATED and resource not in self.ids
        entity_id = None if is_new else self.ids.get(resource, "0")
        event, value = inbound_event(resource, number, entity_id)
        if resource not in self._queues:
            self._queues[resource] = asyncio.Queue()
            self._tasks.append(asyncio.create_task(self._post_all(resource)))
        self.busy += 1
        self._queues[resource].put_nowait({"uid": uid, "event": event, "value": value})

    async def stop(self) -> None:
        """Post nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def apply(self, webhook_id: str, content: bytes) -> bool:
        """Make the change that a new webhook brings, and post it back."""
        if webhook_id in self.seen:
            self.counts["repeated with the same id"] += 1
            return True
        self.seen.add(webhook_id)
        event = json.loads(content)
        resource, number, entity_id = webhook(
            event["type"], event["data"], self._products
        )
        if entity_id is not None:
            self.ids[resource] = entity_id
        if resource.kind == "product" and entity_id is not None:
            self._products[entity_id] = resource.number
        if number is not None:
            self.rounds[resource, number] += 1
            self.counts["changes posted back"] += 1
            self.change(f"back-{webhook_id}", resource, number)
        return True

    async def _post_all(self, resource: Resource) -> None:
        while True:
            await self._post(await self._queues[resource].get())
            self.busy -= 1

    async def _post(self, data: dict) -> None:
        while True:
            try:
                async with self._session.post(
                    self.ingest, json={"data": data}, timeout=POST_TIMEOUT
                ) as response:
                    if response.status == 200:
                        return
                    if response.status < 500:
                        raise ValueError(await response.text())
            except (aiohttp.ClientError, TimeoutError):
                self.counts["posts cut off"] += 1
            await asyncio.sleep(RETRY_SECONDS)
