"""``python -m bench stock``: a night's stock, 100,000 rows, through the whole path.

Prints rows a second, calls to Commerce, and what the ledger does for a row.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench import hardware, load
from bench.pipeline import page
from bench.pipeline.drive import HEADERS
from bench.pipeline.parts import (
    Contestant,
    Pipeline,
    Surroundings,
    contestants,
    progress,
    running,
    surroundings,
)

EVENT = "be-observer.catalog_stock_update"
LEDGERS = ["SQLite", "Firestore"]
NIGHTS = ("new", "known")  # to the ledger
CONNECTIONS = 4
POLL_SECONDS = 0.1
PROGRESS_SECONDS = 10.0
MAX_SECONDS_PER_ROW = 0.01
START_SECONDS = 180.0  # the first write that Firestore's emulator misses is late


@dataclass
class Figures:
    """What was measured of one night.

    Attributes:
        night: whether the ledger knew the rows before.
        calls: to Commerce.
        ledger: counts of ``counting_consumer.py``.
    """

    name: str
    night: str
    rows: int
    events: int
    seconds: float
    calls: int
    ledger: dict[str, int]


def main(arguments: list[str]) -> int:
    """The command; it compares nothing with a bound."""
    page.report(_options(arguments), "stock", _measure, tables)
    return 0


def tables(measured: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        measured["conditions"],
        "",
        "| ledger | rows are | rows | events | rows/s | calls to Commerce"
        " | ledger, of a row: reads / writes / deletes by TTL"
        " | ledger, requests of a call to Commerce |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in [Figures(**saved) for saved in measured["results"]]:
        of_row = " / ".join(
            f"{one.ledger.get(name, 0) / one.rows:.2f}"
            for name in ("reads", "writes", "deletes")
        )
        lines.append(
            f"| {one.name} | {one.night} | {one.rows:,} | {one.events:,}"
            f" | {one.rows / one.seconds:,.0f} | {one.calls:,} | {of_row}"
            f" | {one.ledger['requests'] / one.calls:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench stock", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="in a night")
    parser.add_argument(
        "--firestore-rows",
        type=int,
        default=20_000,
        help="at most, because the emulator is slow (%(default)s)",
    )
    parser.add_argument("--rows-per-event", type=int, default=500)
    parser.add_argument("--nights", type=int, choices=[1, 2], default=1)
    parser.add_argument("--commerce-ms", type=int, default=0, help="of each call")
    parser.add_argument("--ledgers", nargs="+", choices=LEDGERS, default=LEDGERS)
    page.add_options(parser)
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    with surroundings(options.ledgers) as around:
        results = [
            asdict(night)
            for one in contestants(around, options.ledgers)
            if not one.is_bare
            for night in _nights(one, around, options)
        ]
    conditions = hardware.description()
    conditions += f"; Commerce answers after {options.commerce_ms} ms"
    return {"conditions": conditions, "results": results}


def _nights(
    contestant: Contestant, around: Surroundings, options: argparse.Namespace
) -> list[Figures]:
    counts = around.folder / contestant.name / "counts.json"
    counting = replace(
        contestant,
        consumer="bench/functions/counting_consumer.py",
        environment={**contestant.environment, "BENCH_COUNTS": str(counts)},
    )
    with running(counting, around) as pipeline:
        # Loads most of the emulator, and checks the ledger's key.
        pipeline.control(seconds=0)
        _send(pipeline, counts, ["W"], 1)
        pipeline.control(seconds=options.commerce_ms / 1000)
        rows = options.rows
        if contestant.name == "Firestore":
            rows = min(rows, options.firestore_rows)
        skus = [f"S-{number}" for number in range(rows)]
        return [
            replace(_send(pipeline, counts, skus, options.rows_per_event), night=night)
            for night in NIGHTS[: options.nights]
        ]


def _send(
    pipeline: Pipeline, counts: Path, skus: list[str], rows_per_event: int
) -> Figures:
    """Send a level of each of *skus*, and wait until all are applied and recorded."""
    events = -(-len(skus) // rows_per_event)
    before, calls = _counts(counts), pipeline.control()["calls"]
    start = time.monotonic()
    connections = CONNECTIONS if events % CONNECTIONS == 0 else 1
    requests = _requests(skus, rows_per_event)
    if load.run(pipeline.ingest.port, requests, connections, count=events).failed:
        raise SystemExit("An event was not answered with 200")
    _wait(pipeline, counts, len(skus), before.get("deliveries", 0) + events)
    after = _counts(counts)
    return Figures(
        pipeline.contestant.name,
        "",
        len(skus),
        events,
        max(pipeline.take().values()) - start,
        pipeline.control()["calls"] - calls,
        {name: count - before.get(name, 0) for name, count in after.items()},
    )


def _wait(pipeline: Pipeline, counts: Path, rows: int, deliveries: int) -> None:
    start = shown = time.monotonic()
    while True:
        now, applied = time.monotonic(), pipeline.control()["applied"]
        if applied >= rows and _counts(counts).get("deliveries", 0) >= deliveries:
            return
        if now - start > START_SECONDS + rows * MAX_SECONDS_PER_ROW:
            raise SystemExit(f"{applied:,} of {rows:,} rows were applied in time")
        if now - shown > PROGRESS_SECONDS:
            shown = now
            progress(f"{pipeline.contestant.name}: {applied:,} of {rows:,} rows")
        time.sleep(POLL_SECONDS)


def _counts(file: Path) -> dict[str, int]:
    return json.loads(file.read_text()) if file.exists() else {}


def _requests(skus: list[str], rows_per_event: int) -> Iterator[bytes]:
    for first in range(0, len(skus), rows_per_event):
        rows = [
            {"sku": sku, "source": "default", "quantity": 5, "outOfStock": False}
            for sku in skus[first : first + rows_per_event]
        ]
        data = {"uid": f"night-{time.time_ns()}", "event": EVENT, "value": rows}
        yield load.post(json.dumps({"data": data}).encode(), *HEADERS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
