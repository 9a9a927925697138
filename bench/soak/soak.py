"""A soak as a whole: everything started, spoilt, drained, and judged."""

import asyncio
import contextlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.machine import ROOT
from bench.soak import harm, plan, seen
from bench.soak.check import Accepted, Violation, violations
from bench.soak.clients import Senders
from bench.soak.gate import Gate
from bench.soak.parts import Parts, running
from bench.soak.shop import Shop

# A killed consumer's claims hold this and ten seconds more.
ENVIRONMENT = {
    "COMMERCE_TIMEOUT_SECONDS": "3",
    "COMMERCE_CONCURRENCY": "4",
    "THREADS": "8",
    "LOG_LEVEL": "WARNING",
}
# The broker's clocks are faster, so that it does not pause for long where many fail.
SPEED = 10
DELIVERY = {"minimum_backoff_seconds": 1, "maximum_backoff_seconds": 20}
LOOK_SECONDS = 1.0
STALLED_SECONDS = 90  # without any acknowledgement, what is left is given up
QUIET_SECONDS = 3.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How big a soak is, and how hard.

    Attributes:
        kill_every: so many pushes, on average; likewise ``lock_every``.
        longest_seconds: then senders stop, and what they sent is judged.
        most_waiting: messages, with which senders wait.
        forgetful: consumers share no ledger, which must be found out.
    """

    events: int
    clients: int = 8
    consumers: int = 2
    kill_every: int = 1000
    lock_every: int = 500
    longest_seconds: float = 1800.0
    most_waiting: int = 200
    seed: int = 1
    forgetful: bool = False


@dataclass
class Result:
    """What came of it.

    Attributes:
        counts: by name, in the order to print them.
        violations: promises that were broken.
    """

    counts: dict[str, int]
    violations: list[Violation] = field(default_factory=list)


async def soak(folder: Path, options: Options, say: Say) -> Result:
    """Run one in *folder*."""
    chance = random.Random(options.seed)  # noqa: S311 no secret
    gate = Gate(chance)
    push_to = await gate.start()
    started = running(
        folder,
        push_to,
        consumers=options.consumers,
        speed=SPEED,
        environment=ENVIRONMENT | ({"LEDGER": "memory"} if options.forgetful else {}),
        **DELIVERY,
    )
    async with (
        started as parts,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        gate.consumers = [f"{each.url}/" for each in parts.consumers]
        shop = Shop(parts.shop.url, session)
        senders = Senders(
            parts.ingest.url,
            session,
            lambda: len(gate.acknowledged),
            options.most_waiting,
        )
        did: Counter[str] = Counter()

        def pushes() -> int:
            return gate.did["pushes"]

        tasks = [
            asyncio.create_task(work)
            for work in (
                harm.spoil(shop, chance, pushes, did),
                harm.kill(parts, chance, options.kill_every, pushes, did),
                harm.lock(parts.ledger, chance, options.lock_every, pushes, did),
                _read(shop, senders, gate, say),
            )
        ]
        *harms, reading = tasks
        try:
            await _sent(senders, options, chance)
            say("all is posted; draining under the same faults, then without")
            await _acknowledged(gate, senders.published * 9 // 10)
            await _ended(harms)
            gate.faulty = False
            await _acknowledged(gate, senders.published)
            await _quiet(gate)
        finally:
            await _ended(tasks)
        await shop.read()
        letters = await _letters(parts)
        await gate.stop()
    return _judged(senders, gate, shop, did, letters)


async def _sent(senders: Senders, options: Options, chance: random.Random) -> None:
    each, more = divmod(options.events, options.clients)
    sending = [
        asyncio.create_task(
            senders.send(
                plan.Client(number, options.clients, chance),
                each + (number < more),
                chance,
            )
        )
        for number in range(options.clients)
    ]
    done, late = await asyncio.wait(sending, timeout=options.longest_seconds)
    senders.enough = True
    for task in (*done, *late):
        await task


async def _ended(tasks) -> None:
    """Cancel, and tell what had gone wrong before."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _read(shop: Shop, senders: Senders, gate: Gate, say: Say) -> None:
    for number in range(10**9):
        await shop.read()
        if number % 10 == 0:
            say(
                f"{len(senders.accepted):6} accepted, {len(gate.acknowledged):6} of"
                f" {senders.published} messages done, {len(shop.effects):6} effects"
            )
        await asyncio.sleep(LOOK_SECONDS)


async def _acknowledged(gate: Gate, count: int) -> None:
    """Wait for that many messages to be done, for as long as it goes on."""
    last, since = -1, time.monotonic()
    while (done := len(gate.acknowledged)) < count:
        if done != last:
            last, since = done, time.monotonic()
        elif time.monotonic() - since > STALLED_SECONDS:
            return  # the checker says what was lost
        await asyncio.sleep(0.2)


async def _quiet(gate: Gate) -> None:
    """Wait until nothing that came is left to do, and nothing more comes.

    Posts that were cut off may have been published too, and then there are more
    messages than answers.
    """
    end, since = time.monotonic() + STALLED_SECONDS, time.monotonic()
    count = -1
    while time.monotonic() < min(end, since + QUIET_SECONDS):
        if len(gate.pushed) != count or len(gate.acknowledged) < len(gate.pushed):
            count, since = len(gate.pushed), time.monotonic()
        await asyncio.sleep(0.1)


async def _letters(parts: Parts) -> list[tuple[str, str]]:
    """Uid and reason of the dead letters, as the operator's command lists them."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "dead-letters", "--json"),
        cwd=ROOT,
        env={"LOCAL_STATE": str(parts.folder)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("dead letters cannot be listed")
    found = [json.loads(line) for line in said.splitlines()]
    return [(letter["uid"], letter["reason"] or "") for letter in found]


def _judged(
    senders: Senders,
    gate: Gate,
    shop: Shop,
    did: Counter[str],
    letters: list[tuple[str, str]],
) -> Result:
    accepted = [
        Accepted(
            event.uid,
            event.effects,
            event.once,
            event.newest_wins,
            gate.times.get(event.uid, ""),
            event.wrong,
        )
        for event in senders.accepted
        if event.uid not in senders.unanswered or event.uid in gate.times
    ]
    effects = [seen.effect(row) for row in shop.effects]
    counts = {
        "events accepted": len(accepted),
        "of these, made to be refused": sum(event.wrong for event in accepted),
        "messages published": senders.published,
        "effects at Commerce": len(effects),
        "of these, the same again": len(effects) - len(set(effects)),
        "events dead-lettered": len({uid for uid, _ in letters}),
        **dict(sorted({**senders.did, **gate.did, **did}.items())),
    }
    return Result(counts, violations(accepted, effects, letters))
