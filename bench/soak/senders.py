"""The senders of a soak: each posts in order, and again until it receives 200."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import aiohttp

from bench.soak.plan import Client, Planned

RETRY_SECONDS = 0.2
TIMEOUT = aiohttp.ClientTimeout(total=30)
REPOST_SHARE = 0.05  # of the events are posted again
MAX_REPOSTS = 10
MAX_REMEMBERED = 20  # events, of which a sender reposts one


class Senders:
    """All senders together.

    Args:
        completed: how many messages are acknowledged.
        max_waiting: published messages without acknowledgement, above which senders
            wait.

    Attributes:
        accepted: events in the order of their first 200; per resource, of publishing.
        published: how many posts were answered with 200.
        unanswered: uids of posts without a response.
        stopping: set to end the sending.
        counts: what happened to the posts.
    """

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        completed: Callable[[], int],
        max_waiting: int,
    ) -> None:
        self._url = url
        self._session = session
        self._completed = completed
        self._max_waiting = max_waiting
        self.accepted: list[Planned] = []
        self.published = 0
        self.unanswered: set[str] = set()
        self.stopping = False
        self.counts: Counter[str] = Counter()

    async def send(self, client: Client, count: int, rng: random.Random) -> None:
        """Post *count* events of *client*, some of them several times."""
        recent: list[Planned] = []
        for event in client.events(count):
            if self.stopping:
                return
            while self.published - self._completed() > self._max_waiting:
                await asyncio.sleep(RETRY_SECONDS)
            await self._post(event)
            self.accepted.append(event)
            if not event.newest_wins:
                # Where the newest wins, a repost counts as a newer event.
                recent = [*recent[1 - MAX_REMEMBERED :], event]
            if recent and rng.random() < REPOST_SHARE:
                repost = rng.choice([recent[-1], rng.choice(recent)])
                for _ in range(rng.randint(1, MAX_REPOSTS)):
                    self.counts["posted again"] += 1
                    await self._post(repost)

    async def _post(self, event: Planned) -> None:
        data = {"uid": event.uid, "event": event.event, "value": event.value}
        while True:
            try:
                async with self._session.post(
                    self._url, json={"data": data}, timeout=TIMEOUT
                ) as response:
                    if response.status == 200:
                        self.published += 1
                        return
                    if response.status < 500:
                        raise ValueError(f"{event.event}: {await response.text()}")
            except (aiohttp.ClientError, TimeoutError):
                self.counts["posts cut off"] += 1
            if event.newest_wins:
                # Posted again, it could be published twice, with two times.
                self.unanswered.add(event.uid)
                return
            await asyncio.sleep(RETRY_SECONDS)
