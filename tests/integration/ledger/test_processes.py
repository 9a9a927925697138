"""Several processes at one SQLite file: exactly one of them claims."""

import subprocess
import sys
from collections import Counter

import pytest

from functions.ledger.sqlite import SqliteStore
from tests.ledger.parts import DONE, Timed, delivery
from tests.running import ROOT

PROCESSES, ROUNDS = 4, 50

# Claims message after message, each as soon as all processes stand at it.
RACER = """
import sys
from functions.ledger.ledger import Ledger
from functions.ledger.sqlite import SqliteStore
from tests.ledger.parts import LEASE, SOURCE, delivery

ledger = Ledger(SqliteStore(sys.argv[1]), LEASE, 35)
print("ready", flush=True)
for line in sys.stdin:
    uid = line.strip()
    said = ledger.acquire(SOURCE, uid, delivery(f"m-{uid}"))
    print(type(said).__name__, flush=True)
"""


@pytest.fixture
def racers(tmp_path):
    """Processes that have the ledger open."""
    command = [sys.executable, "-c", RACER, str(tmp_path / "ledger.sqlite")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racing = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(PROCESSES)]
    try:
        for racer in racing:
            assert racer.stdout.readline() == "ready\n"
        yield racing
    finally:
        for racer in racing:
            racer.kill()
            racer.communicate()


def test_of_several_processes_one_claims(racers):
    """The others are told that it is under way, and nobody fails."""
    told = Counter()
    for uid in range(ROUNDS):
        for racer in racers:
            racer.stdin.write(f"{uid}\n")
        for racer in racers:
            racer.stdin.flush()
        said = Counter(racer.stdout.readline().strip() for racer in racers)
        told[said["Lease"], said["InFlight"]] += 1

    assert told == {(1, PROCESSES - 1): ROUNDS}


def test_what_one_process_recorded_all_others_know(racers, tmp_path):
    ledger = Timed(SqliteStore(str(tmp_path / "ledger.sqlite")))
    ledger.settled(delivery("m-15"), DONE)

    for racer in racers:
        racer.stdin.write("15\n")
        racer.stdin.flush()

    assert {racer.stdout.readline() for racer in racers} == {"AlreadyProcessed\n"}
