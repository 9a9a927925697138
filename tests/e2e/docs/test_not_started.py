"""docs/debugging.md: it does not start."""

import os
import socket
import sys
import time
from pathlib import Path

from local.processes import Process, Program
from tests.support.debugging_page import entry_of
from tests.support.running import RunningStack

MAX_SECONDS = 60


def run(log: Path, environment: dict[str, str], module: str) -> tuple[int, str]:
    """Exit status and output of a command that ends by itself."""
    command = [sys.executable, "-m", *module.split()]
    process = Process(Program(module, command, environment, log=log))
    process.spawn()
    end = time.monotonic() + MAX_SECONDS
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    return process.stop(), process.output()


def run_stack(stack: RunningStack, tmp_path: Path) -> tuple[int, str]:
    """Exit status and output of ``make run`` with the environment of *stack*."""
    return run(tmp_path / "output.txt", stack.environment, "local")


@entry_of("A port is in use")
def test_port_in_use(entry, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = str(server.getsockname()[1])
        status, output = run_stack(RunningStack(tmp_path, PORT=port), tmp_path)

    assert status == 3
    entry.assert_shown(output.replace(port, "8080"))
    assert f"PORT={int(port) + 1} make run" in output


@entry_of("A stack is running already")
def test_second_stack(entry, stack, tmp_path):
    status, output = run_stack(RunningStack(stack.folder), tmp_path)

    assert status == 3
    entry.assert_shown(output)


@entry_of("Wrong settings")
def test_wrong_settings(entry, tmp_path):
    settings = {"INGEST_AUTH": "token", "INGEST_TOKENS": "short"}
    status, output = run_stack(RunningStack(tmp_path, **settings), tmp_path)

    assert status == 3
    entry.assert_shown(output)


@entry_of("A command finds no stack")
def test_command_without_stack(entry, tmp_path):
    environment = {"PATH": os.environ["PATH"], "LOCAL_STATE": str(tmp_path)}
    status, output = run(tmp_path / "output.txt", environment, "cli status")

    assert status == 3
    entry.assert_shown(output)
