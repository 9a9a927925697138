"""Measures a contest: rate and p99 side by side, cold start, memory."""

import gc
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import load, machine
from bench.ways import Contest, Way

WARM_SECONDS = 4.0  # of each way
SETTLED = 12_000  # requests after which memory is compared; gRPC grows until then
GROWN = 24_000  # and after which growth is


@dataclass
class Figures:
    """What was measured of one way.

    Attributes:
        rate: requests a second by connections, the median of the rounds.
        p99: milliseconds likewise.
        rate_ratio: to the first way in the same round, the median.
        p99_ratio: likewise.
        cold_ms: from the start of the process to its first 200.
        memory_mb: after ``SETTLED`` requests.
        growth_mb: from there to ``GROWN``.
    """

    name: str
    rate: dict[int, float] = field(default_factory=dict)
    p99: dict[int, float] = field(default_factory=dict)
    rate_ratio: dict[int, float] = field(default_factory=dict)
    p99_ratio: dict[int, float] = field(default_factory=dict)
    cold_ms: float = 0.0
    memory_mb: float = 0.0
    growth_mb: float = 0.0


def side_by_side(
    contest: Contest, rounds: int, seconds: float, say: Callable[[str], None]
) -> list[Figures]:
    """Rate and p99: in each round every way after the other, all of them running."""
    requests = contest.requests()
    told = [Figures(way.name) for way in contest.ways]
    with ExitStack() as stack:
        ports = []
        for way in contest.ways:
            port = machine.free_port()
            process = stack.enter_context(
                machine.function(way.source, way.target, port, way.environment)
            )
            machine.wait_for(port, process)
            ports.append(port)
        load.run(ports[0], requests, 64, count=contest.warmed)
        for port in ports:
            load.run(port, requests, 64, WARM_SECONDS)
        for connections in contest.connections:
            results = [[] for _ in ports]
            for _ in range(rounds):
                for port, found in zip(ports, results, strict=True):
                    found.append(_run(port, requests, connections, seconds))
            _settle(told, results, connections)
            say(f"{contest.name}, {connections} connections: measured")
    return told


def _run(port, requests, connections, seconds) -> load.Result:
    gc.collect()
    result = load.run(port, requests, connections, seconds)
    if result.failed:
        raise SystemExit(f"{result.failed} requests were not answered with 200")
    return result


def _settle(told: list[Figures], results: list[list], connections: int) -> None:
    for figures, found in zip(told, results, strict=True):
        pairs = list(zip(found, results[0], strict=True))
        median = statistics.median
        figures.rate[connections] = median(one.rate for one in found)
        figures.p99[connections] = median(one.p99 for one in found)
        figures.rate_ratio[connections] = median(a.rate / b.rate for a, b in pairs)
        figures.p99_ratio[connections] = median(a.p99 / b.p99 for a, b in pairs)


def cold_starts(contest: Contest, told: list[Figures], times: int) -> None:
    """Milliseconds from spawning a process to its first 200, ways taking turns."""
    requests = contest.requests()
    found: list[list[float]] = [[] for _ in contest.ways]
    for _ in range(times):
        for way, durations in zip(contest.ways, found, strict=True):
            durations.append(_cold_start(way, next(requests)))
    for figures, durations in zip(told, found, strict=True):
        figures.cold_ms = statistics.median(durations)


def _cold_start(way: Way, request: bytes) -> float:
    port = machine.free_port()
    began = time.perf_counter()
    with machine.function(way.source, way.target, port, way.environment):
        while not _answered(port, request):
            if time.perf_counter() - began > machine.START_SECONDS:
                raise SystemExit(f"{way.source} did not start")
            time.sleep(0.002)
        return (time.perf_counter() - began) * 1000


def _answered(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(request)
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def memory(contest: Contest, told: list[Figures]) -> None:
    """Memory of each way alone, after many requests and after twice as many."""
    requests = contest.requests()
    for way, figures in zip(contest.ways, told, strict=True):
        port = machine.free_port()
        with machine.function(way.source, way.target, port, way.environment) as process:
            machine.wait_for(port, process)
            load.run(port, requests, 16, count=SETTLED)
            figures.memory_mb = machine.memory_mb(process)
            load.run(port, requests, 16, count=GROWN - SETTLED)
            figures.growth_mb = machine.memory_mb(process) - figures.memory_mb
