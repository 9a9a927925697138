"""Between broker and consumers: where pushes are doubled, lost and torn.

Pub/Sub delivers at least once; here it does so all the time. Each push goes to one of
the consumers, some to two at once, some again a moment later; of some the consumer's
verdict is lost on its way back, and some never arrive.
"""

import asyncio
import contextlib
import json
import random
from collections import Counter

import aiohttp
from starlette.types import Receive, Scope, Send

from local.broker.push import http_session
from local.commerce.http_messages import read_body
from local.web import WebServer

SHARE = 0.03  # of each kind of fault
LATER_SECONDS = (0.05, 2.0)
PUSH_SECONDS = 120
LOST = 502  # what a push gets whose verdict does not arrive


class Gate:
    """Takes pushes and hands them on.

    Args:
        chance: what happens to which.

    Attributes:
        consumers: URLs, once they are known.
        faulty: whether anything is done to pushes.
        times: by uid the first ``ce-time`` it was pushed with.
        acknowledged: ids of messages that the broker was told to be done with.
        pushed: ids of all messages that came.
        did: what was done to how many.
    """

    def __init__(self, chance: random.Random) -> None:
        self.consumers: list[str] = []
        self.faulty = True
        self.times: dict[str, str] = {}
        self.acknowledged: set[str] = set()
        self.pushed: set[str] = set()
        self.did: Counter[str] = Counter()
        self._chance = chance
        self._later: set[asyncio.Task] = set()
        self._server = WebServer(self)

    async def start(self) -> str:
        """Listen; the URL to push to."""
        self._http = http_session()
        return f"http://{await self._server.start('127.0.0.1', 0)}/"

    async def stop(self) -> None:
        """Listen no more; what was to come later comes before."""
        await asyncio.gather(*self._later)
        await self._server.stop()
        await self._http.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        if body is None:
            return
        message = json.loads(body)["message"]
        attributes = message["attributes"]
        self.times.setdefault(attributes["ce-id"], attributes["ce-time"])
        self.pushed.add(message["messageId"])
        status = await self._handed_on(body)
        if status == 200:
            self.acknowledged.add(message["messageId"])
        self.did["pushes"] += 1
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _handed_on(self, body: bytes) -> int:
        fault = self._chance.random() / SHARE if self.faulty else 9
        if fault < 1:
            self.did["never arrived"] += 1
            return LOST
        if fault < 2:
            self.did["delivered twice at once"] += 1
            statuses = await asyncio.gather(self._push(body), self._push(body))
            return statuses[0]
        if fault < 3:
            self.did["delivered again later"] += 1
            task = asyncio.create_task(self._again(body))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        status = await self._push(body)
        if 3 <= fault < 4:
            self.did["verdict lost"] += 1
            return LOST
        return status

    async def _again(self, body: bytes) -> None:
        await asyncio.sleep(self._chance.uniform(*LATER_SECONDS))
        await self._push(body)

    async def _push(self, body: bytes) -> int:
        """The consumer's status; LOST where there is none."""
        url = self._chance.choice(self.consumers)
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(PUSH_SECONDS):
                async with self._http.post(url, data=body) as response:
                    return response.status
        self.did["cut off"] += 1
        return LOST
