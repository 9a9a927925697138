"""A whole stack as a child process, as ``make run`` starts it."""

import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner

from cli.__main__ import main
from local.processes import ROOT, Process, Program, base_environment, free_port
from local.processes import is_listening as is_listening_at

__all__ = ["ROOT", "RunningStack", "free_port", "listening"]

START_SECONDS = 60
STOP_SECONDS = 20
POLL_SECONDS = 0.02
COMMAND_POLL_SECONDS = 0.1  # a command takes longer than a look at the output


def listening(address: str) -> bool:
    """Whether a process listens at ``host:port`` or at a URL of it."""
    host, _, port = re.sub(r"^https?://|/.*$", "", address).partition(":")
    return is_listening_at(host, int(port))


class RunningStack:
    """``python -m local`` with a folder and ports of its own.

    Args:
        folder: of its state.
        environment: more variables for it.

    Attributes:
        stack: the content of its ``stack.json``.
        log: the file of its output.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.log = folder / "output.txt"
        self.environment = {
            **base_environment(),
            "LOCAL_STATE": str(folder),
            "PORT": str(free_port()),
            "CONSOLE_PORT": str(free_port()),
            "LOCAL_MINIMUM_BACKOFF_SECONDS": "0.1",
            "LOCAL_MAXIMUM_BACKOFF_SECONDS": "0.5",
            **environment,
        }
        command = [sys.executable, "-m", "local"]
        program = Program("the stack", command, self.environment, log=self.log)
        self.process = Process(program)
        self.stack: dict[str, Any] = {}

    def start(self) -> "RunningStack":
        """Start it and wait until it announces its addresses."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "stack.json"
        path.unlink(missing_ok=True)
        self.process.spawn()
        self.wait_for(lambda: path.exists() or self.process.poll() is not None)
        assert path.exists(), self.output()
        self.stack = json.loads(path.read_text())
        return self

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does; its exit status."""
        return self.process.stop(number, STOP_SECONDS)

    def output(self) -> str:
        """Everything it wrote so far."""
        return self.process.output()

    def post(self, event: str, value: Any, uid: str, **data: Any) -> requests.Response:
        """Post an event to its ingest."""
        body = {"data": {"uid": uid, "event": event, "value": value, **data}}
        return requests.post(self.stack["ingest"], json=body, timeout=30)

    def command(self, *arguments: str) -> str:
        """The standard output of an operator command that succeeds."""
        environment = {"LOCAL_STATE": str(self.folder)}
        result = CliRunner(env=environment).invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def command_json(self, *arguments: str) -> list[dict[str, Any]]:
        """What an operator command that succeeds prints with ``--json``."""
        return [json.loads(x) for x in self.command(*arguments, "--json").splitlines()]

    def outcome(self, uid: str, word: str = "handled", seconds: float = 30) -> str:
        """Wait for the line that begins with *word* and names *uid*, and return it."""
        pattern = re.compile(rf"^.*  {word}\b.*uid={re.escape(uid)}( .*)?$", re.M)
        return self.wait_for(lambda: pattern.search(self.output()), seconds).group()

    def wait_for(
        self,
        condition: Callable[[], Any],
        seconds: float = START_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> Any:
        """Wait until *condition()* is true, and return it.

        Raises:
            AssertionError: with the stack's output.
        """
        end = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > end:
                raise AssertionError(
                    f"not true within {seconds} s:\n{self.output()[-5000:]}"
                )
            time.sleep(poll_seconds)
        return result

    def __enter__(self) -> "RunningStack":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
