"""Between broker and consumers: duplicates, delays and loses pushes and responses.

Pub/Sub delivers at least once; this proxy makes it happen all the time. Each push goes
to a random consumer, some to two at once, some again later. Some responses are lost on
the way back, and some pushes never arrive.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Self

import aiohttp
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from functions.consumer.delivery import OUTDATED, OWN_CHANGE
from local.web import WebServer

FAULT_SHARE = 0.03  # of each kind of fault
LATER_SECONDS = (0.05, 2.0)
TIMEOUT = aiohttp.ClientTimeout(total=120)
NO_RESPONSE = 502  # for a push whose response is lost


class PushProxy:
    """Receives pushes and forwards them.

    Args:
        rng: decides which fault a push meets.
        observe: called with each pushed message.

    Attributes:
        url: to push to, once it listens.
        consumers: URLs, once they are known.
        faulty: whether faults are simulated.
        times: by uid, the first ``ce-time`` that was pushed.
        acknowledged: ids of acknowledged messages.
        pushed: ids of all messages that were pushed.
        outdated: uids of events that were skipped as outdated.
        own_changes: uids of events that were skipped as our own changes.
        counts: of the pushes and their faults.
    """

    def __init__(
        self,
        rng: random.Random,
        observe: Callable[[dict], None] = lambda message: None,
    ) -> None:
        self._observe = observe
        self.url = ""
        self.consumers: list[str] = []
        self.faulty = True
        self.times: dict[str, str] = {}
        self.acknowledged: set[str] = set()
        self.pushed: set[str] = set()
        self.outdated: set[str] = set()
        self.own_changes: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._rng = rng
        self._session: aiohttp.ClientSession | None = None
        self._later: set[asyncio.Task] = set()
        self._server = WebServer(self)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1.5),
            timeout=TIMEOUT,
        )
        self.url = f"http://{await self._server.start('127.0.0.1', 0)}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, after the delayed pushes."""
        await asyncio.gather(*self._later)
        await self._server.stop()
        await self._session.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one push."""
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        message = json.loads(body)["message"]
        self._observe(message)
        attributes = message["attributes"]
        self.times.setdefault(attributes["ce-id"], attributes["ce-time"])
        self.pushed.add(message["messageId"])
        status = await self._forward(body, attributes["ce-id"])
        if status == 200:
            self.acknowledged.add(message["messageId"])
        self.counts["pushes"] += 1
        await Response(status_code=status)(scope, receive, send)

    async def _forward(self, body: bytes, uid: str) -> int:
        fault = self._rng.random() / FAULT_SHARE if self.faulty else 9
        if fault < 1:
            self.counts["never arrived"] += 1
            return NO_RESPONSE
        if fault < 2:
            self.counts["delivered twice at once"] += 1
            pushes = (self._push(body, uid), self._push(body, uid))
            statuses = await asyncio.gather(*pushes)
            return statuses[0]
        if fault < 3:
            self.counts["delivered again later"] += 1
            task = asyncio.create_task(self._push_later(body, uid))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        status = await self._push(body, uid)
        if 3 <= fault < 4:
            self.counts["responses lost"] += 1
            return NO_RESPONSE
        return status

    async def _push_later(self, body: bytes, uid: str) -> None:
        await asyncio.sleep(self._rng.uniform(*LATER_SECONDS))
        await self._push(body, uid)

    async def _push(self, body: bytes, uid: str) -> int:
        """The consumer's status; NO_RESPONSE without one."""
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._rng.choice(self.consumers), data=body, headers=headers
            ) as response:
                content = await response.read()
                if OUTDATED.encode() in content:
                    self.outdated.add(uid)
                elif OWN_CHANGE.encode() in content:
                    self.own_changes.add(uid)
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            self.counts["cut off"] += 1
            return NO_RESPONSE
