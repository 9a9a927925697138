"""Either function as a process of its own under functions-framework."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests import running
from tests.ingest.served import Running
from tests.running import ROOT

OAUTH1 = {
    "COMMERCE_CONSUMER_KEY": "key-0123456789",
    "COMMERCE_CONSUMER_SECRET": "consumer-secret-0123456789",
    "COMMERCE_ACCESS_TOKEN": "access-token-0123456789",
    "COMMERCE_ACCESS_TOKEN_SECRET": "access-token-secret-0123456789",
}


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
