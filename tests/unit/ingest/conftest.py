"""One fake Pub/Sub and one open ingest for the tests that need no other."""

import pytest

from tests.ingest.pubsub import PubSub
from tests.ingest.served import ingest


@pytest.fixture(scope="module")
def shared_pubsub():
    with PubSub() as pubsub:
        yield pubsub


@pytest.fixture(scope="module")
def shared_client(shared_pubsub):
    with ingest(shared_pubsub.address, MAX_BODY_BYTES="100000") as client:
        yield client


@pytest.fixture
def pubsub(shared_pubsub):
    """What it was sent belongs to one test."""
    shared_pubsub.requests.clear()
    shared_pubsub.stored.clear()
    shared_pubsub.fails.clear()
    return shared_pubsub


@pytest.fixture
def client(pubsub, shared_client):
    """Ingest under INGEST_AUTH=none."""
    return shared_client
