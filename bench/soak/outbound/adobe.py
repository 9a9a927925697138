"""Adobe I/O Events, as a soak needs it: signed, repeated, in lists, in no order."""

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator

import aiohttp
from aiohttp import web

from bench.soak.outbound.changes import Change
from local.commerce.event_signature import SigningKey, signature_headers

CLIENT_ID = "client-of-the-soak"
SENDERS = 8
LATE_SHARE = 0.15
LATE_SECONDS = (0.05, 3.0)
REPEATED_SHARE = 0.05
LIST_SHARE = 0.3
MAX_LIST = 20
RETRY_SECONDS = 0.2
POLL_SECONDS = 0.05
TIMEOUT = aiohttp.ClientTimeout(total=30)


class Adobe:
    """Delivers changes, and again until it receives 200.

    Args:
        url: of ``commerce_events``.
        may_publish: whether no more messages are unacknowledged than shall be.

    Attributes:
        accepted: what was answered with 200, each once.
        published: how many events were answered with 200, repetitions included.
        counts: what happened.
    """

    def __init__(
        self,
        url: str,
        key: SigningKey,
        session: aiohttp.ClientSession,
        rng: random.Random,
        may_publish: Callable[[int], bool],
    ) -> None:
        self._url = url
        self._key = key
        self._session = session
        self._rng = rng
        self._may_publish = may_publish
        self.accepted: dict[str, Change] = {}
        self.published = 0
        self.counts: Counter[str] = Counter()

    async def deliver(self, changes: Iterator[Change]) -> None:
        """Deliver all of *changes*, of which some overtake others."""
        async with asyncio.TaskGroup() as late:
            async with asyncio.TaskGroup() as senders:
                for _ in range(SENDERS):
                    senders.create_task(self._send_all(changes, late))

    async def _send_all(
        self, changes: Iterator[Change], late: asyncio.TaskGroup
    ) -> None:
        for change in changes:
            events = [change]
            if self._rng.random() < LIST_SHARE:
                size = self._rng.randrange(MAX_LIST)
                events += itertools.islice(changes, size)
                self._rng.shuffle(events)
                self.counts["lists"] += 1
            while not self._may_publish(self.published):
                await asyncio.sleep(POLL_SECONDS)
            if self._rng.random() < LATE_SHARE:
                self.counts["deliveries that others overtook"] += 1
                late.create_task(self._post_later(events))
            else:
                await self._post(events)
            if self._rng.random() < REPEATED_SHARE:
                self.counts["deliveries repeated"] += 1
                late.create_task(self._post_later(events))

    async def _post_later(self, events: list[Change]) -> None:
        await asyncio.sleep(self._rng.uniform(*LATE_SECONDS))
        await self._post(events)

    async def _post(self, events: list[Change]) -> None:
        documents = [_document(event) for event in events]
        content = json.dumps(documents if len(events) > 1 else documents[0]).encode()
        headers = {
            "Content-Type": "application/json",
            **signature_headers(content, [self._key]),
        }
        while True:
            try:
                async with self._session.post(
                    self._url, data=content, headers=headers, timeout=TIMEOUT
                ) as response:
                    text = await response.text()
                    if response.status == 200:
                        break
                    if response.status < 500:
                        raise ValueError(f"{response.status}: {text}")
                    self.counts["deliveries that were not stored"] += 1
            except (aiohttp.ClientError, TimeoutError):
                self.counts["deliveries cut off"] += 1
            await asyncio.sleep(RETRY_SECONDS)
        self.published += len(events)
        self.accepted |= {event.uid: event for event in events}


def _document(change: Change) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": f"cloud-event-{change.uid}",
        "eventid": change.uid,
        "recipientclientid": CLIENT_ID,
        "source": "urn:uuid:soak",
        "type": f"com.adobe.commerce.{change.source}",
        "datacontenttype": "application/json",
        "time": change.time,
        "data": {"key": "soak", "value": change.value, "source": "soak"},
    }


def key_host(key: SigningKey) -> web.Application:
    """Adobe's host of public keys."""

    async def respond(request: web.Request) -> web.Response:
        return web.Response(body=key.pem)

    application = web.Application()
    application.router.add_get(key.path, respond)
    return application
