"""Writes what one turn of the event loop logs in one call."""

import asyncio
from collections.abc import Callable
from typing import Any

from functions.log import to_stdout


class PerTurn:
    """Writes what one turn of the event loop logs in one call, at that turn's end.

    A system call costs more than the line it writes, and one turn serves many requests.
    Where no loop runs, a line is written at once.

    Args:
        write: where lines go.
    """

    def __init__(self, write: Callable[[bytes], Any] = to_stdout) -> None:
        self._write = write
        self._lines: list[bytes] = []

    def __call__(self, line: bytes) -> None:
        if not self._lines:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self._write(line)
                return
            loop.call_soon(self._flush)
        self._lines.append(line)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        self._write(b"".join(lines))
