"""Every store, and Google's Firestore emulator, of which a session starts one."""

import os
import signal
import subprocess
import time
import uuid

import pytest

from functions.ledger.firestore import FirestoreStore
from functions.ledger.memory import MemoryStore
from functions.ledger.sqlite import SqliteStore
from functions.ledger.store import LedgerUnavailable
from tests.support import machine
from tests.support.ledger_file_store import FileStore
from tests.support.running import free_port, listening

START_SECONDS = 60


@pytest.fixture(scope="session")
def firestore_emulator():
    """Address of the emulator, which FIRESTORE_EMULATOR_HOST names meanwhile."""
    folder = machine.emulators() / "cloud-firestore-emulator"
    address = f"127.0.0.1:{free_port()}"
    host, _, port = address.partition(":")
    command = [str(folder / "cloud_firestore_emulator"), "start"]
    with subprocess.Popen(
        [*command, f"--host={host}", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **machine.QUICK_JAVA},
        start_new_session=True,  # a script and the Java it starts end together
    ) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while not listening(address):
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            _warm_up(address, end)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _warm_up(address, end):
    """Write until a write succeeds: the first one loads most of the emulator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", address)
        while True:
            try:
                store = FirestoreStore("warm-up", "(default)")
                return store.change(["a"], lambda _: ([{"expires": 1.0}], None))
            except LedgerUnavailable:
                assert time.monotonic() < end


@pytest.fixture
def firestore_store(firestore_emulator, monkeypatch):
    """A store in a project of its own, so that tests do not share records."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    return FirestoreStore(f"p{uuid.uuid4().hex}", "(default)")


@pytest.fixture
def sqlite_store(tmp_path):
    return SqliteStore(str(tmp_path / "deep" / "ledger.sqlite"))


@pytest.fixture(
    params=[
        "memory",
        "file",
        "sqlite",
        pytest.param("firestore", marks=pytest.mark.emulator),
    ]
)
def store(request, tmp_path):
    if request.param == "memory":
        return MemoryStore()
    if request.param == "file":
        return FileStore(tmp_path / "ledger.json")
    return request.getfixturevalue(f"{request.param}_store")
