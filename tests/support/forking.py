"""Lets each test process start the project's programs by a fork server of its own."""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from local import fork_server

POLL_SECONDS = 0.01
STOP_SECONDS = 5


@pytest.fixture(scope="session", autouse=True)
def _fork_server():
    """Start the server, unless one runs or coverage is measured in new processes."""
    if fork_server.VARIABLE in os.environ or "COVERAGE_PROCESS_START" in os.environ:
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
