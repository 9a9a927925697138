"""A whole stack as a child process, as ``make run`` starts it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 20


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(address: str) -> bool:
    """Whether somebody listens at ``host:port`` or a URL of it."""
    host, _, port = re.sub(r"^https?://|/.*$", "", address).partition(":")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), timeout=1).close()
        return True
    return False


class RunningStack:
    """``python -m local`` with a folder and ports of its own.

    Args:
        folder: where it keeps its things.
        environment: more variables for it.

    Attributes:
        stack: the content of its ``stack.json``.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.log = folder / "said.txt"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(folder)),
            "LOCAL_STATE": str(folder),
            "PORT": str(free_port()),
            "CONSOLE_PORT": str(free_port()),
            "LOCAL_MINIMUM_BACKOFF_SECONDS": "0.1",
            "LOCAL_MAXIMUM_BACKOFF_SECONDS": "0.5",
            **environment,
        }
        self.process: subprocess.Popen | None = None
        self.stack: dict = {}

    def start(self) -> "RunningStack":
        """Start it and wait until it says where it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        found = self.folder / "stack.json"
        found.unlink(missing_ok=True)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local"],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.wait_for(lambda: found.exists() or self.process.poll() is not None)
        assert found.exists(), self.said()
        self.stack = json.loads(found.read_text())
        return self

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def said(self) -> str:
        """Everything it wrote so far."""
        return self.log.read_text(errors="replace")

    def post(self, event: str, value, uid: str, **data) -> requests.Response:
        """Post an event to its ingest."""
        body = {"data": {"uid": uid, "event": event, "value": value, **data}}
        return requests.post(self.stack["ingest"], json=body, timeout=30)

    def outcome(self, uid: str, word: str = "handled", seconds: float = 30) -> str:
        """Wait for the line that says *word* of *uid*, and return it."""
        pattern = re.compile(rf"^.*  {word}\b.*uid={re.escape(uid)}( .*)?$", re.M)
        self.wait_for(lambda: pattern.search(self.said()), seconds)
        return pattern.search(self.said()).group()

    def wait_for(self, condition, seconds: float = START_SECONDS) -> None:
        """Wait until *condition()* is true; fail with what the stack said."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(
                    f"waited {seconds} s in vain:\n{self.said()[-5000:]}"
                )
            time.sleep(0.05)

    def __enter__(self) -> "RunningStack":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()
