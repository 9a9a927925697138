"""A stack stops, is killed, loses Commerce, and resumes; it loses no event.

All tests use one stack, start it where it does not run, and may leave it stopped.
"""

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing

import pytest
import requests

from functions.events import samples
from local import fork_server
from local.__main__ import main as make_run
from local.clean import main as clean_state
from tests.support.running import COMMAND_POLL_SECONDS, RunningStack, listening
from tests.support.stand_in_control import StandInControl

EVENT = "be-observer.catalog_product_create"
PARTS = ("ingest", "console", "broker", "commerce", "consumer")
LEASE_SECONDS = 60

ATTEMPTS = 4  # as many as in a minute with the cloud's backoff: 10 s, doubled each time
HANGING = {"delay_seconds": 600, "status": 503, "body": "<html>too late"}
DROPPING = {"drop": "before"}
CLOSED = {"status": 503, "body": "<html>Maintenance"}
# Each about another resource, so that none waits for another; and its effect.
EVENTS = {
    "catalog_product_create": ({}, "product.created"),
    "customer_create": ({}, "customer.created"),
    "customer_group_create": ({}, "customer_group.created"),
    "sales_order_status_update": ({"id": 9}, "order.commented"),
    "sales_order_shipment_create": ({"orderId": 8}, "shipment.created"),
}


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory):
    """A stack whose functions are its own children, as after ``make run``.

    The lease of a killed consumer lasts for Commerce's timeout and ten seconds more.
    """
    folder = tmp_path_factory.mktemp("stack") / "state"
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv(fork_server.VARIABLE, raising=False)
        stack = RunningStack(folder, COMMERCE_TIMEOUT_SECONDS="1")
        yield stack
        stack.stop()


@pytest.fixture
def stack(own_stack):
    """The stack, running."""
    if not own_stack.stack or own_stack.process.poll() is not None:
        own_stack.start()
    return own_stack


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


def retries(stack: RunningStack) -> Counter:
    """How often each event was retried, by uid."""
    return Counter(re.findall(r"^.*  retrying\b.*uid=(\S+)", stack.output(), re.M))


def test_no_event_is_lost_while_commerce_is_unavailable(stack):
    """Commerce hangs, drops connections and is closed; both functions answer."""
    commerce = StandInControl(stack.stack["commerce"])

    def replace_fault(fault: dict, previous: int, min_retries: int) -> int:
        fault_id = commerce.fail(path="/V1/", times=None, **fault)
        # The oldest fault applies, so there is no time without any.
        commerce.recover(previous)
        stack.wait_for(
            lambda: min(retries(stack)[uid] for uid in EVENTS) >= min_retries
        )
        return fault_id

    fault_id = commerce.fail(path="/V1/", times=None, **HANGING)
    for uid, (changes, _) in EVENTS.items():
        event = f"be-observer.{uid}"
        sample = {**samples.value(event), **changes}
        assert stack.post(event, sample, uid).status_code == 200
    stack.wait_for(lambda: retries(stack).total() >= len(EVENTS))
    # Requests that need no call to Commerce are answered while calls hang.
    for _ in range(10):
        unknown = {"type": "unknown.event", "data": {}}
        response = requests.post(stack.stack["consumer"], json=unknown, timeout=30)
        assert response.status_code == 400
    fault_id = replace_fault(DROPPING, fault_id, ATTEMPTS // 2)
    replace_fault(CLOSED, fault_id, ATTEMPTS)
    assert commerce.effects() == []

    commerce.recover()
    for uid in EVENTS:
        stack.outcome(uid)

    assert Counter(operation for operation, _ in commerce.changes()) == Counter(
        effect for _, effect in EVENTS.values()
    )
    # Only the direct calls were rejected: they have no uid.
    rejected = re.findall(r"^.*  rejected\b.*uid=(\S+)", stack.output(), re.M)
    assert set(rejected) == {"-"}


def push_errors(stack: RunningStack) -> int:
    """How many pushes reached no consumer, as the journal says."""
    with closing(sqlite3.connect(stack.folder / "state.sqlite")) as database:
        rows = database.execute("SELECT more FROM journal_entry")
        return sum('"error"' in more for (more,) in rows)


def test_a_stopped_stack_resumes(stack):
    """Its pauses last, and nothing is pushed before the consumer listens: each
    delivery attempt counts, and a restart must not use one up."""
    stopped_consumer = stack.stack["consumer"]
    StandInControl(stack.stack["commerce"]).fail(status=503, times=None)
    stack.post(EVENT, value(1), "waits")
    stack.outcome("waits", "retrying")
    stack.command("pause", "customer")
    stack.post("be-observer.customer_delete", {"id": 1}, "paused")

    check_stops(stack, signal.SIGINT)
    assert (stack.folder / "ledger.sqlite").exists()
    errors = push_errors(stack)
    stack.log.write_text("")
    stack.start()

    stack.outcome("waits", "(handled|retrying)")
    assert push_errors(stack) == errors
    assert f"resuming from {stack.folder}" in stack.output()

    def state_of_paused() -> str:
        return stack.command_json("trace", "paused")[-1]["state"]

    def push_to() -> str:
        statuses = stack.command_json("status")
        return next(s["push_to"] for s in statuses if s["entity"] == "customer")

    assert (push_to(), state_of_paused()) == ("", "paused")
    stack.command("resume", "customer")
    stack.wait_for(
        lambda: state_of_paused() == "handled", poll_seconds=COMMAND_POLL_SECONDS
    )
    assert push_to() == stack.stack["consumer"] != stopped_consumer


def test_killed_processes_lose_no_event(stack):
    """First the functions are killed, which are restarted, then the whole stack."""
    killed = function_pids(stack)
    for number in range(10):
        assert stack.post(EVENT, value(number), f"kill-{number}").status_code == 200
    os.kill(killed["consumer"], signal.SIGKILL)
    os.kill(killed["ingest"], signal.SIGKILL)
    for name in ("consumer", "ingest"):
        notice = f"{name} ended unexpectedly (status -9): restarting it"
        stack.wait_for(lambda notice=notice: notice in stack.output(), 10)
    stack.wait_for(lambda: {"ingest", "consumer"} <= set(function_pids(stack)))
    stack.wait_for(lambda: listening(stack.stack["ingest"]))
    for number in range(10, 30):
        assert stack.post(EVENT, value(number), f"kill-{number}").status_code == 200
    children = function_pids(stack)
    stack.stop(signal.SIGKILL)
    stack.wait_for(
        lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children.values()), 10
    )

    stack.start()
    for number in range(30):
        stack.outcome(f"kill-{number}", "(handled|duplicate)", LEASE_SECONDS)


def test_state_belongs_to_one_stack_and_one_store(stack, run_here):
    """What is refused while a stack runs and afterwards, until make clean-state."""
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
    check_stops(stack, signal.SIGTERM)

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
