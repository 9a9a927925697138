"""Both directions at once: no loop, although the third party posts what it receives.

A person edits resources in Commerce, the third party changes the same ones, and it
posts every change that a webhook brings it, as a connector does that cannot tell whose
change it was. Without loop prevention no change would ever come to rest.
"""

import asyncio
import base64
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.soak import faults
from bench.soak.check import LOST, Violation
from bench.soak.outbound.resources import (
    CREATED,
    STATUS,
    Resource,
    edit,
    resources,
    stored,
)
from bench.soak.outbound.soak import TIMEOUT_SECONDS, served
from bench.soak.outbound.stack import OutboundStack, outbound_stack
from bench.soak.outbound.third_party import ThirdParty
from bench.soak.push_proxy import PushProxy
from bench.soak.soak import (
    DELIVERY,
    SPEED,
    STALLED_SECONDS,
    Options,
    Progress,
    Result,
    cancel,
    read_dead_letters,
)
from bench.soak.stand_in import StandInClient
from local.commerce import order
from local.commerce.stand_in import StandIn

MAX_RESOURCES, EVENTS_PER_RESOURCE = 12, 10  # of each kind
# Where it is in doubt an event is delivered, and the loop ends at its second round.
# Interleaved changes of one resource and lost responses can put several events of one
# change in doubt, each more rarely than the one before; a loop goes on.
MAX_ROUNDS = 6
MAX_WEBHOOKS_SHARE = 2.0  # webhooks to changes, of all together
DUPLICATES_SHARE, LISTS_SHARE = 0.1, 0.3  # of the deliveries of Adobe I/O Events
ADOBE_MINUTE_SECONDS = 0.3
QUIET_SECONDS = 2.0
POLL_SECONDS = 0.1
PACE_SECONDS = 0.01  # between two changes, on average
REPORT_SECONDS = 10.0

LOOP = "change that went round again and again"
SWALLOWED = "edit of a person that was taken for our own change"
DIVERGED = "Commerce and the third party end with different values"
NO_END = "no rest after the last change"
WRONG = "webhook with a wrong signature"


@dataclass
class TwoWay:
    """What takes part in a soak of both directions.

    Attributes:
        count: of the resources of each kind.
        edits: change and resource of each edit of a person, by the event's id.
        faults: how often each happened.
    """

    commerce: StandIn
    db: sqlite3.Connection
    third_party: ThirdParty
    inbound: PushProxy
    outbound: PushProxy
    options: Options
    rng: random.Random
    progress: Progress
    count: int
    changes: int = 0
    edits: dict[str, tuple[Resource, int]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def waiting(self) -> int:
        """Events, messages and posts that have not come to rest."""
        [due] = self.db.execute("SELECT count(due) FROM io_event").fetchone()
        proxies = (self.inbound, self.outbound)
        messages = sum(len(each.pushed - each.acknowledged) for each in proxies)
        return int(due) + messages + self.third_party.busy

    def pushes(self) -> int:
        """Pushes of both directions."""
        return self.inbound.counts["pushes"] + self.outbound.counts["pushes"]

    def loops(self) -> bool:
        """Whether a change goes round without end."""
        rounds = self.third_party.rounds.most_common(1)
        return bool(rounds) and rounds[0][1] > MAX_ROUNDS

    async def change_all(self) -> None:
        """Create the resources and change them on both sides, while none loops."""
        everything = resources(self.count)
        end, reported = time.monotonic() + self.options.max_seconds, 0.0
        created = [one for one in everything if one.kind in CREATED]
        for resource in created:
            self._change(resource)
        await self._until(lambda: self.third_party.ids.keys() >= {*created}, end)
        while self.changes < self.options.events and time.monotonic() < end:
            await self._until(lambda: self.waiting() <= self.options.max_waiting, end)
            if self.loops():
                return
            if time.monotonic() > reported + REPORT_SECONDS:
                reported = time.monotonic()
                self._report()
            switches = self.commerce.switches
            switches.event_duplicates = self.rng.random() < DUPLICATES_SHARE
            switches.event_batches = self.rng.random() < LISTS_SHARE
            resource = self.rng.choice(everything)
            if self.rng.random() < 0.5:
                self._change(resource)
            else:
                self.changes += 1
                uid = edit(self.commerce, resource, self.changes)
                self.edits[uid] = resource, self.changes
            await asyncio.sleep(self.rng.uniform(0, 2 * PACE_SECONDS))

    def _change(self, resource: Resource) -> None:
        self.changes += 1
        self.third_party.change(f"own-{self.changes}", resource, self.changes)

    async def _until(self, condition: Callable[[], bool], end: float) -> None:
        while not condition() and not self.loops() and time.monotonic() < end:
            await asyncio.sleep(POLL_SECONDS)

    async def rest(self) -> bool:
        """Wait until nothing has happened for a while; False when it goes on."""
        start = since = reported = time.monotonic()
        count = self.pushes()
        while time.monotonic() < since + QUIET_SECONDS:
            now = time.monotonic()
            if self.loops() or now > start + STALLED_SECONDS:
                return False
            if now > reported + REPORT_SECONDS:
                reported = now
                self._report()
            if self.waiting() or self.pushes() != count:
                count, since = self.pushes(), now
            await asyncio.sleep(POLL_SECONDS)
        return True

    def _report(self) -> None:
        self.progress(
            f"{self.changes:6} changes, {len(self.third_party.seen):6} webhooks,"
            f" {self.waiting():4} waiting"
        )

    def start_faults(
        self, stack: OutboundStack, stand_in: StandInClient
    ) -> list[asyncio.Task]:
        """What fails besides pushes and webhooks, until it is cancelled."""
        inbound = [one for one in (stack.inbound_consumer, stack.ingest) if one]
        processes = [*stack.consumers, *inbound, stack.receiver, stack.broker]
        rng, count, pushes = self.rng, self.faults, self.pushes
        kills, locks = self.options.kill_every, self.options.lock_every
        running = (
            faults.fail_calls(
                stand_in, rng, lambda: self.inbound.counts["pushes"], count
            ),
            faults.kill_processes(processes, rng, kills, pushes, count),
            faults.lock_ledger(stack.ledger, rng, locks, pushes, count),
        )
        return [asyncio.create_task(one) for one in running]

    def result(self, is_at_rest: bool, dead_letters: list[tuple[str, str]]) -> Result:
        """What happened, and what should not have."""
        third_party, edits = self.third_party, self.edits
        # After a lost response the third party has posted the edit, and when it is sent
        # again, it is our own.
        own_edits = (self.outbound.own_changes & edits.keys()) - third_party.seen
        rounds = Counter(third_party.rounds.values())
        counts = {
            "changes of the third party": self.changes - len(edits),
            "edits in Commerce": len(edits),
            "resources": self.count * 5,
            "messages inbound": len(self.inbound.pushed),
            "messages outbound": len(self.outbound.pushed),
            "webhooks applied": len(third_party.seen),
            "skipped as our own change": len(self.outbound.own_changes),
            "skipped as outdated": len(self.outbound.outdated - third_party.seen),
            "edits that reached the third party": len(third_party.seen & edits.keys()),
            "edits that were outdated on arrival": len(
                (self.outbound.outdated & edits.keys()) - third_party.seen
            ),
            "rounds of one change, at most": max(rounds, default=0),
            **{f"changes with rounds: {n}": rounds[n] for n in sorted(rounds)},
            "events dead-lettered": len(dead_letters),
            **dict(
                sorted((self.inbound.counts + self.outbound.counts).items()),
            ),
            **{f"fault: {name}": n for name, n in sorted(self.faults.items())},
            **{f"third party: {n}": c for n, c in sorted(third_party.counts.items())},
        }
        broken = [Violation(LOST, "", f"{uid}: {why}") for uid, why in dead_letters]
        broken += [Violation(WRONG, "", one) for one in third_party.wrong]
        broken += [
            Violation(LOOP, str(resource), str(change))
            for (resource, change), times in third_party.rounds.items()
            if times > MAX_ROUNDS
        ]
        if len(third_party.seen) > MAX_WEBHOOKS_SHARE * self.changes + self.count:
            broken.append(Violation(LOOP, "", f"{len(third_party.seen)} webhooks"))
        if not is_at_rest:
            return Result(counts, [*broken, Violation(NO_END, "", "")])
        broken += [Violation(SWALLOWED, *_edit(edits, uid)) for uid in own_edits]
        reached = third_party.seen | self.outbound.outdated | own_edits
        broken += [
            Violation(LOST, *_edit(edits, uid)) for uid in edits.keys() - reached
        ]
        return Result(counts, [*broken, *self._differences()])

    def _differences(self) -> Iterator[Violation]:
        for resource, change in stored(self.commerce, self.count):
            held = self.third_party.held.get(resource)
            # Before its first change a resource has what it was created with.
            if change != held and held is not None:
                yield Violation(DIVERGED, str(resource), f"{change} and {held}")


def _edit(edits: dict[str, tuple[Resource, int]], uid: str) -> tuple[str, str]:
    resource, change = edits[uid]
    return str(resource), str(change)


async def soak(folder: Path, options: Options, progress: Progress) -> Result:
    """Run a soak in *folder*."""
    rng = random.Random(options.seed)  # noqa: S311 no secret
    count = max(1, min(MAX_RESOURCES, options.events // (5 * EVENTS_PER_RESOURCE)))
    # The merchant has added these statuses.
    added = tuple(STATUS.format(number) for number in range(options.events + 1))
    order.STATUSES["processing"] += added
    db = sqlite3.connect(":memory:", isolation_level=None)
    commerce = StandIn(db)
    commerce.io_events.minute_seconds = ADOBE_MINUTE_SECONDS
    commerce_url = f"http://{await commerce.start()}"
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        PushProxy(rng) as inbound,
        PushProxy(rng) as outbound,
    ):
        third_party = ThirdParty(rng, TIMEOUT_SECONDS, session)
        third_party.secret = "whsec_" + base64.b64encode(rng.randbytes(32)).decode()
        two_way = TwoWay(
            commerce,
            db,
            third_party,
            inbound,
            outbound,
            options,
            rng,
            progress,
            count,
        )
        async with (
            served(third_party.application()) as target_url,
            outbound_stack(
                folder,
                outbound.url,
                options.consumers,
                SPEED,
                {
                    "OAUTH_CLIENT_ID": commerce.credentials.client_id,
                    "ADOBE_KEYS_URL": commerce_url,
                    "TARGET_URL": f"{target_url}/webhook",
                    "TARGET_SECRETS": third_party.secret,
                    "TARGET_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
                    "ECHO_SECONDS": str(options.echo_seconds),
                    "THREADS": "8",
                    "LOG_LEVEL": "WARNING",
                },
                (
                    inbound.url,
                    {
                        **commerce.environment(commerce_url),
                        "COMMERCE_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
                        "COMMERCE_ORDER_STATUS_MODE": "status",
                        "COMMERCE_CONCURRENCY": "4",
                    },
                ),
                **DELIVERY,
            ) as stack,
        ):
            outbound.consumers = [f"{one.url}/" for one in stack.consumers]
            inbound.consumers = [f"{stack.inbound_consumer.url}/"]
            third_party.ingest = f"{stack.ingest.url}/"
            await commerce.io_events.deliver_to(f"{stack.receiver.url}/")
            stand_in = StandInClient(commerce_url, session)
            fault_tasks = two_way.start_faults(stack, stand_in)
            try:
                await two_way.change_all()
                progress("all is changed; waiting for rest with faults, then without")
                await two_way.rest()
                await cancel(fault_tasks)
                inbound.faulty = outbound.faulty = third_party.faulty = False
                is_at_rest = await two_way.rest()
            finally:
                await cancel(fault_tasks)
                await third_party.stop()
                await commerce.io_events.stop()
            dead_letters = await read_dead_letters(stack.folder)
        result = two_way.result(is_at_rest, dead_letters)
        await commerce.stop()
        db.close()
    return result
