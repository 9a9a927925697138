"""Ingest as functions-framework serves it, in this process or in one of its own."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from tests.serving import Running, function

ROOT = Path(__file__).resolve().parents[2]
MAIN = str(ROOT / "functions/ingest/main.py")
CREATE = "be-observer.catalog_product_create"
VALUE = {"sku": "A", "name": "Lamp", "price": 1.5, "description": "d"}


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


@contextmanager
def process(pubsub: str, **more: str) -> Iterator[Running]:
    """Ingest as a process of its own."""
    with function("ingest", **environment(pubsub, **more)) as server:
        yield server


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
