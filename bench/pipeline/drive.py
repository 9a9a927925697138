"""Sends events through a pipeline: at once, or at a rate; waits until they arrive."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvloop

from bench import load
from bench.contests import EVENT, TOKEN
from bench.pipeline.parts import Pipeline

CONNECTIONS = 16  # at once, to ingest
POLL_SECONDS = 0.05
HEADERS = ("Content-Type: application/json", f"Authorization: Bearer {TOKEN}")

# Every event has a SKU of its own: no event waits for another of its resource.
_numbers = itertools.count()


@dataclass
class Passage:
    """What happened to some events.

    Attributes:
        posted: when each SKU's request was sent.
        applied: when it took effect, of the same clock.
        cpu: seconds that each process used.
    """

    posted: dict[str, float] = field(default_factory=dict)
    applied: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Events a second, from the first POST to the last effect."""
        seconds = max(self.applied.values()) - min(self.posted.values())
        return len(self.posted) / seconds

    @property
    def latencies(self) -> list[float]:
        """Milliseconds from POST to effect."""
        return [(self.applied[sku] - at) * 1000 for sku, at in self.posted.items()]


def send(pipeline: Pipeline, events: int, patience_seconds: float) -> Passage:
    """Send about *events* as fast as ingest takes them, and wait for all."""
    before, passage = pipeline.cpu(), Passage()
    post(pipeline, events, passage)
    return _finish(pipeline, passage, before, patience_seconds)


def send_at_rate(
    pipeline: Pipeline, rate: float, seconds: float, patience_seconds: float
) -> Passage:
    """Send *rate* events a second for *seconds*, and wait for all."""
    before, passage = pipeline.cpu(), Passage()
    uvloop.run(_post_at_rate(pipeline.ingest.port, rate, seconds, passage))
    return _finish(pipeline, passage, before, patience_seconds)


def post(pipeline: Pipeline, events: int, passage: Passage) -> None:
    """Send about *events* (as many on each connection) without waiting for effects."""
    result = load.run(
        pipeline.ingest.port, _requests(passage), CONNECTIONS, count=events
    )
    if result.failed:
        raise SystemExit(f"{result.failed} events were not answered with 200")


def wait(pipeline: Pipeline, passage: Passage, patience_seconds: float) -> None:
    """Wait until all events of *passage* are applied.

    Raises:
        SystemExit: they are not within *patience_seconds*.
    """
    end = time.monotonic() + patience_seconds
    while (applied := pipeline.control()["applied"]) < len(passage.posted):
        if time.monotonic() > end:
            log = pipeline.consumer.output().splitlines()
            raise SystemExit(
                f"{pipeline.contestant.name}: {applied} of {len(passage.posted)} events"
                f" were applied within {patience_seconds:.0f} s. The consumer's log"
                f" ends with: {log[-1:]}"
            )
        time.sleep(POLL_SECONDS)
    passage.applied = pipeline.take()


def _finish(
    pipeline: Pipeline,
    passage: Passage,
    before: dict[str, float],
    patience_seconds: float,
) -> Passage:
    wait(pipeline, passage, patience_seconds)
    passage.cpu = {name: now - before[name] for name, now in pipeline.cpu().items()}
    return passage


def _requests(passage: Passage) -> Iterator[bytes]:
    """Events without end; each is noted when it is taken, which is when it is sent."""
    for number in _numbers:
        value = {
            "sku": f"P-{number}",
            "name": "Desk lamp",
            "price": 49.9,
            "description": "Aluminium, with a dimmer.",
        }
        data = {"uid": f"p{number}", "event": EVENT.name, "value": value}
        request = load.post(json.dumps({"data": data}).encode(), *HEADERS)
        passage.posted[f"P-{number}"] = time.monotonic()
        yield request


async def _post_at_rate(
    port: int, rate: float, seconds: float, passage: Passage
) -> None:
    """A connection for each request that overlaps with another."""
    requests = _requests(passage)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post_one() -> None:
        while idle and idle[-1][0].at_eof():  # ingest closed it after some seconds
            idle.pop()[1].close()
        connection = idle.pop() if idle else await _connect(port)
        reader, writer = connection
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:12] != b"200":
            raise SystemExit(f"Ingest answered {head[9:12].decode()}")
        length = head.lower().partition(b"content-length: ")[2]
        await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
        idle.append(connection)

    start = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(max(2, int(rate * seconds))):  # percentiles need two
            await asyncio.sleep(start + number / rate - time.monotonic())
            group.create_task(post_one())
    for _, writer in idle:
        writer.close()


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)
