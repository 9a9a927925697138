"""A stack starts, ends, is interrupted and goes on, and loses nothing by it."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.running import ROOT, RunningStack, free_port, listening

EVENT = "be-observer.catalog_product_create"


def value(number: int) -> dict:
    return {"sku": f"LIFE-{number}", "name": "n", "price": number, "description": "d"}


def run(module: str, stack: RunningStack) -> subprocess.CompletedProcess:
    """``python -m module`` with *stack*'s environment, until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def pids(stack: RunningStack) -> dict[str, int]:
    """The functions' processes, by name: children of the stack's."""
    found = {}
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(stack.process.pid)],  # noqa: S607 a standard tool
        capture_output=True,
        text=True,
        check=False,  # 1 says that there are none just now
    )
    for line in listed.stdout.splitlines():
        pid, _, arguments = line.strip().partition(" ")
        name = arguments.partition("--target ")[2].split(" ")[0]
        found[name] = int(pid)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_within_seconds(tmp_path, number):
    stack = RunningStack(tmp_path / "state").start()
    addresses = [
        stack.stack[name]
        for name in ("ingest", "console", "broker", "commerce", "consumer")
    ]
    assert all(listening(address) for address in addresses)
    children = pids(stack)
    assert set(children) == {"ingest", "consumer"}

    # A browser that has the console open does not hold it up.
    with requests.get(f"{stack.stack['console']}/stream", stream=True, timeout=30):
        began = time.monotonic()
        status = stack.stop(number)

    assert (status, time.monotonic() - began < 10) == (0, True)
    assert not any(listening(address) for address in addresses)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in children.values())
    assert not (tmp_path / "state" / "stack.json").exists()


@pytest.mark.parametrize("name", ["PORT", "CONSOLE_PORT"])
def test_a_port_in_use_is_one_clear_sentence(tmp_path, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = RunningStack(tmp_path / "state", **{name: str(port)})
        done = run("local", stack)

    assert done.returncode == 3
    assert done.stderr == (
        f"Port {port} cannot be used (Address already in use): stop what listens there,"
        f" or choose another: {name}={port + 1} make run\n"
    )


def test_one_port_for_two_is_one_clear_sentence(tmp_path):
    port = str(free_port())
    stack = RunningStack(tmp_path / "state", PORT=port, CONSOLE_PORT=port)
    done = run("local", stack)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"PORT and CONSOLE_PORT are both {port}: choose another for one:"
        f" CONSOLE_PORT={int(port) + 1} make run\n"
    )


def test_a_wrong_setting_is_named_and_nothing_started(tmp_path):
    stack = RunningStack(tmp_path / "state", INGEST_AUTH="token")
    done = run("local", stack)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "ingest did not start: Wrong settings: INGEST_AUTH is token, so INGEST_TOKENS"
        " must be set\n"
    )


@pytest.mark.parametrize("name", ["state.sqlite", "ledger.sqlite", None])
def test_a_folder_that_cannot_be_used_is_one_clear_sentence(tmp_path, name):
    stack = RunningStack(tmp_path / "state")
    if name is None:
        stack.folder.write_text("a file")
        what = f"{stack.folder} cannot be used (File exists)"
    else:
        stack.folder.mkdir()
        (stack.folder / name).write_text("no database" * 100)
        what = f"{stack.folder / name} cannot be used (file is not a database)"
    done = run("local", stack)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"{what}: choose another folder, LOCAL_STATE=.local2 make run, or move it"
        " away\n"
    )


def test_a_second_stack_in_one_folder_is_refused(tmp_path):
    with RunningStack(tmp_path / "state") as stack:
        second = RunningStack(tmp_path / "state", PORT=stack.environment["PORT"])
        done = run("local", second)

        assert done.returncode == 3
        assert f"A stack is running here already (process {stack.process.pid})" in (
            done.stderr
        )


def clean_state(stack: RunningStack) -> subprocess.CompletedProcess:
    """``make clean-state`` for *stack*'s folder."""
    return run("local.clean", stack)


def test_what_is_kept_is_forgotten_but_not_under_a_running_stack(tmp_path):
    stack = RunningStack(tmp_path / "state")
    with stack:
        amid = clean_state(stack)
        stack.post(EVENT, value(1), "after")
        stack.outcome("after")
    before = sorted(path.name for path in stack.folder.iterdir())
    after = clean_state(stack)
    left = sorted(path.name for path in stack.folder.iterdir())
    stack.log.unlink()
    again = clean_state(stack)

    assert (amid.returncode, amid.stderr) == (
        3,
        f"A stack is running here (process {stack.process.pid}): stop it with Ctrl-C"
        " where it was started\n",
    )
    assert {"state.sqlite", "ledger.sqlite"} <= set(before)
    assert (after.returncode, after.stdout) == (
        0,
        "forgotten: the next make run starts anew\n",
    )
    assert left == [stack.log.name]  # not the stack's, so nobody takes it away
    assert (again.returncode, stack.folder.exists()) == (0, False)


# The claim of a killed consumer holds for this and ten seconds more.
SHORT = {"COMMERCE_TIMEOUT_SECONDS": "2"}
LEASE_SECONDS = 60


def test_children_that_die_are_restarted_and_no_event_is_lost(tmp_path):
    with RunningStack(tmp_path / "state", **SHORT) as stack:
        first = pids(stack)
        for number in range(20):
            assert stack.post(EVENT, value(number), f"life-{number}").status_code == 200
        os.kill(first["consumer"], signal.SIGKILL)
        os.kill(first["ingest"], signal.SIGKILL)

        stack.wait_for(
            lambda: listening(stack.stack["ingest"]) and "ingest" in pids(stack)
        )
        assert stack.post(EVENT, value(20), "life-20").status_code == 200

        for number in range(21):
            stack.outcome(f"life-{number}", "(handled|repeated)", LEASE_SECONDS)
        for name in ("consumer", "ingest"):
            said = f"{name} ended by itself (status -9): restarting it"
            stack.wait_for(lambda said=said: said in stack.said(), 10)


def test_a_killed_stack_goes_on_where_it_stopped(tmp_path):
    stack = RunningStack(tmp_path / "state", **SHORT).start()
    children = pids(stack)
    for number in range(50):
        assert stack.post(EVENT, value(number), f"kill-{number}").status_code == 200
    stack.stop(signal.SIGKILL)
    stack.wait_for(
        lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children.values()), 10
    )

    with stack:
        assert "going on where the last run stopped" in stack.said()
        for number in range(50):
            stack.outcome(f"kill-{number}", "(handled|repeated)", LEASE_SECONDS)


def happened(folder: Path) -> str:
    """All that the stack's journal says."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        return "\n".join(more for (more,) in db.execute("SELECT more FROM happened"))


def test_what_waits_is_not_tried_before_the_consumer_is_there(tmp_path):
    """Each try counts, and a restart is no reason to lose one."""
    stack = RunningStack(
        tmp_path / "state",
        LOCAL_MINIMUM_BACKOFF_SECONDS="1",
        LOCAL_MAXIMUM_BACKOFF_SECONDS="1",
    )
    with stack:
        fail = {"way": "503", "times": ""}
        requests.post(f"{stack.stack['console']}/shop/fail", fail, timeout=10)
        stack.post(EVENT, value(1), "waits")
        stack.outcome("waits", "retrying")
    stack.log.write_text("")

    with stack:
        stack.outcome("waits", "(handled|retrying)")

    assert "ConnectionRefused" not in happened(tmp_path / "state")


def test_one_store_s_events_do_not_go_to_another(tmp_path):
    with RunningStack(tmp_path / "state"):
        pass
    other = RunningStack(
        tmp_path / "state",
        COMMERCE_BASE_URL="http://localhost:9/",
        COMMERCE_CONSUMER_KEY="k",
        COMMERCE_CONSUMER_SECRET="s",
        COMMERCE_ACCESS_TOKEN="t",
        COMMERCE_ACCESS_TOKEN_SECRET="u",
    )
    done = run("local", other)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"{tmp_path / 'state'} holds the events of the stand-in, not of"
        " http://localhost:9/: make clean-state forgets them, or choose another"
        " folder: LOCAL_STATE=.local2 make run\n"
    )
    assert clean_state(other).returncode == 0
    with other:
        assert other.stack["real_store"] is True
