"""One fake Pub/Sub server and one process of ingest, shared by these tests."""

import pytest

from tests.support.ingest_pubsub import FakePubSub
from tests.support.ingest_server import process


@pytest.fixture(scope="session")
def shared_pubsub():
    with FakePubSub() as pubsub:
        yield pubsub


@pytest.fixture(scope="session")
def server(shared_pubsub):
    """Address of an ingest without authentication."""
    settings = {"LEDGER": "memory", "MAX_BODY_BYTES": "10000"}
    with process(shared_pubsub.address, **settings) as running:
        yield running.address


@pytest.fixture
def pubsub(shared_pubsub):
    """What it is sent belongs to one test."""
    shared_pubsub.clear()
    return shared_pubsub
