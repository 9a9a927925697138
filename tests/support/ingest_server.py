"""Ingest as functions-framework serves it, in this process or in one of its own."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from tests.support.serving import Running, function

MAIN = str(Path(__file__).resolve().parents[2] / "functions/ingest/main.py")
SETTINGS = ("INGEST_", "PUBSUB_", "LOG_", "MAX_BODY", "LEDGER")


def environment(pubsub: str, **settings: str) -> dict[str, str]:
    """Ingest's environment."""
    return {"GOOGLE_CLOUD_PROJECT": "p", "PUBSUB_EMULATOR_HOST": pubsub, **settings}


@contextmanager
def ingest(pubsub: str, **settings: str) -> Iterator[TestClient]:
    """A client of the function as functions-framework serves it, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(SETTINGS):
                patch.delenv(name)
        for name, value in environment(pubsub, **settings).items():
            patch.setenv(name, value)
        app = create_asgi_app("ingest", MAIN)
    with TestClient(app) as client:
        yield client


@contextmanager
def process(pubsub: str, **settings: str) -> Iterator[Running]:
    """Ingest as a process of its own."""
    with function("ingest", **environment(pubsub, **settings)) as server:
        yield server


def send_raw(host: str, port: int, *pieces: bytes, seconds: float = 10) -> bytes:
    """Send *pieces* raw over one connection; everything received until it closes."""
    with socket.create_connection((host, port), timeout=seconds) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:  # the server closed the connection
                break
        return receive_all(connection)


def receive_all(connection: socket.socket) -> bytes:
    """Everything received until the other side closes the connection."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except OSError:
        pass
    return received
