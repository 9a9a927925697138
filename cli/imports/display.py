"""The progress bar of an import, on standard error where that is a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from cli.imports.following import Following
from cli.imports.source import Row

ROWS_BETWEEN_UPDATES = 100


def _bar(console: Console | None) -> Progress:
    console = console or Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def show_rows(
    rows: Iterator[Row],
    description: str,
    total_bytes: int | None,
    read_bytes: Callable[[], int],
    console: Console | None = None,
) -> Iterator[Row]:
    """*rows*, with a bar that shows their number, rows a second and the time left.

    Args:
        total_bytes: of the file; None where that is not known.
        read_bytes: how many of them have been read.
    """
    start = time.monotonic()
    with _bar(console) as bar:
        task = bar.add_task(description, total=total_bytes, counts="")
        for count, row in enumerate(rows):
            if count % ROWS_BETWEEN_UPDATES == 0:
                rate = count / max(time.monotonic() - start, 0.001)
                counts = f"{count:,} rows, {rate:,.0f} rows/s"
                bar.update(task, completed=read_bytes(), counts=counts)
            yield row


@contextmanager
def show_following(events: int) -> Iterator[Callable[[Following], None]]:
    """A bar that shows how many of *events* have a final result."""
    with _bar(None) as bar:
        task = bar.add_task("waiting for the results", total=events, counts="")

        def update(following: Following) -> None:
            done = following.handled + following.failed
            counts = f"{done:,} of {events:,} events"
            bar.update(task, completed=done, counts=counts)

        yield update
