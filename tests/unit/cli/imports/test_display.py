"""The progress bar shows rows a second and the time left."""

import io
import itertools

from rich.console import Console

from cli.imports.display import show_rows
from cli.imports.source import Row


def shown(**options) -> str:
    output = io.StringIO()
    console = Console(file=output, width=120, **options)
    rows = iter([Row(number, {}) for number in range(1, 1001)])

    count = itertools.count(200, 200)
    bar = show_rows(rows, "importing x.csv", 4000, lambda: next(count), console)
    read = list(bar)

    assert len(read) == 1000
    return output.getvalue()


def test_a_terminal_gets_a_bar():
    bar = shown(force_terminal=True)

    assert "importing x.csv" in bar
    assert "50%" in bar
    assert "900 rows, " in bar
    assert "rows/s" in bar
    assert "0:00:" in bar


def test_a_pipe_gets_none():
    assert shown(force_terminal=False) == ""
