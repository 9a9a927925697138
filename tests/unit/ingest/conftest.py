"""One ingest without authentication for the tests that need no other."""

import pytest

from tests.support.ingest_app import RecordingPublisher, ingest_client


@pytest.fixture(scope="module")
def shared_publisher():
    return RecordingPublisher()


@pytest.fixture(scope="module")
def shared_client(shared_publisher):
    with ingest_client(shared_publisher, MAX_BODY_BYTES="100000") as client:
        yield client


@pytest.fixture
def publisher(shared_publisher):
    """What is published belongs to one test."""
    shared_publisher.published.clear()
    return shared_publisher


@pytest.fixture
def client(publisher, shared_client):
    """Ingest under INGEST_AUTH=none."""
    return shared_client
