"""The output of commands: text and tables, or one JSON object per line."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.terminal_text import printable

MAX_WIDTH = 100_000  # columns without a terminal, so that no row is broken

T = TypeVar("T")


def write(text: str = "") -> None:
    """Write one line, without control characters."""
    sys.stdout.write(f"{printable(text)}\n")


def warn(text: str) -> None:
    """Write one line to standard error, without control characters."""
    sys.stderr.write(f"{printable(text)}\n")


def write_json(record: Mapping[str, Any]) -> None:
    """Write one JSON object as a line."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table, wrapped to the width of the terminal; to a pipe, one line per row."""
    console = Console(file=sys.stdout, highlight=False)
    terminal = console.is_terminal
    layout = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        last = number == len(columns) - 1
        layout.add_column(
            column,
            overflow="fold",
            ratio=1 if last and terminal else None,
            no_wrap=not number,
        )
    for row in rows:
        cells = ("" if cell is None else str(cell) for cell in row)
        layout.add_row(*(Text(printable(cell)) for cell in cells))
    if terminal:
        console.print(layout)
        return
    console.width = MAX_WIDTH
    with console.capture() as captured:
        console.print(layout)
    for line in captured.get().splitlines():
        write(line.rstrip())


def progress(items: Iterable[T], total: int, description: str) -> Iterator[T]:
    """*items*, with a progress bar on standard error where that is a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Lines are written above the bar only where both are on one terminal.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        yield from bar.track(items, total=total, description=description)
