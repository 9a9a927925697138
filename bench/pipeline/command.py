"""``python -m bench pipeline``: events through ingest, broker, consumer and ledger.

Prints what the whole path sustains beside what Commerce allows, how long an event
takes, the CPU of each part, memory over many events, and the time after an outage.
"""

import argparse
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import hardware
from bench.pipeline import drive, figures, page
from bench.pipeline.parts import (
    CONCURRENCY,
    Pipeline,
    contestants,
    progress,
    running,
    surroundings,
)

LEDGERS = ["memory", "SQLite", "Firestore"]
SHARE = 0.7  # of the sustained rate, for the latency: no queue builds up
WARM_UP_SECONDS = 180.0  # a write that Firestore's emulator misses is tried again late
MEMORY_POINTS = 6
MAX_SECONDS = 60.0  # beyond twice the expected time


def main(arguments: list[str]) -> int:
    """The command; 1 where a promise is missed."""
    options = _options(arguments)
    from_json = figures.Results.from_json
    measured = page.report(
        options,
        "pipeline",
        _measure,
        lambda saved: figures.tables(from_json(saved)),
        lambda saved: figures.picture(from_json(saved)),
    )
    results = from_json(measured)
    if options.picture:
        Path(options.picture).write_text(figures.picture(results))
    return 0 if all(target.met for target in figures.targets(results)) else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench pipeline", description=__doc__
    )
    parser.add_argument(
        "--events", type=int, default=600, help="in a round, at most (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=6.0, help="of a round, about (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--commerce-ms", type=int, nargs="+", default=[0, 50, 300], metavar="MS"
    )
    parser.add_argument("--ledgers", nargs="+", choices=LEDGERS, default=LEDGERS)
    parser.add_argument(
        "--memory-events", type=int, default=6_000, help="0: memory is not measured"
    )
    parser.add_argument(
        "--waiting", type=int, default=1_000, help="after an outage; 0: not measured"
    )
    parser.add_argument("--catch-up-ms", type=int, default=50, help="of Commerce")
    parser.add_argument(
        "--minutes",
        type=float,
        default=6.0,
        help="after which no other measurement begins (%(default)s)",
    )
    parser.add_argument(
        "--warm-up", type=int, default=200, help="events before anything is measured"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, help="of the broker's clocks; for tests"
    )
    parser.add_argument("--picture", help="draw the figures into this file")
    page.add_options(parser)
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    results = figures.Results(hardware.description(), SHARE)
    end = time.monotonic() + options.minutes * 60
    with ExitStack() as stack:
        around = stack.enter_context(surroundings(options.ledgers, options.speed))
        pipelines = []
        for one in contestants(around, options.ledgers):
            pipeline = stack.enter_context(running(one, around))
            drive.send(pipeline, options.warm_up, WARM_UP_SECONDS)
            pipelines.append(pipeline)
            progress(f"{one.name}: started and warm")
        for milliseconds in options.commerce_ms:
            if _time_is_left(end, f"{milliseconds} ms"):
                results.figures += _side_by_side(pipelines, milliseconds, options)
        # The ledger in memory grows by its records.
        names = {one.contestant.name: one for one in pipelines}
        durable = names.get("SQLite", pipelines[-1])
        if options.memory_events and _time_is_left(end, "memory"):
            results.memory.append(_memory(durable, options.memory_events))
        if options.waiting and _time_is_left(end, "catch-up"):
            results.catch_up.append(_catch_up(durable, options))
    return results.to_json()


def _side_by_side(
    pipelines: list[Pipeline], milliseconds: int, options: argparse.Namespace
) -> list[figures.Figures]:
    """Each pipeline in turn, in each round; the bare one where Commerce is no bound."""
    seconds = milliseconds / 1000
    measured = [one for one in pipelines if not (seconds and one.contestant.is_bare)]
    bound, events = None, options.events
    if seconds:
        bound = CONCURRENCY / seconds
        events = min(events, int(bound * options.seconds))
    sent: list[list[drive.Passage]] = [[] for _ in measured]
    latencies: list[list[float]] = [[] for _ in measured]
    for number in range(options.rounds):
        for pipeline, passages, of_one in zip(measured, sent, latencies, strict=True):
            pipeline.control(seconds=seconds)
            patience = MAX_SECONDS + 2 * options.seconds
            passages.append(drive.send(pipeline, events, patience))
            rate = passages[-1].rate
            passage = drive.send_at_rate(
                pipeline, SHARE * rate, options.seconds, patience
            )
            of_one += passage.latencies
            progress(
                f"{pipeline.contestant.name}, {milliseconds} ms, round {number + 1}:"
                f" {rate:.1f} events/s"
            )
    return [
        _figures(pipeline, milliseconds, passages, bound or _bare(sent, index), of_one)
        for index, (pipeline, passages, of_one) in enumerate(
            zip(measured, sent, latencies, strict=True)
        )
    ]


def _bare(sent: list[list[drive.Passage]], index: int) -> list[float] | None:
    """The bare pipeline's rate in each round; None for itself."""
    return [passage.rate for passage in sent[0]] if index else None


def _figures(
    pipeline: Pipeline,
    milliseconds: int,
    passages: list[drive.Passage],
    bound: float | list[float] | None,
    latencies: list[float],
) -> figures.Figures:
    rates = [passage.rate for passage in passages]
    events = sum(len(passage.posted) for passage in passages)
    bounds = bound if isinstance(bound, list) else [bound] * len(rates) if bound else []
    ratios = [rate / each for rate, each in zip(rates, bounds, strict=False)]
    percentiles = statistics.quantiles(latencies, n=100, method="inclusive")
    return figures.Figures(
        pipeline.contestant.name,
        milliseconds,
        events,
        statistics.median(rates),
        statistics.median(bounds) if bounds else None,
        statistics.median(ratios) if ratios else None,
        [percentiles[49], percentiles[94], percentiles[98]],
        {
            part: sum(passage.cpu[part] for passage in passages) / events * 1000
            for part in passages[0].cpu
        },
    )


def _memory(pipeline: Pipeline, events: int) -> figures.Memory:
    memory = figures.Memory(pipeline.contestant.name)
    pipeline.control(seconds=0)
    passed = 0
    for _ in range(MEMORY_POINTS):
        part = max(1, events // MEMORY_POINTS)
        passage = drive.send(pipeline, part, MAX_SECONDS + part / 10)
        passed += len(passage.posted)
        memory.events.append(passed)
        for name, process in pipeline.processes.items():
            if name != "stand-in":
                points = memory.memory_mb.setdefault(name, [])
                points.append(hardware.memory_mb(process.pid))
        progress(f"memory: {passed:,} events, {passage.rate:.1f} events/s")
    return memory


def _catch_up(pipeline: Pipeline, options: argparse.Namespace) -> figures.CatchUp:
    """Post while Commerce answers 503, then time how long the events take."""
    seconds = options.catch_up_ms / 1000
    pipeline.control(fails=True, seconds=seconds)
    passage = drive.Passage()
    drive.post(pipeline, options.waiting, passage)
    waiting = len(passage.posted) - pipeline.control()["applied"]
    progress(f"outage: {waiting:,} events wait")
    bound = waiting * max(seconds, 0.001) / CONCURRENCY
    start = time.monotonic()
    pipeline.control(fails=False)
    drive.wait(pipeline, passage, 2 * bound + 2 * MAX_SECONDS)
    took = max(passage.applied.values()) - start
    progress(f"outage: drained in {took:.1f} s")
    name = pipeline.contestant.name
    return figures.CatchUp(name, options.catch_up_ms, waiting, took, bound)


def _time_is_left(end: float, name: str) -> bool:
    if time.monotonic() < end:
        return True
    progress(f"{name}: left out, because --minutes have passed")
    return False
