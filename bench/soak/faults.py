"""The faults of a soak: Commerce's errors, killed processes, a locked ledger.

They keep step with the pushes and not with the clock: a slow machine does not meet more
of them, and an event that is being retried does not meet faults only.
"""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.soak.stand_in import StandInClient
from local.processes import Process

CountPushes = Callable[[], int]

PUSHES_PER_FAULT = 10  # of Commerce, on average
POLL_SECONDS = 0.02
LOCK_SECONDS = (0.1, 1.0)
LONG_LOCK_SECONDS = 5.5  # longer than a consumer waits for its ledger
PAUSE = "503 with Retry-After"
# Responses before and after the effect, none at all, late ones. Rejections are not
# among them: those come from events that are invalid.
FAULTS = (
    ("500", {"status": 500}),
    ("502 of a gateway", {"status": 502, "body": "<html>Bad gateway</html>"}),
    ("503", {"status": 503}),
    ("429", {"status": 429}),
    ("401", {"status": 401}),
    ("400 for a deadlock", {"status": 400, "message": "Deadlock found"}),
    ("500, applied", {"status": 500, "after": True}),
    (
        "502 of a gateway, applied",
        {"status": 502, "body": "<html></html>", "after": True},
    ),
    (
        "503 of a gateway, applied",
        {"status": 503, "body": "<html></html>", "after": True},
    ),
    ("504, applied", {"status": 504, "body": "<html></html>", "after": True}),
    ("connection lost", {"drop": "before"}),
    ("connection lost, applied", {"drop": "after"}),
    ("late", {"delay_seconds": 0.5}),
    ("late and lost, applied", {"delay_seconds": 0.3, "drop": "after"}),
    (PAUSE, {"status": 503, "headers": {"Retry-After": "1"}}),
)
# A pause stops a whole process for a second.
WEIGHTS = [0.2 if name == PAUSE else 1.0 for name, _ in FAULTS]


async def fail_calls(
    stand_in: StandInClient,
    rng: random.Random,
    pushes: CountPushes,
    counts: Counter[str],
) -> None:
    """Let calls to Commerce fail, until cancelled."""
    names: dict[int, str] = {}
    try:
        while True:
            [(name, fault)] = rng.choices(FAULTS, WEIGHTS)
            times = 1 if name == PAUSE else rng.randint(1, 2)
            method = rng.choice((None, "POST", "PUT", "GET"))
            active = await stand_in.add_fault(**fault, times=times, method=method)
            names[active[-1]["id"]] = name
            counts[name] += times
            await _wait_for_pushes(rng.expovariate(1 / PUSHES_PER_FAULT), pushes)
    finally:
        for fault in await stand_in.remove_faults():
            # A fault that was added while this was cancelled has no name here.
            if fault["id"] in names:
                counts[names[fault["id"]]] -= fault["times"]


async def kill_processes(
    processes: Sequence[Process],
    rng: random.Random,
    interval: int,
    pushes: CountPushes,
    counts: Counter[str],
) -> None:
    """Kill one of *processes* at times, until cancelled; one named twice more often."""
    while True:
        await _wait_for_pushes(rng.uniform(0.5, 1.5) * interval, pushes)
        process = rng.choice(processes)
        counts[f"{process.program.name.partition('-')[0]} killed"] += 1
        await asyncio.shield(asyncio.to_thread(_kill_and_restart, process))


async def lock_ledger(
    ledger: Path,
    rng: random.Random,
    interval: int,
    pushes: CountPushes,
    counts: Counter[str],
) -> None:
    """Lock the ledger's file at times, until cancelled."""
    number = 0
    while True:
        number += 1
        await _wait_for_pushes(rng.uniform(0.5, 1.5) * interval, pushes)
        long = number % 5 == 2
        counts["ledger locked, beyond its timeout" if long else "ledger locked"] += 1
        seconds = LONG_LOCK_SECONDS if long else rng.uniform(*LOCK_SECONDS)
        await asyncio.to_thread(_lock, ledger, seconds)


async def _wait_for_pushes(count: float, pushes: CountPushes) -> None:
    end = pushes() + count
    while pushes() < end:
        await asyncio.sleep(POLL_SECONDS)


def _kill_and_restart(process: Process) -> None:
    process.kill()
    process.start()


def _lock(ledger: Path, seconds: float) -> None:
    db = sqlite3.connect(ledger, isolation_level=None, timeout=30)
    try:
        db.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        db.execute("ROLLBACK")
    finally:
        db.close()
