"""``python -m bench import``: imports 100,000 rows against the local stack.

Prints rows a second, and the memory of command and ingest at several points.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.hardware import memory_mb
from local.processes import ROOT, base_environment
from local.split_stack import split_stack

POINTS = 10
POLL_SECONDS = 0.02
HEADERS = {
    "catalog_product_update": "sku,name,price,description",
    "catalog_stock_update": "sku,source,quantity,outOfStock",
}


@dataclass
class Figures:
    """What was measured of one import.

    Attributes:
        command_mb: of the command, after each of ``POINTS`` equal parts of the rows.
        ingest_mb: of ingest likewise.
    """

    event: str
    rows: int
    events: int = 0
    seconds: float = 0.0
    command_mb: list[float] = field(default_factory=list)
    ingest_mb: list[float] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """The command; 1 where a row was not accepted."""
    parser = argparse.ArgumentParser(prog="python -m bench import", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--event", choices=HEADERS, help="only this one")
    parser.add_argument("--save", help="write the figures to this file, as JSON")
    options = parser.parse_args(arguments)
    events = [options.event] if options.event else list(HEADERS)
    results = [_measure(event, options.rows) for event in events]
    sys.stdout.write(table(results))
    if options.save:
        content = json.dumps([asdict(one) for one in results], indent=1)
        Path(options.save).write_text(content + "\n")
    return 0


def table(results: list[Figures]) -> str:
    """The figures as Markdown."""
    lines = [
        "| event | rows | events | rows/s | command, MB | ingest, MB |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        memory = (
            " / ".join(f"{megabytes:.0f}" for megabytes in points)
            for points in (one.command_mb, one.ingest_mb)
        )
        lines.append(
            f"| `{one.event}` | {one.rows:,} | {one.events:,}"
            f" | {one.rows / one.seconds:,.0f} | {' | '.join(memory)} |"
        )
    return "\n".join(lines) + "\n"


def lines(event: str, rows: int) -> Iterator[str]:
    """A CSV file for *event*."""
    yield HEADERS[event]
    for number in range(rows):
        if event == "catalog_stock_update":
            yield f"BENCH-{number},default,{number % 1000}.5,false"
        else:
            yield f"BENCH-{number},Lamp number {number},{number % 100}.9,It shines."


def _measure(event: str, rows: int) -> Figures:
    figures = Figures(event, rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / f"{event}.csv"
        with file.open("w") as stream:
            stream.writelines(f"{line}\n" for line in lines(event, rows))
        asyncio.run(_import(folder, file, figures))
    return figures


async def _import(folder: Path, file: Path, figures: Figures) -> None:
    async with split_stack(folder) as stack:
        await asyncio.to_thread(_watch, folder, file, figures, stack.ingest.pid)


def _watch(folder: Path, file: Path, figures: Figures, ingest: int) -> None:
    command = [sys.executable, "-m", "cli", "import", str(file), "--json"]
    environment = {**base_environment(), "LOCAL_STATE": str(folder)}
    process = subprocess.Popen(  # noqa: S603 our own command
        [*command, "--event", figures.event],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    progress = file.with_name(f"{file.name}.resume.json")
    # The last point would be the command's end.
    points = [figures.rows * n // POINTS for n in range(1, POINTS)]
    while points and process.poll() is None:
        if _accepted(progress) >= points[0]:
            figures.command_mb.append(memory_mb(process.pid))
            figures.ingest_mb.append(memory_mb(ingest))
            points.pop(0)
        time.sleep(POLL_SECONDS)
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"The import failed: {output}")
    summary = json.loads(output)
    figures.events, figures.seconds = summary["events"], summary["seconds"]


def _accepted(progress: Path) -> int:
    try:
        return int(json.loads(progress.read_text())["accepted"])
    except (OSError, ValueError):
        return 0
