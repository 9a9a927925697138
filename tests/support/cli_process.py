"""An operator's command as a process of its own, read line by line as it runs."""

import queue
import sys

from local.processes import Process, Program, base_environment

LINE_SECONDS = 30


class CommandProcess:
    """``with CommandProcess(environment, "events", "--follow") as command``.

    Args:
        environment: beside ``base_environment``.
        arguments: of ``python -m cli``.

    Attributes:
        process: the ``Process``.
    """

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, "-m", "cli", *arguments]
        environment = {**base_environment(), **environment}
        self._lines: queue.Queue[bytes] = queue.Queue()
        program = Program(f"cli {arguments[0]}", command, environment)
        self.process = Process(program, on_line=self._lines.put)

    def line(self) -> str:
        """Wait for its next line."""
        return self._lines.get(timeout=LINE_SECONDS).decode()

    def wait(self) -> tuple[int, str]:
        """Wait until it ends; its exit status, and the lines not yet read."""
        status = self.process.stop(0, LINE_SECONDS)  # signal 0 has no effect
        lines = [self._lines.get_nowait() for _ in range(self._lines.qsize())]
        return status, b"".join(lines).decode()

    def __enter__(self) -> "CommandProcess":
        self.process.spawn()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
