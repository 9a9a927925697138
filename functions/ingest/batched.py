"""Writes what many requests log in one call."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from functions.log import to_stdout

LONGEST_SECONDS = 0.01  # that a line waits for others


class Batched:
    """Writes lines together while requests are under way, which it is entered for.

    A system call costs more than the line it writes, and lets every other thread have
    the interpreter meanwhile. What waits is written after ``LONGEST_SECONDS``, and
    before the last request under way is answered: from then on the platform may take
    the processor away, or the whole process. With none under way, at once.

    Args:
        write: where lines go.
    """

    def __init__(self, write: Callable[[bytes], Any] = to_stdout) -> None:
        self._write = write
        self._lines: list[bytes] = []
        self._under_way = 0
        self._timed: asyncio.AbstractEventLoop | None = None  # who will write in time

    def __call__(self, line: bytes) -> None:
        if not self._under_way:
            self._write(line)
            return
        loop = asyncio.get_running_loop()
        self._lines.append(line)
        # A loop that was closed no longer writes what it was to write.
        if self._timed is not loop:
            self._timed = loop
            loop.call_later(LONGEST_SECONDS, self._in_time)

    def __enter__(self) -> Self:
        self._under_way += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._flush()

    def _in_time(self) -> None:
        self._timed = None
        self._flush()

    def _flush(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            self._write(b"".join(lines))
