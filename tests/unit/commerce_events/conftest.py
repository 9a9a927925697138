"""One receiver, whose publisher and host of keys are a test's own."""

import pytest

from tests.support.adobe_deliveries import receiver_client
from tests.support.ingest_app import RecordingPublisher


@pytest.fixture
def publisher():
    return RecordingPublisher()


@pytest.fixture
def client(publisher):
    with receiver_client(publisher) as client:
        yield client
