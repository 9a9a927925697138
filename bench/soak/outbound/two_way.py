"""Both directions at once: no loop, although the third party posts what it receives.

A person edits products in Commerce, the third party changes the same ones, and it posts
every change that a webhook brings it, as a connector does that cannot tell whose change
it was. Without loop prevention no change would ever come to rest.
"""

import asyncio
import base64
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.soak.check import LOST, Violation
from bench.soak.outbound.soak import TIMEOUT_SECONDS, served
from bench.soak.outbound.stack import outbound_stack
from bench.soak.push_proxy import PushProxy
from bench.soak.soak import DELIVERY, SPEED, STALLED_SECONDS, Options, Progress, Result
from functions.standard_webhooks import is_signed
from local.commerce import admin
from local.commerce.stand_in import StandIn

PRODUCTS = 25
SKU = "TWO-WAY-{}"
EVENT = "be-observer.catalog_product_"
# Where it is in doubt an event is delivered, and the loop ends at its second round.
# Interleaved changes of one product can put several events of one change in doubt.
MAX_ROUNDS = 4
QUIET_SECONDS = 4.0
POLL_SECONDS = 0.1
PACE_SECONDS = 0.02  # between two changes, on average: a dozen products change at once
RETRY_SECONDS = 0.2
REPORT_SECONDS = 10.0
POST_TIMEOUT = aiohttp.ClientTimeout(total=30)

LOOP = "change that went round again and again"
DIVERGED = "Commerce and the third party end with different values"
NO_END = "no rest after the last change"


class ThirdParty:
    """Keeps products; posts its own changes, and each change that it receives.

    Attributes:
        ingest: URL to post to, once it is known.
        names: the name of each product, by SKU; each change has its own.
        received: how many webhooks brought each name.
        busy: posts that have no response yet.
    """

    def __init__(self, session: aiohttp.ClientSession, secret: str) -> None:
        self.ingest = ""
        self.names: dict[str, str] = {}
        self.received: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.busy = 0
        self._session = session
        self._secret = secret
        self._seen: set[str] = set()
        self._queues: dict[str, asyncio.Queue[tuple[str, dict]]] = {}
        self._tasks: list[asyncio.Task] = []

    def application(self) -> web.Application:
        """As a server serves it."""
        application = web.Application()
        application.router.add_post("/", self._respond)
        return application

    def change(self, uid: str, value: dict) -> None:
        """Set a product, and post it after what was posted of it before."""
        sku = value["sku"]
        self.names[sku] = value["name"]
        self.busy += 1
        if sku not in self._queues:
            self._queues[sku] = asyncio.Queue()
            self._tasks.append(asyncio.create_task(self._post_all(sku)))
        self._queues[sku].put_nowait((uid, value))

    async def stop(self) -> None:
        """Post nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _respond(self, request: web.Request) -> web.Response:
        content = await request.read()
        if not is_signed(self._secret, request.headers, content):
            return web.Response(status=401)
        self.counts["webhooks"] += 1
        webhook_id = request.headers["webhook-id"]
        if webhook_id in self._seen:
            self.counts["webhooks repeated"] += 1
            return web.Response(status=200)
        self._seen.add(webhook_id)
        data = json.loads(content)["data"]
        self.received[data["name"]] += 1
        self.change(f"back-{webhook_id}", product(data["sku"], data["name"]))
        self.counts["changes posted back"] += 1
        return web.Response(status=202)

    async def _post_all(self, sku: str) -> None:
        known: set[str] = set()
        while True:
            uid, value = await self._queues[sku].get()
            event = EVENT + ("update" if known else "create")
            known.add(sku)
            await self._post({"uid": uid, "event": event, "value": value})
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


def product(sku: str, name: str) -> dict:
    """The value of an inbound event; every field follows from the name."""
    price = 1 + int("".join(filter(str.isdigit, name)) or 0) % 997
    return {"sku": sku, "name": name, "price": price, "description": f"About {name}"}


async def soak(folder: Path, options: Options, progress: Progress) -> Result:
    """Run a soak in *folder*."""
    rng = random.Random(options.seed)  # noqa: S311 no secret
    secret = "whsec_" + base64.b64encode(rng.randbytes(32)).decode()
    db = sqlite3.connect(folder / "commerce.sqlite", isolation_level=None)
    stand_in = StandIn(db)
    commerce_url = f"http://{await stand_in.start()}"
    names: dict[str, str] = {}  # of pushed events of Commerce, by uid

    def note_name(message: dict) -> None:
        value = json.loads(base64.b64decode(message["data"]))
        names[message["attributes"]["ce-id"]] = value.get("name", "")

    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        PushProxy(rng) as inbound,
        PushProxy(rng, note_name) as outbound,
    ):
        third_party = ThirdParty(session, secret)
        async with (
            served(third_party.application()) as target_url,
            outbound_stack(
                folder,
                outbound.url,
                options.consumers,
                SPEED,
                {
                    "OAUTH_CLIENT_ID": stand_in.credentials.client_id,
                    "ADOBE_KEYS_URL": commerce_url,
                    "TARGET_URL": f"{target_url}/",
                    "TARGET_SECRETS": secret,
                    "TARGET_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
                    "THREADS": "8",
                    "LOG_LEVEL": "WARNING",
                },
                (
                    inbound.url,
                    {
                        **stand_in.environment(commerce_url),
                        "COMMERCE_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
                        "COMMERCE_CONCURRENCY": "4",
                    },
                ),
                **DELIVERY,
            ) as stack,
        ):
            outbound.consumers = [f"{one.url}/" for one in stack.consumers]
            inbound.consumers = [f"{stack.inbound_consumer.url}/"]
            third_party.ingest = f"{stack.ingest.url}/"
            await stand_in.io_events.deliver_to(f"{stack.receiver.url}/")

            def waiting() -> int:
                """Messages and posts that have not come to rest."""
                messages = sum(
                    len(p.pushed - p.acknowledged) for p in (inbound, outbound)
                )
                return messages + third_party.busy

            def activity() -> int:
                return len(inbound.pushed) + len(outbound.pushed)

            try:
                edited = await _change_all(
                    stand_in, third_party, options, rng, waiting, progress
                )
                progress("all is changed; waiting for rest with faults, then without")
                await _rest(waiting, activity, progress)
                inbound.faulty = outbound.faulty = False
                is_at_rest = await _rest(waiting, activity, progress)
            finally:
                await third_party.stop()
                await stand_in.io_events.stop()
        stored = {
            SKU.format(number): row[0][1]["attributes"]["name"]
            for number in range(PRODUCTS)
            if (row := stand_in.entities.find("product", SKU.format(number)))
        }
        await stand_in.stop()
        db.close()
    broken = [] if is_at_rest else [Violation(NO_END, "", "")]
    skipped = {names[uid] for uid in outbound.outdated if uid in names}
    broken += _violations(third_party, edited, stored, skipped)
    counts = {
        "changes of the third party": options.events - len(edited),
        "edits in Commerce": len(edited),
        "messages inbound": len(inbound.pushed),
        "messages outbound": len(outbound.pushed),
        "skipped as our own change": len(outbound.own_changes),
        "skipped as outdated": len(outbound.outdated),
        "rounds of one change, at most": max(third_party.received.values(), default=0),
        **dict(sorted((third_party.counts + inbound.counts + outbound.counts).items())),
    }
    return Result(counts, broken)


def _violations(
    third_party: ThirdParty,
    edited: set[str],
    stored: dict[str, str],
    skipped: set[str],
) -> Iterator[Violation]:
    for name, rounds in third_party.received.items():
        if rounds > MAX_ROUNDS:
            yield Violation(LOOP, "", name)
    for name in sorted(edited - third_party.received.keys() - skipped):
        yield Violation(LOST, "", name)
    for sku in sorted(stored.keys() | third_party.names.keys()):
        if stored.get(sku) != third_party.names.get(sku):
            yield Violation(DIVERGED, sku, stored.get(sku, ""))


async def _change_all(stand_in, third_party, options, rng, waiting, progress):
    """Change products on both sides; the names that a person set in Commerce."""
    edited: set[str] = set()
    end, reported = time.monotonic() + options.max_seconds, 0.0
    for number in range(options.events):
        while waiting() > options.max_waiting and time.monotonic() < end:
            await asyncio.sleep(POLL_SECONDS)
        if time.monotonic() - reported > REPORT_SECONDS:
            reported = time.monotonic()
            progress(f"{number:6} changes, {third_party.counts['webhooks']:6} webhooks")
        sku = SKU.format(
            number % PRODUCTS if number < PRODUCTS else rng.randrange(PRODUCTS)
        )
        # Each product is first created by the third party.
        if number < PRODUCTS or rng.random() < 0.5:
            third_party.change(f"own-{number}", product(sku, f"theirs {number}"))
        elif stand_in.entities.find("product", sku):
            name = f"edited {number}"
            value = product(sku, name)
            admin.edit_product(stand_in, sku, name=name, price=value["price"])
            edited.add(name)
        await asyncio.sleep(rng.uniform(0, 2 * PACE_SECONDS))
    return edited


async def _rest(waiting, activity, progress) -> bool:
    """Wait until nothing has happened for a while; False when that takes too long."""
    end = time.monotonic() + STALLED_SECONDS
    reported, count, since = 0.0, activity(), time.monotonic()
    while time.monotonic() < since + QUIET_SECONDS:
        if time.monotonic() > end:
            return False
        if time.monotonic() > reported + REPORT_SECONDS:
            reported = time.monotonic()
            progress(f"{waiting()} messages and posts at work, {activity()} so far")
        if waiting() or activity() != count:
            count, since = activity(), time.monotonic()
        await asyncio.sleep(POLL_SECONDS)
    return True
