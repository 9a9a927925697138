"""The SQLite store: files, processes that share one, and what goes wrong."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections import Counter

import pytest

from functions.ledger.sqlite import SqliteStore
from functions.ledger.store import LedgerUnavailable
from tests.support.ledger_kit import SUCCESS, LedgerUnderTest, delivery
from tests.support.running import ROOT

FAR_FUTURE = 4e9
PROCESSES, ROUNDS = 3, 30

# Acquires the lease of each message, as soon as all processes are ready for it.
PROCESS = """
import sys
from functions.ledger.sqlite import SqliteStore
from tests.support.ledger_kit import LedgerUnderTest, delivery

ledger = LedgerUnderTest(SqliteStore(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    uid = line.strip()
    decision = ledger.deliver(delivery(f"m-{uid}"), uid=uid)
    print(type(decision).__name__, flush=True)
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file that the processes share."""
    return str(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")


@pytest.fixture(scope="module")
def processes(path):
    """Processes that have the ledger open."""
    command = [sys.executable, "-c", PROCESS, path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(PROCESSES)]
    try:
        for process in running:
            assert process.stdout.readline() == "ready\n"
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate()


def put(store, key, record):
    store.change([key], lambda records: ([record], None))


def test_one_of_several_processes_gets_the_lease(processes):
    results = Counter()
    for uid in range(ROUNDS):
        for process in processes:
            process.stdin.write(f"{uid}\n")
        for process in processes:
            process.stdin.flush()
        decisions = Counter(process.stdout.readline().strip() for process in processes)
        results[decisions["Lease"], decisions["InFlight"]] += 1

    assert results == {(1, PROCESSES - 1): ROUNDS}


def test_a_result_is_known_to_other_processes(processes, path):
    ledger = LedgerUnderTest(SqliteStore(path))
    lease = ledger.deliver(delivery("m-recorded"), uid="recorded")
    assert ledger.complete(lease, SUCCESS)

    for process in processes:
        process.stdin.write("recorded\n")
        process.stdin.flush()

    decisions = {process.stdout.readline() for process in processes}
    assert decisions == {"AlreadyProcessed\n"}


def test_a_new_file_that_is_being_written_is_waited_for(tmp_path):
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    committed = threading.Timer(0.1, other.commit)
    committed.start()

    put(SqliteStore(str(path)), "a", {"expires": FAR_FUTURE})

    committed.join()
    other.close()
    assert SqliteStore(str(path)).get("a") == {"expires": FAR_FUTURE}


def test_a_file_that_stays_locked_is_unavailable(tmp_path):
    path = str(tmp_path / "ledger.sqlite")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LedgerUnavailable, match="^SQLite: database is locked$"):
            put(SqliteStore(path, busy_seconds=0.05), "a", {"expires": FAR_FUTURE})


def test_a_file_can_be_read_while_it_is_written(tmp_path):
    path = str(tmp_path / "ledger.sqlite")
    put(SqliteStore(path), "a", {"expires": FAR_FUTURE, "n": 1})

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        writer.execute("BEGIN IMMEDIATE")
        assert SqliteStore(path).get("a") == {"expires": FAR_FUTURE, "n": 1}


def test_expired_records_are_swept(tmp_path):
    store = SqliteStore(str(tmp_path / "ledger.sqlite"), sweep_seconds=-1.0)
    put(store, "old", {"expires": 1, "resources": ["t"]})
    put(store, "kept", {"expires": FAR_FUTURE})

    assert (store.get("old"), store.find("resources", "t")) == (None, [])
    assert store.get("kept") == {"expires": FAR_FUTURE}


def test_a_path_that_is_a_folder_is_unavailable(tmp_path):
    (tmp_path / "ledger.sqlite").mkdir()

    with pytest.raises(LedgerUnavailable):
        SqliteStore(str(tmp_path / "ledger.sqlite")).get("a")


def test_a_folder_that_cannot_be_created_is_unavailable(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(LedgerUnavailable):
        SqliteStore(str(tmp_path / "file" / "ledger.sqlite")).get("a")
