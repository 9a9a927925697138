"""Ingest as functions-framework serves it, in this process or in one of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from tests import running

ROOT = Path(__file__).resolve().parents[2]
MAIN = str(ROOT / "functions/ingest/main.py")
START_SECONDS = 30
CREATE = "be-observer.catalog_product_create"
VALUE = {"sku": "A", "name": "Lamp", "price": 1.5, "description": "d"}


class NotStarted(Exception):
    """The process ended at once; the argument is what it said."""


def environment(pubsub: str, **more: str) -> dict[str, str]:
    """What ingest is started with."""
    given = {"GOOGLE_CLOUD_PROJECT": "p", "PUBSUB_EMULATOR_HOST": pubsub}
    return given | more


def event(uid="1", name=CREATE, value=VALUE, **more) -> dict:
    """A body; a valid one by default."""
    return {"data": {"uid": uid, "event": name, "value": value, **more}}


def post(client: TestClient, body, **more):
    """Post *body* as JSON in ASCII, so that it may hold what UTF-8 cannot."""
    return client.post("/", content=json.dumps(body).encode(), **more)


@contextmanager
def ingest(pubsub: str, **more: str) -> Iterator[TestClient]:
    """A client of the real app, made under this environment alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("INGEST_", "PUBSUB_", "LOG_", "MAX_BODY", "LEDGER")):
                patch.delenv(name)
        for name, value in environment(pubsub, **more).items():
            patch.setenv(name, value)
        app = create_asgi_app("ingest", MAIN)
    with TestClient(app) as client:
        yield client


class Running:
    """A functions-framework process.

    Attributes:
        address: host and port.
    """

    def __init__(self, child: subprocess.Popen, port: int, out) -> None:
        self.address = ("127.0.0.1", port)
        self._child = child
        self._out = out

    def stop(self) -> bytes:
        """End it as the platform does; all it said."""
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        return self.said()

    def said(self) -> bytes:
        """What it wrote so far."""
        return Path(self._out.name).read_bytes()

    def wait(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + START_SECONDS
        while not running.listening("{}:{}".format(*self.address)):
            if self._child.poll() is not None:
                raise NotStarted(self.said())
            assert time.monotonic() < end
            time.sleep(0.05)


@contextmanager
def process(pubsub: str, **more: str) -> Iterator[Running]:
    """``functions-framework``, as README starts it."""
    port = running.free_port()
    # A pipe that nobody reads would fill, and hold up the process.
    with tempfile.NamedTemporaryFile() as out:
        child = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("functions-framework")),
                *("--source", "functions/ingest/main.py", "--target", "ingest"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment(pubsub, **more)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        server = Running(child, port, out)
        try:
            server.wait()
            yield server
        finally:
            server.stop()


def exchange(host: str, port: int, *pieces: bytes, seconds: float = 10) -> bytes:
    """Send *pieces* raw over one connection; all that comes back until it closes."""
    with socket.create_connection((host, port), timeout=seconds) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:  # it was told enough, and hung up
                break
        return all_from(connection)


def all_from(connection: socket.socket) -> bytes:
    """Everything that comes until the other side closes, or breaks off."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except OSError:
        pass
    return received
