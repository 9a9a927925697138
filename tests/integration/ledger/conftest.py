"""The stores, one after the other, for whatever must hold on each."""

import os
import signal
import subprocess
import time

import pytest

from functions.ledger.memory import MemoryStore
from functions.ledger.sqlite import SqliteStore
from tests import machine
from tests.ledger.fourth import FileStore
from tests.ledger.parts import STORES, Timed
from tests.running import free_port, listening


@pytest.fixture(scope="session")
def firestore_at():
    """Google's Firestore emulator, as ``host:port``."""
    folder = machine.emulators() / "cloud-firestore-emulator"
    address = f"127.0.0.1:{free_port()}"
    host, _, port = address.partition(":")
    command = [str(folder / "cloud_firestore_emulator"), "start"]
    with subprocess.Popen(
        [*command, f"--host={host}", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a script and the Java it starts, ended together
    ) as process:
        try:
            end = time.monotonic() + 60
            while not listening(address):
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.2)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "sqlite":
        yield SqliteStore(str(tmp_path / "deep" / "ledger.sqlite"))
    elif request.param == "fourth":
        yield FileStore(tmp_path / "ledger.json")
    else:
        from functions.ledger.firestore import FirestoreStore

        os.environ["FIRESTORE_EMULATOR_HOST"] = request.getfixturevalue("firestore_at")
        # A project of its own for each test, so that none sees another's records.
        yield FirestoreStore(f"p{time.time_ns()}", "(default)")
        del os.environ["FIRESTORE_EMULATOR_HOST"]


@pytest.fixture
def timed(store):
    return Timed(store)
