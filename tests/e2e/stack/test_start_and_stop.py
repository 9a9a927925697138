"""A stack starts, stops, is killed and resumes, and loses no event."""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from local import fork_server
from local.__main__ import main as make_run
from local.clean import main as clean_state
from tests.support.running import RunningStack, listening

EVENT = "be-observer.catalog_product_create"
PARTS = ("ingest", "console", "broker", "commerce", "consumer")
# The lease of a killed consumer lasts for this and ten seconds more.
SHORT_LEASE = {"COMMERCE_TIMEOUT_SECONDS": "1"}
LEASE_SECONDS = 60


@pytest.fixture(autouse=True)
def _own_children(monkeypatch):
    """The functions are the stack's own children, as after ``make run``."""
    monkeypatch.delenv(fork_server.VARIABLE, raising=False)


def value(number: int) -> dict:
    return {"sku": f"START-{number}", "name": "n", "price": number, "description": "d"}


def function_pids(stack: RunningStack) -> dict[str, int]:
    """The functions' processes, by name: children of the stack's."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(stack.process.pid)],  # noqa: S607 a standard tool
        capture_output=True,
        text=True,
        check=False,  # 1 where there are none
    )
    pids = {}
    for line in listed.stdout.splitlines():
        pid, _, arguments = line.strip().partition(" ")
        name = arguments.partition("--target ")[2].split(" ")[0]
        pids[name] = int(pid)
    return pids


def check_stops(stack: RunningStack, number: int) -> None:
    """Signal *number* stops everything within seconds, with the console open."""
    addresses = [stack.stack[name] for name in PARTS]
    assert all(listening(address) for address in addresses)
    children = function_pids(stack)
    assert set(children) == {"ingest", "consumer", "commerce_events"}

    with requests.get(f"{stack.stack['console']}/stream", stream=True, timeout=30):
        start = time.monotonic()
        status = stack.stop(number)

    assert (status, time.monotonic() - start < 10) == (0, True)
    assert not any(listening(address) for address in addresses)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in children.values())
    assert not (stack.folder / "stack.json").exists()


def test_state_belongs_to_one_stack_and_one_store(tmp_path, run_here):
    """From the first start to make clean-state, with what is refused in between."""
    stack = RunningStack(tmp_path / "state").start()
    second = RunningStack(stack.folder, PORT=stack.environment["PORT"])
    status, _, message = run_here(make_run, second)
    assert status == 3
    pid = stack.process.pid
    assert f"A stack is running here already (process {pid})" in message
    assert run_here(clean_state, stack) == (
        3,
        "",
        f"A stack is running here (process {pid}): stop it with Ctrl-C first\n",
    )
    stack.post(EVENT, value(1), "after")
    stack.outcome("after")
    check_stops(stack, signal.SIGINT)
    assert (stack.folder / "state.sqlite").exists()
    assert (stack.folder / "ledger.sqlite").exists()

    other = RunningStack(
        stack.folder,
        COMMERCE_BASE_URL="http://localhost:9/",
        COMMERCE_CONSUMER_KEY="k" * 32,
        COMMERCE_CONSUMER_SECRET="s" * 32,
        COMMERCE_ACCESS_TOKEN="t" * 32,
        COMMERCE_ACCESS_TOKEN_SECRET="u" * 32,
    )
    assert run_here(make_run, other) == (
        3,
        "",
        f"{stack.folder} holds the events of the stand-in, not of http://localhost:9/:"
        " delete them with make clean-state, or choose another folder:"
        " LOCAL_STATE=.local2 make run\n",
    )
    assert run_here(clean_state, other) == (
        0,
        "State deleted: the next make run starts empty\n",
        "",
    )
    # Other files in the folder stay; without them the folder is deleted too.
    assert [path.name for path in stack.folder.iterdir()] == [stack.log.name]
    stack.log.unlink()
    assert run_here(clean_state, other)[0] == 0
    assert not stack.folder.exists()


def test_killed_processes_lose_no_event(tmp_path):
    """First the functions are killed, which are restarted, then the whole stack."""
    stack = RunningStack(tmp_path / "state", **SHORT_LEASE).start()
    killed = function_pids(stack)
    for number in range(20):
        assert stack.post(EVENT, value(number), f"kill-{number}").status_code == 200
    os.kill(killed["consumer"], signal.SIGKILL)
    os.kill(killed["ingest"], signal.SIGKILL)
    for name in ("consumer", "ingest"):
        notice = f"{name} ended unexpectedly (status -9): restarting it"
        stack.wait_for(lambda notice=notice: notice in stack.output(), 10)
    stack.wait_for(lambda: {"ingest", "consumer"} <= set(function_pids(stack)))
    stack.wait_for(lambda: listening(stack.stack["ingest"]))
    for number in range(20, 60):
        assert stack.post(EVENT, value(number), f"kill-{number}").status_code == 200
    children = function_pids(stack)
    stack.stop(signal.SIGKILL)
    stack.wait_for(
        lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children.values()), 10
    )

    stack.start()
    assert f"resuming from {stack.folder}" in stack.output()
    for number in range(60):
        stack.outcome(f"kill-{number}", "(handled|duplicate)", LEASE_SECONDS)
    check_stops(stack, signal.SIGTERM)


def journal(folder: Path) -> str:
    """The labels of all journal entries."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        rows = db.execute("SELECT more FROM journal_entry")
        return "\n".join(more for (more,) in rows)


def test_nothing_is_pushed_before_the_consumer_listens(tmp_path):
    """Each delivery attempt counts, and a restart must not use one up."""
    stack = RunningStack(
        tmp_path / "state",
        LOCAL_MINIMUM_BACKOFF_SECONDS="1",
        LOCAL_MAXIMUM_BACKOFF_SECONDS="1",
    )
    with stack:
        fault = {"fault": "503", "calls": ""}
        requests.post(f"{stack.stack['console']}/commerce/fail", fault, timeout=10)
        stack.post(EVENT, value(1), "waits")
        stack.outcome("waits", "retrying")
    stack.log.write_text("")

    with stack:
        stack.outcome("waits", "(handled|retrying)")

    assert '"error"' not in journal(stack.folder)


def test_HOST_moves_nothing_off_this_machine(tmp_path):
    """Some shells set HOST to the machine's name, for programs of other kinds."""
    with RunningStack(tmp_path / "state", HOST="0.0.0.0") as stack:  # noqa: S104
        listed = subprocess.run(
            ["ps", "-ww", "-o", "args=", "--ppid", str(stack.process.pid)],  # noqa: S607 a standard tool
            capture_output=True,
            text=True,
            check=True,
        )

        assert listed.stdout.count("--host 127.0.0.1 ") == 3
        for name in PARTS:
            assert "//127.0.0.1:" in f"//{stack.stack[name].rpartition('//')[2]}"
