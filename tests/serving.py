"""Either function as a process of its own under functions-framework."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import running
from tests.running import ROOT

START_SECONDS = 30
OAUTH1 = {
    "COMMERCE_CONSUMER_KEY": "key-0123456789",
    "COMMERCE_CONSUMER_SECRET": "consumer-secret-0123456789",
    "COMMERCE_ACCESS_TOKEN": "access-token-0123456789",
    "COMMERCE_ACCESS_TOKEN_SECRET": "access-token-secret-0123456789",
}


class NotStarted(Exception):
    """The process ended at once; the argument is what it said."""


class Running:
    """A functions-framework process.

    Attributes:
        address: host and port.
    """

    def __init__(self, child: subprocess.Popen, port: int, out) -> None:
        self.address = ("127.0.0.1", port)
        self._child = child
        self._out = out

    def stop(self) -> bytes:
        """End it as the platform does; all it said."""
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        return self.said()

    def said(self) -> bytes:
        """What it wrote so far."""
        return Path(self._out.name).read_bytes()

    def wait(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + START_SECONDS
        while not running.listening("{}:{}".format(*self.address)):
            if self._child.poll() is not None:
                raise NotStarted(self.said())
            assert time.monotonic() < end
            time.sleep(0.05)


@contextmanager
def function(
    target: str, source: str | None = None, **environment: str
) -> Iterator[Running]:
    """``functions-framework`` serving *target*; all it says goes into one file.

    Args:
        source: path of the module; by default the function's own.
        environment: all of it, but for PATH and the project.
    """
    port = running.free_port()
    # A pipe that nobody reads would fill, and hold up the process.
    with tempfile.NamedTemporaryFile() as out:
        child = subprocess.Popen(
            [
                os.path.join(os.path.dirname(sys.executable), "functions-framework"),
                *("--source", source or f"functions/{target}/main.py"),
                *("--target", target, "--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "GOOGLE_CLOUD_PROJECT": "p",
                **environment,
            },
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        server = Running(child, port, out)
        try:
            server.wait()
            yield server
        finally:
            server.stop()


def url(server: Running) -> str:
    """Where it answers."""
    return "http://{}:{}".format(*server.address)
