"""``python -m local.commerce``: starts, keeps its state, ends."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.stand_in_control import StandInControl

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "local.commerce"]


@contextlib.contextmanager
def started(*arguments: str):
    """A stand-in as a process, and its first six lines of output."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, [process.stdout.readline().rstrip("\n") for _ in range(6)]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def address_of(lines: list[str]) -> str:
    text, _, address = lines[0].rpartition(" ")
    assert text == "listening on"
    return address


def test_state_survives_a_kill_and_sigterm_ends_it(tmp_path):
    state = str(tmp_path / "state.sqlite")
    with started("--state", state) as (process, lines):
        control = StandInControl(f"http://{address_of(lines)}")
        order = control.control("GET", "sample-ids")["order"]
        process.kill()
        process.wait(30)

    with started("--state", state) as (process, lines):
        address = address_of(lines)
        control = StandInControl(f"http://{address}")
        assert control.control("GET", "sample-ids")["order"] == order + 1
        assert lines[1] == f"COMMERCE_BASE_URL=http://{address}/rest/"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")


def test_sigint_ends_it():
    with started() as (process, _):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")
