"""A fork server by which all processes of a test run start the project's programs."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local import fork_server

POLL_SECONDS = 0.01
STOP_SECONDS = 5


@contextmanager
def started() -> Iterator[None]:
    """Start the server, unless one runs."""
    if fork_server.VARIABLE in os.environ:
        yield
        return
    # The path of a socket has at most 107 bytes, which pytest's own folders exceed.
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = f"{folder}/server"
        server = subprocess.Popen(
            [sys.executable, "-I", fork_server.__file__, path], stdin=subprocess.PIPE
        )
        while not os.path.exists(path):
            assert server.poll() is None, "the fork server ended"
            time.sleep(POLL_SECONDS)
        patch.setenv(fork_server.VARIABLE, path)
        yield
        server.stdin.close()
        server.wait(STOP_SECONDS)
