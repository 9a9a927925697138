"""What a soak does to the processes: Commerce's faults, kills, a locked ledger.

All of it keeps step with the pushes and not with the clock: a slow machine does not
meet more of it, and events that wait for their next try do not meet nothing but faults.
"""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench.soak.parts import Parts, Program
from bench.soak.shop import Shop

Pushes = Callable[[], int]  # how many there were

PUSHES = 10  # to one fault of Commerce's, on average
LOOK_SECONDS = 0.02
LOCK_SECONDS = (0.1, 1.0)
LONG_LOCK_SECONDS = 5.5  # longer than a consumer waits for its ledger
PAUSE = "503 with Retry-After"
# Answers before and after the effect, none at all, late ones. A refusal for good is
# not among them: it would be an answer, and those come from events that are wrong.
FAULTS = (
    ("500", {"status": 500}),
    ("502 of a gateway", {"status": 502, "body": "<html>Bad gateway</html>"}),
    ("503", {"status": 503}),
    ("429", {"status": 429}),
    ("401", {"status": 401}),
    ("400 for a deadlock", {"status": 400, "message": "Deadlock found"}),
    ("500, done", {"status": 500, "after": True}),
    ("502 of a gateway, done", {"status": 502, "body": "<html></html>", "after": True}),
    ("503 of a gateway, done", {"status": 503, "body": "<html></html>", "after": True}),
    ("504, done", {"status": 504, "body": "<html></html>", "after": True}),
    ("connection lost", {"drop": "before"}),
    ("connection lost, done", {"drop": "after"}),
    ("late", {"delay_seconds": 0.5}),
    ("late and lost, done", {"delay_seconds": 0.3, "drop": "after"}),
    (PAUSE, {"status": 503, "headers": {"Retry-After": "1"}}),
)
# A pause stops a whole process for a second.
WEIGHTS = [0.2 if name == PAUSE else 1.0 for name, _ in FAULTS]


async def spoil(
    shop: Shop, chance: random.Random, pushes: Pushes, did: Counter[str]
) -> None:
    """Let calls to Commerce fail, until cancelled; count those that did."""
    names: dict[int, str] = {}
    try:
        while True:
            [(name, fault)] = chance.choices(FAULTS, WEIGHTS)
            times = 1 if name == PAUSE else chance.randint(1, 2)
            method = chance.choice((None, "POST", "PUT", "GET"))
            waiting = await shop.fail(**fault, times=times, method=method)
            names[waiting[-1]["id"]] = name
            did[name] += times
            await _after(chance.expovariate(1 / PUSHES), pushes)
    finally:
        for left in await shop.heal():
            # The last one may be in force though we were cancelled before its id came.
            if left["id"] in names:
                did[names[left["id"]]] -= left["times"]


async def kill(
    parts: Parts, chance: random.Random, every: int, pushes: Pushes, did: Counter[str]
) -> None:
    """Kill a consumer now and then, ingest and broker more seldom, until cancelled."""
    while True:
        await _after(chance.uniform(0.5, 1.5) * every, pushes)
        program = chance.choice([*parts.consumers * 2, parts.ingest, parts.broker])
        did[f"{program.name.partition('-')[0]} killed"] += 1
        await asyncio.shield(_again(program))


async def _again(program: Program) -> None:
    program.kill()
    await program.start()


async def lock(
    ledger: Path, chance: random.Random, every: int, pushes: Pushes, did: Counter[str]
) -> None:
    """Hold the ledger's file locked now and then, until cancelled."""
    for number in range(1, 10**9):
        await _after(chance.uniform(0.5, 1.5) * every, pushes)
        long = number % 5 == 2
        did["ledger locked, beyond patience" if long else "ledger locked"] += 1
        seconds = LONG_LOCK_SECONDS if long else chance.uniform(*LOCK_SECONDS)
        await asyncio.to_thread(_hold, ledger, seconds)


async def _after(count: float, pushes: Pushes) -> None:
    then = pushes() + count
    while pushes() < then:
        await asyncio.sleep(LOOK_SECONDS)


def _hold(ledger: Path, seconds: float) -> None:
    db = sqlite3.connect(ledger, isolation_level=None, timeout=30)
    try:
        db.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        db.execute("ROLLBACK")
    finally:
        db.close()
