"""docs/debugging.md: it does not start."""

import os
import socket
import subprocess
import sys

from tests.support.debugging_page import entry_of
from tests.support.running import ROOT, RunningStack


def run(environment: dict[str, str], *command: str) -> tuple[int, str]:
    """Exit status and output of a command that ends by itself."""
    done = subprocess.run(
        [sys.executable, "-m", *(command or ("local",))],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@entry_of("A port is in use")
def test_port_in_use(entry, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = str(server.getsockname()[1])
        status, output = run(RunningStack(tmp_path, PORT=port).environment)

    assert status == 3
    entry.assert_shown(output.replace(port, "8080"))
    assert f"PORT={int(port) + 1} make run" in output


@entry_of("A stack is running already")
def test_second_stack(entry, stack):
    status, output = run(RunningStack(stack.folder).environment)

    assert status == 3
    entry.assert_shown(output)


@entry_of("Wrong settings")
def test_wrong_settings(entry, tmp_path):
    settings = {"INGEST_AUTH": "token", "INGEST_TOKENS": "short"}
    status, output = run(RunningStack(tmp_path, **settings).environment)

    assert status == 3
    entry.assert_shown(output)


@entry_of("A command finds no stack")
def test_command_without_stack(entry, tmp_path):
    environment = {"PATH": os.environ["PATH"], "LOCAL_STATE": str(tmp_path)}
    status, output = run(environment, "cli", "status")

    assert status == 3
    entry.assert_shown(output)
