"""Child processes: started, waited for, listened to, restarted, stopped by pid.

The local stack, the bench and the tests all start their programs with this module.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from local import fork_server
from local.fork_server import ForkedProcess

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 5.0  # for a process to end after SIGTERM
POLL_SECONDS = 0.05
STABLE_SECONDS = 10.0  # after which the next restart is quick again
MIN_RESTART_SECONDS = 0.2
MAX_RESTART_SECONDS = 10.0
MAX_LINE_BYTES = 1 << 20
LISTENING = "listening on "  # the first line of programs that choose a port themselves


class StartFailed(Exception):
    """A process ended, or did not listen in time; the text says what it wrote last."""


@dataclass(frozen=True)
class Program:
    """How a process is started.

    Attributes:
        name: for messages.
        environment: all of it.
        port: where it listens; None where its first line names it, as
            ``listening on HOST:PORT``.
        log: its output is appended to this file; None discards the output, unless a
            process has an ``on_line``.
        cpu: the only core it runs on; None for any.
        ends_with_parent: its standard input stays open as long as this process lives.
        folder: its working directory.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    port: int | None = None
    host: str = "127.0.0.1"
    log: Path | None = None
    cpu: int | None = None
    ends_with_parent: bool = False
    folder: Path = ROOT


def function_program(
    name: str,
    source: str,
    target: str,
    port: int,
    environment: dict[str, str],
    log: Path | None = None,
    cpu: int | None = None,
) -> Program:
    """A function as functions-framework serves it."""
    command = [
        str(Path(sys.executable).with_name("functions-framework")),
        *("--source", source, "--target", target),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    # functions-framework puts only the folder of the source on the path. This copy of
    # the repository comes first, whichever one the virtual environment belongs to.
    environment = {"PYTHONPATH": str(ROOT), **environment}
    return Program(name, command, environment, port, log=log, cpu=cpu)


def base_environment() -> dict[str, str]:
    """The variables that every program needs."""
    names = ("PATH", "HOME", fork_server.VARIABLE)
    return {name: os.environ[name] for name in names if name in os.environ}


def free_port(host: str = "127.0.0.1") -> int:
    """A port that no process listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def is_listening(host: str, port: int) -> bool:
    """Whether a process accepts connections there."""
    with contextlib.suppress(OSError):
        socket.create_connection((host, port), timeout=1).close()
        return True
    return False


class Process:
    """One program as a process, in a process group of its own.

    Args:
        on_line: called in a thread with each line of its output.

    Attributes:
        port: where it listens, once it does; the same after a restart.
    """

    def __init__(
        self, program: Program, on_line: Callable[[bytes], None] | None = None
    ) -> None:
        self.program = program
        self.port = program.port
        self._on_line = on_line
        self._popen: subprocess.Popen | ForkedProcess | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its group."""
        return self._popen.pid

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"{self.program.host}:{self.port}"

    @property
    def url(self) -> str:
        """Where it answers HTTP requests, without a path."""
        return f"http://{self.address}"

    def start(self, timeout_seconds: float = START_SECONDS) -> Self:
        """Start it and wait until it listens.

        Raises:
            StartFailed: it does not; the process is gone by then.
        """
        self.spawn()
        try:
            self._wait_until_listening(timeout_seconds)
        except BaseException:
            self.kill()
            raise
        return self

    def spawn(self) -> None:
        """Start it without waiting."""
        program = self.program
        with contextlib.ExitStack() as stack:
            output: int | IO[bytes] = subprocess.DEVNULL
            if self._on_line is not None:
                output = subprocess.PIPE
            elif program.log is not None:
                output = stack.enter_context(open(program.log, "ab"))
            self._popen = _start(program, output)
        if self._on_line is not None:
            self._reader = threading.Thread(target=self._read_lines, daemon=True)
            self._reader.start()

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._popen.poll()

    def wait(self, timeout_seconds: float) -> int:
        """Its exit status, once it has ended by itself; it is killed if it does not.

        Raises:
            subprocess.TimeoutExpired: it still ran after *timeout_seconds*.
        """
        try:
            return self._popen.wait(timeout_seconds)
        finally:
            self.kill()

    def stop(
        self, number: int = signal.SIGTERM, timeout_seconds: float = STOP_SECONDS
    ) -> int:
        """End it with signal *number*, after *timeout_seconds* with SIGKILL.

        Returns:
            The exit status, negative for a signal.
        """
        if self._popen is None:
            return 0
        if self._popen.poll() is None:
            self._popen.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout_seconds)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to it and to what it started; its exit status."""
        if self._popen is None:
            return 0
        # The worker of a killed gunicorn master would keep the port.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        status = self._popen.wait()
        if self._popen.stdin is not None:
            self._popen.stdin.close()
        if self._reader is not None:
            self._reader.join(STOP_SECONDS)
        return status

    def output(self) -> str:
        """Everything in its log so far."""
        log = self.program.log
        return log.read_text(errors="replace") if log and log.exists() else ""

    async def keep_running(self, on_exit: Callable[[int], None]) -> None:
        """Restart it whenever it ends, later each time, until cancelled.

        Args:
            on_exit: called with each exit status.
        """
        delay = MIN_RESTART_SECONDS
        while True:
            start = time.monotonic()
            while (status := self.poll()) is None:
                await asyncio.sleep(POLL_SECONDS)
            self.kill()
            on_exit(status)
            if time.monotonic() - start > STABLE_SECONDS:
                delay = MIN_RESTART_SECONDS
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_RESTART_SECONDS)
            self.spawn()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_listening(self, timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        while not self._is_listening():
            if self.poll() is not None:
                if self._reader is not None:
                    self._reader.join(STOP_SECONDS)
                lines = self.output().strip().splitlines()
                last = lines[-1] if lines else "no output"
                raise StartFailed(f"{self.program.name} did not start: {last}")
            if time.monotonic() > end:
                raise StartFailed(
                    f"{self.program.name} did not start within {timeout_seconds:g} s"
                )
            time.sleep(POLL_SECONDS)

    def _is_listening(self) -> bool:
        if self.port is None:
            lines = self.output().splitlines(keepends=True)
            named = [line for line in lines if line.startswith(LISTENING)]
            if not named or not named[0].endswith("\n"):
                return False
            self.port = int(named[0].rpartition(":")[2])
        return is_listening(self.program.host, self.port)

    def _read_lines(self) -> None:
        stream = self._popen.stdout
        with stream:
            while line := stream.readline(MAX_LINE_BYTES):
                self._on_line(line)


def _start(
    program: Program, output: int | IO[bytes]
) -> subprocess.Popen | ForkedProcess:
    stdin = subprocess.PIPE if program.ends_with_parent else None
    server = os.environ.get(fork_server.VARIABLE)
    if server and fork_server.can_fork(program.command):
        return ForkedProcess(
            server,
            program.command,
            program.folder,
            program.environment,
            stdin,
            output,
            program.cpu,
        )
    return subprocess.Popen(  # noqa: S603 - our own programs
        _pinned(program.command, program.cpu),
        cwd=program.folder,
        env=program.environment,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        # Ctrl-C reaches this process only, which then stops its children.
        start_new_session=True,
    )


def _pinned(command: list[str], cpu: int | None) -> list[str]:
    if cpu is None or not shutil.which("taskset"):
        return command
    return ["taskset", "-c", str(cpu), *command]
