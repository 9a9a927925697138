"""The receiver as functions-framework serves it, over real connections."""

import base64
import json

import pytest
import requests

from local.commerce.event_signature import signature_headers
from tests.support.adobe_deliveries import CLIENT_ID, delivery, key_server, signing_keys
from tests.support.ingest_pubsub import FakePubSub
from tests.support.serving import NotStarted, function


@pytest.fixture(scope="module")
def server():
    with (
        FakePubSub() as pubsub,
        key_server() as keys,
        function(
            "commerce_events",
            GOOGLE_CLOUD_PROJECT="p",
            PUBSUB_EMULATOR_HOST=pubsub.address,
            OAUTH_CLIENT_ID=CLIENT_ID,
            ADOBE_KEYS_URL=keys,
        ) as running,
    ):
        running.pubsub = pubsub
        running.url = "http://{}:{}/".format(*running.address)
        yield running


def post(server, content, signed=None, **headers):
    return requests.post(
        server.url,
        data=content,
        headers={**signature_headers(signed or content, signing_keys()), **headers},
        timeout=10,
    )


def test_a_signed_delivery_reaches_its_topic(server):
    server.pubsub.clear()
    content = json.dumps([delivery(), delivery("observer.other", uid="e-2")]).encode()
    response = post(server, base64.b64encode(content), content)

    assert response.status_code == 200
    first, second = response.json()["results"]
    assert first["response"]["success"]
    assert second["error"]["statusCode"] == 400
    topics = {topic.rpartition("/")[2] for topic, _ in server.pubsub.published}
    assert topics == {"commerce-outbound-product", "commerce-dead-letters"}


def test_another_signature_is_a_401(server):
    assert post(server, json.dumps(delivery()).encode(), b"other").status_code == 401


def test_adobe_can_validate_the_address(server):
    response = requests.get(server.url, {"challenge": "1b2c-3d4e"}, timeout=10)

    assert (response.status_code, response.text) == (200, "1b2c-3d4e")


def test_an_offered_upgrade_is_ignored(server):
    """As Java's client offers it; the body is read all the same."""
    response = post(
        server,
        json.dumps(delivery()).encode(),
        Connection="Upgrade, HTTP2-Settings",
        Upgrade="h2c",
    )

    assert response.status_code == 200


def test_without_a_client_id_it_does_not_start():
    with (
        pytest.raises(NotStarted, match="OAUTH_CLIENT_ID must be set"),
        function("commerce_events", GOOGLE_CLOUD_PROJECT="p"),
    ):
        pass
