"""How commands tell things: tables for people, one JSON object a line for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.plain import plain

WIDEST = 100_000  # columns where no terminal is: what reads it need not join lines


def say(text: str = "") -> None:
    """One line for people."""
    sys.stdout.write(f"{text}\n")


def warn(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{text}\n")


def tell(record: dict[str, Any]) -> None:
    """One line for programs."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table as wide as the terminal, long cells wrapped; to a pipe, a line a row."""
    console = Console(file=sys.stdout, highlight=False)
    wide = console.is_terminal
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        last = number == len(columns) - 1
        shown.add_column(
            column,
            overflow="fold",
            ratio=1 if last and wide else None,
            no_wrap=not number,
        )
    for row in rows:
        shown.add_row(*(Text(plain("" if c is None else str(c))) for c in row))
    if wide:
        console.print(shown)
        return
    console.width = WIDEST
    with console.capture() as printed:
        console.print(shown)
    for line in printed.get().splitlines():
        say(line.rstrip())


def progress(items: Iterable, total: int, what: str) -> Iterable:
    """*items*, with a bar on standard error where somebody looks."""
    console = Console(stderr=True)
    bar = Progress(
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Lines pass above the bar, through it, only where both are on one screen.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        yield from bar.track(items, total=total, description=what)


def short_time(timestamp: str) -> str:
    """``2026-10-05T12:00:00.123456Z`` as ``2026-10-05 12:00:00``."""
    return timestamp[:19].replace("T", " ")
