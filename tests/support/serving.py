"""Either function as a process of its own under functions-framework."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.processes import Process, StartFailed, free_port, function_program
from local.processes import base_environment as base

STOP_SECONDS = 10
OAUTH1 = {
    "COMMERCE_CONSUMER_KEY": "key-0123456789",
    "COMMERCE_CONSUMER_SECRET": "consumer-secret-0123456789",
    "COMMERCE_ACCESS_TOKEN": "access-token-0123456789",
    "COMMERCE_ACCESS_TOKEN_SECRET": "access-token-secret-0123456789",
}


class NotStarted(Exception):
    """The process ended at once; the argument is its output."""


class Running:
    """A functions-framework process.

    Attributes:
        address: host and port.
    """

    def __init__(self, process: Process) -> None:
        self.address = ("127.0.0.1", process.port)
        self._process = process

    def stop(self) -> bytes:
        """Stop it as the platform does; its whole output."""
        self._process.stop(timeout_seconds=STOP_SECONDS)
        return self.output()

    def output(self) -> bytes:
        """Everything it wrote so far."""
        return self._process.program.log.read_bytes()


@contextmanager
def function(
    target: str, source: str | None = None, **environment: str
) -> Iterator[Running]:
    """``functions-framework`` serving *target*; its output goes into one file.

    Args:
        source: path of the module; by default the function's own.
        environment: all of it, apart from PATH and the project.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = function_program(
            target,
            source or f"functions/{target}/main.py",
            target,
            free_port(),
            {"PATH": base()["PATH"], "GOOGLE_CLOUD_PROJECT": "p", **environment},
            Path(folder) / "output.txt",
        )
        process = Process(program)
        try:
            process.start()
        except StartFailed:
            raise NotStarted(program.log.read_bytes()) from None
        try:
            yield Running(process)
        finally:
            process.stop(timeout_seconds=STOP_SECONDS)


def url(server: Running) -> str:
    """Its address as a URL."""
    return "http://{}:{}".format(*server.address)
