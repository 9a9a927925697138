"""``python -m local.commerce``: starts, keeps its state, ends."""

import contextlib
import signal
import sys

from local.processes import Process, Program, base_environment
from tests.support.stand_in_control import StandInControl

LINES = 6  # of a stand-in: its address and the settings of a consumer


@contextlib.contextmanager
def started(folder, *arguments: str):
    """A stand-in as a process, whose output is in *folder*; killed at the end."""
    command = [sys.executable, "-m", "local.commerce", "--port", "0", *arguments]
    log = folder / "output.txt"
    log.unlink(missing_ok=True)
    program = Program("the stand-in", command, base_environment(), log=log)
    process = Process(program).start()
    try:
        yield process
    finally:
        process.kill()


def test_state_survives_a_kill_and_sigterm_ends_it(tmp_path):
    state = ("--state", str(tmp_path / "state.sqlite"))
    with started(tmp_path, *state) as process:
        control = StandInControl(process.url)
        order = control.control("GET", "sample-ids")["order"]

    with started(tmp_path, *state) as process:
        control = StandInControl(process.url)
        assert control.control("GET", "sample-ids")["order"] == order + 1
        assert process.stop(signal.SIGTERM) == 0
    lines = process.output().splitlines()
    assert lines[0] == f"listening on {process.address}"
    assert lines[1] == f"COMMERCE_BASE_URL={process.url}/rest/"
    assert all(line.startswith("COMMERCE_") for line in lines[1:]), lines


def test_sigint_ends_it(tmp_path):
    with started(tmp_path) as process:
        assert process.stop(signal.SIGINT) == 0
    assert process.output().count("\n") == LINES
