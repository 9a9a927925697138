"""A soak as a whole: start everything, inject faults, drain, check."""

import asyncio
import contextlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.soak import faults, plan
from bench.soak.check import Accepted, Violation, violations
from bench.soak.effects import resource_and_tag
from bench.soak.push_proxy import PushProxy
from bench.soak.senders import Senders
from bench.soak.stand_in import StandInClient
from local.processes import Process, Program, base_environment
from local.split_stack import split_stack

# A killed consumer's lease lasts for the timeout and ten seconds more.
ENVIRONMENT = {
    "COMMERCE_TIMEOUT_SECONDS": "3",
    "COMMERCE_CONCURRENCY": "4",
    "THREADS": "8",
    "LOG_LEVEL": "WARNING",
}
# The broker's clocks are faster, so that its pauses after failures are short.
SPEED = 10
DELIVERY = {"minimum_backoff_seconds": 1, "maximum_backoff_seconds": 20}
POLL_SECONDS = 0.2
READ_SECONDS = 1.0
STALLED_SECONDS = 90  # without any acknowledgement, the soak ends
QUIET_SECONDS = 3.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How large a soak is, and how many faults it has.

    Attributes:
        kill_every: pushes between two kills, on average; likewise ``lock_every``.
        max_seconds: then senders stop, and what they sent is checked.
        max_waiting: messages without acknowledgement, above which senders wait.
        separate_ledgers: consumers share no ledger, which the check must notice.
        echo_seconds: for which our own changes are noted; 0 lets them loop.
    """

    events: int
    clients: int = 8
    consumers: int = 2
    kill_every: int = 1000
    lock_every: int = 500
    max_seconds: float = 1800.0
    max_waiting: int = 200
    seed: int = 1
    separate_ledgers: bool = False
    echo_seconds: int = 600


@dataclass(frozen=True)
class Result:
    """What a soak did, and the promises that were broken."""

    counts: dict[str, int]
    violations: list[Violation] = field(default_factory=list)


async def soak(folder: Path, options: Options, progress: Progress) -> Result:
    """Run a soak in *folder*."""
    rng = random.Random(options.seed)  # noqa: S311 no secret
    memory = {"LEDGER": "memory"} if options.separate_ledgers else {}
    async with (
        PushProxy(rng) as proxy,
        split_stack(
            folder,
            proxy.url,
            consumers=options.consumers,
            speed=SPEED,
            environment=ENVIRONMENT | memory,
            **DELIVERY,
        ) as stack,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        proxy.consumers = [f"{consumer.url}/" for consumer in stack.consumers]
        stand_in = StandInClient(stack.commerce.url, session)
        senders = Senders(
            stack.ingest.url,
            session,
            lambda: len(proxy.acknowledged),
            options.max_waiting,
        )
        counts: Counter[str] = Counter()

        def pushes() -> int:
            return proxy.counts["pushes"]

        fault_tasks = [
            asyncio.create_task(task)
            for task in (
                faults.fail_calls(stand_in, rng, pushes, counts),
                faults.kill_processes(
                    [*stack.consumers * 2, stack.ingest, stack.broker],
                    rng,
                    options.kill_every,
                    pushes,
                    counts,
                ),
                faults.lock_ledger(
                    stack.ledger, rng, options.lock_every, pushes, counts
                ),
            )
        ]
        reading = asyncio.create_task(_read(stand_in, senders, proxy, progress))
        try:
            await _send_all(senders, options, rng)
            progress("all is posted; draining with faults, then without")
            await wait_for_acknowledged(proxy, senders.published * 9 // 10)
            await cancel(fault_tasks)
            proxy.faulty = False
            await wait_for_acknowledged(proxy, senders.published)
            await wait_until_quiet(proxy)
        finally:
            await cancel([*fault_tasks, reading])
        await stand_in.read_effects()
        dead_letters = await read_dead_letters(stack.folder)
    return _check(senders, proxy, stand_in, counts, dead_letters)


async def _send_all(senders: Senders, options: Options, rng: random.Random) -> None:
    each, rest = divmod(options.events, options.clients)
    sending = [
        asyncio.create_task(
            senders.send(
                plan.Client(number, options.clients, rng), each + (number < rest), rng
            )
        )
        for number in range(options.clients)
    ]
    await asyncio.wait(sending, timeout=options.max_seconds)
    senders.stopping = True
    for task in sending:
        await task


async def cancel(tasks: Iterable[asyncio.Task]) -> None:
    """Cancel *tasks*, and raise what one of them failed with before."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _read(
    stand_in: StandInClient, senders: Senders, proxy: PushProxy, progress: Progress
) -> None:
    """Read the effects, which the stand-in keeps for a while only, and report."""
    number = 0
    while True:
        await stand_in.read_effects()
        if number % 10 == 0:
            progress(
                f"{len(senders.accepted):6} accepted, {len(proxy.acknowledged):6} of"
                f" {senders.published} messages acknowledged,"
                f" {len(stand_in.effects):6} effects"
            )
        number += 1
        await asyncio.sleep(READ_SECONDS)


async def wait_for_acknowledged(proxy: PushProxy, count: int) -> None:
    """Wait for *count* acknowledged messages, as long as there is progress."""
    last, since = -1, time.monotonic()
    while (acknowledged := len(proxy.acknowledged)) < count:
        if acknowledged != last:
            last, since = acknowledged, time.monotonic()
        elif time.monotonic() - since > STALLED_SECONDS:
            return  # the check names what was lost
        await asyncio.sleep(POLL_SECONDS)


async def wait_until_quiet(proxy: PushProxy) -> None:
    """Wait until every pushed message is acknowledged and no more are pushed.

    Posts without a response may have been published too, so there may be more messages
    than responses.
    """
    end, since = time.monotonic() + STALLED_SECONDS, time.monotonic()
    count = -1
    while time.monotonic() < min(end, since + QUIET_SECONDS):
        pushed = len(proxy.pushed)
        if pushed != count or len(proxy.acknowledged) < pushed:
            count, since = pushed, time.monotonic()
        await asyncio.sleep(POLL_SECONDS)


async def read_dead_letters(folder: Path) -> list[tuple[str, str]]:
    """Uid and reason of the dead letters, as the operator command lists them."""
    command = [sys.executable, "-m", "cli", "dead-letters", "--json"]
    environment = {**base_environment(), "LOCAL_STATE": str(folder)}
    log = folder / "dead-letters.log"
    process = Process(Program("dead-letters", command, environment, log=log))
    process.spawn()
    while (status := process.poll()) is None:
        await asyncio.sleep(POLL_SECONDS)
    if status:
        raise RuntimeError(f"the dead letters cannot be listed: {process.output()}")
    dead_letters = [json.loads(line) for line in process.output().splitlines()]
    return [(one["uid"], one["reason"] or "") for one in dead_letters]


def _check(
    senders: Senders,
    proxy: PushProxy,
    stand_in: StandInClient,
    counts: Counter[str],
    dead_letters: list[tuple[str, str]],
) -> Result:
    accepted = [
        Accepted(
            event.uid,
            event.effects,
            event.idempotent,
            event.newest_wins,
            proxy.times.get(event.uid, ""),
            event.invalid,
        )
        for event in senders.accepted
        if event.uid not in senders.unanswered or event.uid in proxy.times
    ]
    effects = [resource_and_tag(effect) for effect in stand_in.effects]
    all_counts = {
        "events accepted": len(accepted),
        "of these, invalid for Commerce": sum(event.invalid for event in accepted),
        "messages published": senders.published,
        "effects at Commerce": len(effects),
        "of these, repeated": len(effects) - len(set(effects)),
        "events dead-lettered": len({uid for uid, _ in dead_letters}),
        **dict(sorted({**senders.counts, **proxy.counts, **counts}.items())),
    }
    return Result(all_counts, violations(accepted, effects, dead_letters))
