"""Ingest as functions-framework serves it, in this process."""

import pytest

from tests.support.ingest_app import CREATE, event, post
from tests.support.ingest_server import ingest


@pytest.fixture
def client(pubsub):
    with ingest(pubsub.address) as client:
        yield client


def test_an_event_is_published_to_the_topic_of_its_entity(client, pubsub):
    response = post(client, event())

    assert (response.status_code, response.json()["type"]) == (200, CREATE)
    [(topic, message)] = pubsub.published
    assert topic == "projects/p/topics/commerce-product"
    assert message.attributes["ce-type"] == CREATE


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
def test_methods_unknown_to_the_framework_are_a_405(client, method):
    response = client.request(method, "/")

    assert response.status_code == 405
    assert "POST" in response.headers["allow"]
