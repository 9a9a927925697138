"""Measures a contest: rate and p99 side by side, cold start, memory."""

import gc
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import hardware, load
from bench.contests import Contest, Contestant
from local.processes import START_SECONDS, Process, free_port, function_program

WARM_UP_SECONDS = 4.0  # of each contestant
WARM_UP_CONNECTIONS = 64
SETTLED_REQUESTS = 12_000  # after which memory is compared; gRPC grows until then
GROWTH_REQUESTS = 24_000  # after which growth is measured


@dataclass
class Figures:
    """What was measured of one contestant.

    Attributes:
        rate: requests a second by connections, the median of the rounds.
        p99: milliseconds likewise.
        rate_ratio: to the first contestant in the same round, the median.
        p99_ratio: likewise.
        cold_ms: from the start of the process to its first 200.
        memory_mb: after ``SETTLED_REQUESTS``.
        growth_mb: from there to ``GROWTH_REQUESTS``.
    """

    name: str
    rate: dict[int, float] = field(default_factory=dict)
    p99: dict[int, float] = field(default_factory=dict)
    rate_ratio: dict[int, float] = field(default_factory=dict)
    p99_ratio: dict[int, float] = field(default_factory=dict)
    cold_ms: float = 0.0
    memory_mb: float = 0.0
    growth_mb: float = 0.0


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        folder: for the functions' logs.
        rounds: of all contestants, for each number of connections.
        seconds: of each run.
        starts: cold starts of each contestant; 0 measures none.
        memory: whether memory is measured.
        warm_up: factor of the warm-up.
    """

    folder: Path
    rounds: int
    seconds: float
    starts: int
    memory: bool
    warm_up: float = 1.0


def measure(
    contest: Contest, effort: Effort, progress: Callable[[str], None]
) -> list[Figures]:
    """Everything of one contest."""
    figures = _side_by_side(contest, effort, progress)
    if contest.rates_only:
        return figures
    if effort.starts:
        _cold_starts(contest, figures, effort)
        progress(f"{contest.name}: cold starts measured")
    if effort.memory:
        _memory(contest, figures, effort.folder)
        progress(f"{contest.name}: memory measured")
    return figures


def _process(contestant: Contestant, folder: Path) -> Process:
    """The function as functions-framework serves it, on its core.

    Its log goes into a file, as on one machine, because logging costs time too.
    """
    port = free_port()
    return Process(
        function_program(
            contestant.name,
            contestant.source,
            contestant.target,
            port,
            contestant.environment,
            folder / f"{contestant.target}-{port}.log",
            hardware.function_core(),
        )
    )


def _side_by_side(
    contest: Contest, effort: Effort, progress: Callable[[str], None]
) -> list[Figures]:
    """Rate and p99: all contestants run, and each round loads them in turn."""
    requests = [(one.requests or contest.requests)() for one in contest.contestants]
    figures = [Figures(contestant.name) for contestant in contest.contestants]
    with ExitStack() as stack:
        ports = [
            stack.enter_context(_process(contestant, effort.folder)).port
            for contestant in contest.contestants
        ]
        # Every connection sends at least one request, so a small warm-up has few.
        warm = max(1, int(WARM_UP_CONNECTIONS * min(effort.warm_up, 1)))
        warm_up_requests = max(warm, int(contest.warm_up_requests * effort.warm_up))
        load.run(ports[0], requests[0], warm, count=warm_up_requests)
        for port, of_port in zip(ports, requests, strict=True):
            load.run(port, of_port, warm, WARM_UP_SECONDS * effort.warm_up)
        for connections in contest.connections:
            results: list[list[load.Result]] = [[] for _ in ports]
            for _ in range(effort.rounds):
                for port, sent, of_port in zip(ports, requests, results, strict=True):
                    of_port.append(_run(port, sent, connections, effort.seconds))
            _take_medians(contest, figures, results, connections)
            progress(f"{contest.name}, {connections} connections: measured")
    return figures


def _run(
    port: int, requests: Iterator[bytes], connections: int, seconds: float
) -> load.Result:
    gc.collect()
    result = load.run(port, requests, connections, seconds)
    if result.failed:
        raise SystemExit(f"{result.failed} requests were not answered with 200")
    return result


def _take_medians(
    contest: Contest,
    figures: list[Figures],
    results: list[list[load.Result]],
    connections: int,
) -> None:
    """Rates count events; a contestant's requests may hold several."""
    median = statistics.median
    first = contest.contestants[0].events
    for one, contestant, runs in zip(
        figures, contest.contestants, results, strict=True
    ):
        pairs = list(zip(runs, results[0], strict=True))
        factor = contestant.events / first
        one.rate[connections] = median(run.rate for run in runs) * contestant.events
        one.p99[connections] = median(run.p99 for run in runs)
        one.rate_ratio[connections] = median(factor * a.rate / b.rate for a, b in pairs)
        one.p99_ratio[connections] = median(a.p99 / b.p99 for a, b in pairs)


def _cold_starts(contest: Contest, figures: list[Figures], effort: Effort) -> None:
    """Milliseconds from the start of a process to its first 200, in turn."""
    requests = contest.requests()
    durations: list[list[float]] = [[] for _ in contest.contestants]
    for _ in range(effort.starts):
        for contestant, of_one in zip(contest.contestants, durations, strict=True):
            of_one.append(_cold_start(contestant, next(requests), effort.folder))
    for one, of_one in zip(figures, durations, strict=True):
        one.cold_ms = statistics.median(of_one)


def _cold_start(contestant: Contestant, request: bytes, folder: Path) -> float:
    process = _process(contestant, folder)
    start = time.perf_counter()
    try:
        process.spawn()
        while not _is_answered(process.port, request):
            if time.perf_counter() - start > START_SECONDS:
                raise SystemExit(f"{contestant.source} did not start")
            time.sleep(0.002)
        return (time.perf_counter() - start) * 1000
    finally:
        process.stop()


def _is_answered(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(request)
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _memory(contest: Contest, figures: list[Figures], folder: Path) -> None:
    """Memory of each contestant alone, after many requests and twice as many."""
    requests = contest.requests()
    for contestant, one in zip(contest.contestants, figures, strict=True):
        with _process(contestant, folder) as process:
            load.run(process.port, requests, 16, count=SETTLED_REQUESTS)
            one.memory_mb = hardware.memory_mb(process.pid)
            load.run(
                process.port, requests, 16, count=GROWTH_REQUESTS - SETTLED_REQUESTS
            )
            one.growth_mb = hardware.memory_mb(process.pid) - one.memory_mb
