"""The senders of a soak: each posts in order, and again until it is told 200."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import aiohttp

from bench.soak.plan import Client, Planned

AGAIN_SECONDS = 0.2
TIMEOUT = aiohttp.ClientTimeout(total=30)
REPEATED = 0.05  # of the events are posted again, up to ten times
MOST_REPEATS = 10
REMEMBERED = 20  # events, one of which a sender repeats


class Senders:
    """What all senders have posted.

    Args:
        done: how many messages are done with.
        most_waiting: messages that are not, with which senders wait.

    Attributes:
        accepted: events in the order of their first 200; of one thing, of publishing.
        published: how many posts were answered 200.
        unanswered: uids of which nobody knows whether they were accepted.
        enough: to be set when no more is to be sent.
        did: what happened to the posts.
    """

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        done: Callable[[], int],
        most_waiting: int,
    ) -> None:
        self._url = url
        self._session = session
        self._done = done
        self._most_waiting = most_waiting
        self.accepted: list[Planned] = []
        self.published = 0
        self.unanswered: set[str] = set()
        self.enough = False
        self.did: Counter[str] = Counter()

    async def send(self, client: Client, count: int, chance: random.Random) -> None:
        """Post *count* events of *client*, some of them several times."""
        recent: list[Planned] = []
        for event in client.events(count):
            if self.enough:
                return
            while self.published - self._done() > self._most_waiting:
                await asyncio.sleep(AGAIN_SECONDS)
            await self._post(event)
            self.accepted.append(event)
            if not event.newest_wins:
                # Which of two posts counts is not told where the newest wins.
                recent = [*recent[1 - REMEMBERED :], event]
            if recent and chance.random() < REPEATED:
                again = chance.choice([recent[-1], chance.choice(recent)])
                for _ in range(chance.randint(1, MOST_REPEATS)):
                    self.did["posted again"] += 1
                    await self._post(again)

    async def _post(self, event: Planned) -> None:
        data = {"uid": event.uid, "event": event.event, "value": event.value}
        while True:
            try:
                asked = self._session.post(
                    self._url, json={"data": data}, timeout=TIMEOUT
                )
                async with asked as answer:
                    if answer.status == 200:
                        self.published += 1
                        return
                    if answer.status < 500:
                        raise ValueError(f"{event.event}: {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError):
                self.did["posts cut off"] += 1
            if event.newest_wins:
                # Posted again it could be there twice, with two times.
                self.unanswered.add(event.uid)
                return
            await asyncio.sleep(AGAIN_SECONDS)
