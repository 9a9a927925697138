"""The stack's functions as child processes, whose log entries are read line by line."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from local.processes import Process, Program, StartFailed

WRONG_SETTINGS = "Wrong settings"  # the rest of such a line is for people
MAX_STARTUP_LINES = 20

log = logging.getLogger(__name__)


class StackFunction:
    """One function: started, restarted when it ends, stopped.

    Args:
        on_output: called in the event loop with each line that the function writes,
            parsed where it is a JSON object.
        on_exit: called with the exit status when it ends by itself.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        environment: dict[str, str],
        on_output: Callable[[dict[str, Any] | str], None],
        on_exit: Callable[[int], None],
        source: str | None = None,
    ) -> None:
        self.name = name
        self.port = port
        command = [
            *(sys.executable, "-m", "local.function_process"),
            *("--source", source or f"functions/{name}/main.py", "--target", name),
            *("--host", host, "--port", str(port)),
        ]
        program = Program(name, command, environment, port, host, ends_with_parent=True)
        self._process = Process(program, self._read)
        self._on_output = on_output
        self._on_exit = on_exit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._supervisor: asyncio.Task | None = None
        # Text written before the function listens: of a wrong setting only the
        # sentence that names it is shown, not the stack trace around it.
        self._startup: list[str] | None = []

    async def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            StartFailed: it does not.
        """
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._process.start)
        except StartFailed:
            startup = self._startup or []
            wrong = [line for line in startup if WRONG_SETTINGS in line]
            if wrong:
                reason = WRONG_SETTINGS + wrong[-1].partition(WRONG_SETTINGS)[2]
                raise StartFailed(f"{self.name} did not start: {reason}") from None
            if not startup:
                raise
            self._show_startup()
            raise StartFailed(f"{self.name} did not start: {startup[-1]}") from None
        self._show_startup()
        self._supervisor = asyncio.create_task(
            self._process.keep_running(self._on_exit)
        )

    async def stop(self) -> None:
        """Stop it and everything that it started."""
        if self._supervisor is not None:
            self._supervisor.cancel()
        await asyncio.to_thread(self._process.stop)

    def _read(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = text
        output = parsed if isinstance(parsed, dict) else text
        if output and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, output)

    def _take(self, output: dict[str, Any] | str) -> None:
        if isinstance(output, str) and self._startup is not None:
            self._startup = [*self._startup[1 - MAX_STARTUP_LINES :], output]
        else:
            self._pass_on(output)

    def _pass_on(self, output: dict[str, Any] | str) -> None:
        try:
            self._on_output(output)
        # An entry that cannot be stored must not end the reading of the next ones.
        except Exception as error:
            kind = type(error).__name__
            log.error("an entry of %s was not stored: %s", self.name, kind)

    def _show_startup(self) -> None:
        startup, self._startup = self._startup or [], None
        for text in startup:
            self._pass_on(text)
