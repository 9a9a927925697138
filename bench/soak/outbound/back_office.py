"""The third party, as a soak needs it: verifies webhooks, and often fails."""

import asyncio
import json
import random
from collections import Counter

from aiohttp import web

from bench.soak.outbound.changes import UNWANTED
from functions.standard_webhooks import is_signed

FAULT_SHARE = 0.1
PAUSE_SHARE = 0.002  # a pause stops a whole process for a second
LATE_SECONDS = (0.1, 1.0)
KEYS = {
    "product": lambda data: data["sku"].lower(),
    "customer": lambda data: data["id"],
    "customer-group": lambda data: data["customer_group_id"],
    "order": lambda data: data["id"],
    "stock": lambda data: data["product_id"],
}
STATUSES = (401, 404, 408, 429, 500, 502, 503, 504)
APPLIED_STATUSES = (500, 502, 504)


class BackOffice:
    """Receives webhooks.

    Args:
        rng: decides which fault a webhook meets.
        timeout_seconds: how long the sender waits.

    Attributes:
        faulty: whether faults are simulated.
        effects: resource and ``webhook-id`` of each webhook that took effect, in order.
        wrong: ``webhook-id`` of what was signed wrongly, or had one id and two bodies.
        counts: of the webhooks and their faults.
    """

    def __init__(self, rng: random.Random, timeout_seconds: float) -> None:
        self._rng = rng
        self._timeout_seconds = timeout_seconds
        self.secret = ""
        self.faulty = True
        self.effects: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self._bodies: dict[str, bytes] = {}

    def application(self) -> web.Application:
        """As a server serves it."""
        application = web.Application()
        application.router.add_post("/{path:.*}", self._respond)
        return application

    async def _respond(self, request: web.Request) -> web.Response:
        content = await request.read()
        self.counts["webhooks"] += 1
        if not is_signed(self.secret, request.headers, content):
            self.wrong.append(request.headers.get("webhook-id", ""))
            return web.Response(status=401)
        if self.faulty and self._rng.random() < PAUSE_SHARE:
            self.counts["503 with Retry-After"] += 1
            return web.Response(status=503, headers={"Retry-After": "1"})
        fault = self._rng.random() / FAULT_SHARE if self.faulty else 9.0
        if fault < 0.4:
            status = self._rng.choice(STATUSES)
            self.counts[str(status)] += 1
            return web.Response(status=status)
        if fault < 0.5:
            self.counts["connection lost"] += 1
            return self._drop(request)
        if fault < 0.6:
            self.counts["late"] += 1
            await asyncio.sleep(self._rng.uniform(*LATE_SECONDS))
        elif fault < 0.63:
            self.counts["later than the timeout, applied"] += 1
            await asyncio.sleep(self._timeout_seconds + 0.3)
        if not self.apply(request.headers["webhook-id"], content):
            return web.json_response({"message": "Unwanted"}, status=422)
        if 0.63 < fault < 0.8:
            status = self._rng.choice(APPLIED_STATUSES)
            self.counts[f"{status}, applied"] += 1
            return web.Response(status=status)
        if 0.8 < fault < 1:
            self.counts["connection lost, applied"] += 1
            return self._drop(request)
        return web.Response(status=202)

    def apply(self, webhook_id: str, content: bytes) -> bool:
        """Apply a webhook once, as docs/outbound.md asks; False for what is unwanted.

        A call that arrives late, after its lease, may repeat an older webhook.
        """
        event = json.loads(content)
        data = event["data"]
        if data["name"] == UNWANTED:
            return False
        if applied := self._bodies.get(webhook_id):
            self.counts["repeated with the same id"] += 1
            if applied != content:
                self.wrong.append(webhook_id)
            return True
        self._bodies[webhook_id] = content
        entity = event["type"].split(".")[1]
        self.effects.append((f"outbound-{entity}:{KEYS[entity](data)}", webhook_id))
        return True

    @staticmethod
    def _drop(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
