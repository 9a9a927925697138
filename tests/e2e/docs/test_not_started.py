"""docs/debugging.md: it does not start."""

import os
import socket
import subprocess
import sys

from tests.docs.debugging.parts import entry_of
from tests.running import ROOT, RunningStack


def started(environment: dict[str, str], *command: str) -> tuple[int, str]:
    """Exit status and words of what does not start."""
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
def test_a_port_in_use(entry, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, said = started(RunningStack(tmp_path, PORT=port).environment)

    assert status == 3
    entry.is_shown_by(said.replace(port, "8080"))
    assert f"PORT={int(port) + 1} make run" in said


@entry_of("A stack is running already")
def test_a_second_stack(entry, stack):
    status, said = started(RunningStack(stack.folder).environment)

    assert status == 3
    entry.is_shown_by(said)


@entry_of("Wrong settings")
def test_wrong_settings(entry, tmp_path):
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": "short"}
    status, said = started(RunningStack(tmp_path, **given).environment)

    assert status == 3
    entry.is_shown_by(said)


@entry_of("A command finds no stack")
def test_a_command_without_a_stack(entry, tmp_path):
    environment = {"PATH": os.environ["PATH"], "LOCAL_STATE": str(tmp_path)}
    status, said = started(environment, "cli", "status")

    assert status == 3
    entry.is_shown_by(said)
