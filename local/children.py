"""The stack's child processes: the functions, kept alive and listened to."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

STOP_SECONDS = 4.0  # for a child to end by itself
START_SECONDS = 40.0
LOOK_SECONDS = 0.1
CALM_SECONDS = 10.0  # a child that lived this long was well
LONGEST_WAIT = 10.0
LONGEST_LINE = 1 << 20
WRONG = "Wrong settings"  # what follows it in a line is for people

Line = Callable[[str, dict | str], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Function:
    """How one function is started.

    Attributes:
        name: for people.
        source: path from the repository's root.
        target: the entry point.
        port: where it listens on 127.0.0.1.
        environment: all of it.
    """

    name: str
    source: str
    target: str
    host: str
    port: int
    environment: dict[str, str]


class StartFailed(Exception):
    """A child ended, or did not listen, before it was ever well; says what it said."""


class Child:
    """One function as a process: started, restarted when it dies, stopped.

    Args:
        function: what to run.
        line: called with the name and each line it writes (parsed, if it is JSON).
        died: called with the name and the exit status when it ended by itself.
    """

    def __init__(
        self,
        function: Function,
        folder: str,
        line: Line,
        died: Callable[[str, int], None],
    ) -> None:
        self._function = function
        self._folder = folder
        self._line = line
        self._died = died
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task | None = None
        self._listener: asyncio.Task | None = None
        self._said: list[str] = []
        self._held: list[str] | None = []  # said before it listens; None from then on

    @property
    def pid(self) -> int | None:
        """Process id, which is also its process group's."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            StartFailed: it does not come up.
        """
        await self._spawn()
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._listening():
                    if self._process.returncode is not None:
                        # Its last words may still be on their way through the pipe.
                        await asyncio.sleep(0.2)
                        raise StartFailed(self._last_words())
                    await asyncio.sleep(0.05)
        except TimeoutError:
            await self.stop()
            self._let_go()
            raise StartFailed(f"{self._function.name} did not start in time") from None
        self._let_go()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it, with force if it must be, and everything it started."""
        if self._keeper:
            self._keeper.cancel()
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            _signal_group(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()

    async def _spawn(self) -> None:
        function = self._function
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "local.child",
            "--source",
            function.source,
            "--target",
            function.target,
            "--host",
            function.host,
            "--port",
            str(function.port),
            cwd=self._folder,
            env=function.environment,
            # Its end is what the child takes as ours: see local/child.py.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            # A group of its own: Ctrl-C is for us, and we end it in order.
            start_new_session=True,
        )
        self._listener = asyncio.create_task(self._listen(self._process.stdout))

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                raw = await stream.readline()
            except ValueError:  # a line beyond the limit; the reader has dropped it
                continue
            if not raw:
                return
            text = raw.decode(errors="replace").rstrip()
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = text
            if isinstance(parsed, dict):
                self._tell(parsed)
            elif text:
                self._said = [*self._said[-19:], text]
                if self._held is not None:
                    self._held.append(text)
                else:
                    self._tell(text)

    def _tell(self, said: dict | str) -> None:
        try:
            self._line(self._function.name, said)
        # A pipe that nobody reads any more would fill, and hold up the function.
        except Exception as error:
            kind = type(error).__name__
            log.error("a line of %s was lost: %s", self._function.name, kind)

    def _let_go(self) -> None:
        """Hand on what was held back, and from now on each line at once."""
        held, self._held = self._held or [], None
        for text in held:
            self._tell(text)

    async def _listening(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(
                self._function.host, self._function.port
            )
        except OSError:
            return False
        writer.close()
        return True

    async def _keep(self) -> None:
        wait = 0.2
        while True:
            began = time.monotonic()
            # Not wait(): that waits for the pipes too, which the worker of a killed
            # master still holds.
            while (status := self._process.returncode) is None:
                await asyncio.sleep(LOOK_SECONDS)
            # A master that was killed leaves its worker behind, holding the port.
            _signal_group(self._process.pid, signal.SIGKILL)
            self._died(self._function.name, status)
            if time.monotonic() - began > CALM_SECONDS:
                wait = 0.2
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            await self._spawn()

    def _last_words(self) -> str:
        """Why it did not start: one sentence where it has one, else all it said."""
        words = [line for line in self._said if WRONG in line]
        if not words:
            self._let_go()
        last = (words or self._said or ["it said nothing"])[-1]
        last = WRONG + last.partition(WRONG)[2] if words else last
        return f"{self._function.name} did not start: {last}"


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
