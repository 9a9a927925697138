"""What the receiver answers, publishes and logs."""

import asyncio
import json
import time

import pytest

from functions.commerce_events.body import MAX_CONTENT_BYTES
from functions.pubsub.errors import PublishFailed
from tests.support.adobe_deliveries import (
    CLIENT_ID,
    PREFIX,
    PRODUCT,
    deliver,
    delivery,
    receiver_client,
)
from tests.support.ingest_app import RecordingPublisher

UNKNOWN = "observer.catalog_category_save_commit_after"
PUBLISHED = {"success": True, "message": "Event published successfully"}


class FailingPublisher(RecordingPublisher):
    """Fails for the messages of one id."""

    def __init__(self, uid):
        super().__init__()
        self.uid = uid

    async def publish(self, topic, message):
        if message.attributes["ce-id"] == self.uid:
            raise PublishFailed("UNAVAILABLE")
        return await super().publish(topic, message)


def uids(publisher):
    return [message.attributes["ce-id"] for _, message in publisher.published]


def rejected(reason):
    return {"error": {"statusCode": 400, "body": {"error": reason}}}


def test_an_unknown_type_becomes_a_dead_letter(client, publisher):
    response = deliver(client, delivery(UNKNOWN))
    reason = f"Unable to publish event {PREFIX}{UNKNOWN}: Unknown event type"

    assert (response.status_code, response.json()) == (200, rejected(reason))
    [(topic, message)] = publisher.published
    assert topic == "commerce-dead-letters"
    assert json.loads(message.data) == delivery(UNKNOWN)
    expected = {
        "ce-type": PREFIX + UNKNOWN,
        "ce-id": "e-1",
        "dead-letter-reason": reason,
        "dead-letter-status": "400",
        "dead-letter-subscription": "commerce_events",
        "dead-letter-attempts": "0",
    }
    assert message.attributes.items() >= expected.items()
    assert "entity" not in message.attributes


def test_an_invalid_value_becomes_a_dead_letter_of_its_entity(client, publisher):
    response = deliver(client, delivery(value={"name": "secret-name"}))

    assert response.status_code == 200
    assert response.json() == rejected(
        "Invalid value for commerce.product.updated:"
        " sku: Missing data for required field."
    )
    [(topic, message)] = publisher.published
    assert topic == "commerce-dead-letters"
    assert message.attributes["entity"] == "outbound-product"


def test_the_dead_letter_topic_can_be_named(publisher):
    with receiver_client(publisher, DEAD_LETTER_TOPIC="other") as client:
        deliver(client, delivery(UNKNOWN))

    assert publisher.published[0][0] == "other"


@pytest.mark.parametrize(
    "event", [delivery(), delivery(UNKNOWN)], ids=["topic", "dead"]
)
def test_what_cannot_be_stored_is_delivered_again(client, publisher, event):
    publisher.failure = "UNAVAILABLE"
    response = deliver(client, event)

    assert response.status_code == 503
    assert response.headers["retry-after"] == "60"
    assert response.json()["error"]["statusCode"] == 503


def test_a_list_has_a_result_for_each_event(client, publisher):
    order = delivery("observer.sales_order_save_commit_after", {"id": "8"}, "e-3")
    response = deliver(client, [delivery(), delivery(UNKNOWN, uid="e-2"), order])

    assert response.status_code == 200
    first, second, third = response.json()["results"]
    assert first == {"type": PREFIX + PRODUCT, "response": PUBLISHED}
    assert second["error"]["statusCode"] == 400
    assert third["response"] == PUBLISHED
    assert sorted(uids(publisher)) == ["e-1", "e-2", "e-3"]


def test_a_list_with_an_event_not_stored_is_a_503():
    """Adobe delivers all again; the ledger recognises those that were stored."""
    publisher = FailingPublisher("e-2")
    events = [delivery(value={"sku": str(n)}, uid=f"e-{n}") for n in range(1, 4)]
    with receiver_client(publisher) as client:
        response = deliver(client, events)

    assert response.status_code == 503
    assert [("response" in each) for each in response.json()["results"]] == [
        True,
        False,
        True,
    ]
    assert sorted(uids(publisher)) == ["e-1", "e-3"]


def test_no_event_overtakes_one_of_its_resource():
    publisher = FailingPublisher("e-2")
    with receiver_client(publisher) as client:
        response = deliver(client, [delivery(uid=f"e-{n}") for n in range(1, 5)])

    assert response.status_code == 503
    assert uids(publisher) == ["e-1"]


def test_twenty_events_are_taken_and_no_more(client, publisher):
    assert deliver(client, [delivery(uid=str(n)) for n in range(20)]).status_code == 200
    assert len(publisher.published) == 20
    response = deliver(client, [delivery(uid=str(n)) for n in range(21)])

    assert response.status_code == 413
    assert response.json() == {"error": "The body holds more than 20 events"}
    assert deliver(client, []).status_code == 401  # it names no recipient


def test_a_body_of_two_megabytes_is_taken_and_no_more(client, publisher):
    empty = delivery(value={"sku": "A", "description": ""})
    room = MAX_CONTENT_BYTES - len(json.dumps(empty))

    def sized(characters):
        return delivery(value={"sku": "A", "description": "x" * characters})

    assert deliver(client, sized(room)).status_code == 200
    assert deliver(client, sized(room + 1)).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_json_is_a_400(client, publisher, body):
    response = deliver(client, body + CLIENT_ID.encode())

    assert (response.status_code, response.json()) == (
        400,
        {"error": "The body is not JSON"},
    )
    assert publisher.published == []


@pytest.mark.parametrize("depth", [100, 900, 960, 990, 2_000, 50_000])
def test_a_deep_value_is_no_internal_error(client, depth):
    """From some depth on it cannot be written again, and from another on not read."""
    nested = b"[" * depth + b"]" * depth
    content = json.dumps(delivery(value={"sku": "A", "x": "here"})).encode()

    response = deliver(client, content.replace(b'"here"', nested))
    assert response.status_code in (200, 400)


def test_a_compressed_body_is_a_415(client):
    response = deliver(client, delivery(), **{"content-encoding": "gzip"})

    assert response.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_a_405(client, method):
    response = client.request(method, "/")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def test_the_answer_is_in_time():
    """Adobe waits for ten seconds."""

    class SlowPublisher(RecordingPublisher):
        async def publish(self, topic, message):
            await asyncio.sleep(10)

    start = time.monotonic()
    with receiver_client(SlowPublisher(), deadline_seconds=0.05) as client:
        response = deliver(client, delivery())

    assert response.status_code == 503
    assert time.monotonic() - start < 5


def test_an_unexpected_error_shows_nothing(publisher):
    publisher.failure = RuntimeError("secret-name")
    written = []
    with receiver_client(publisher, write=written.append) as client:
        response = deliver(client, delivery())

    assert response.status_code == 500
    assert "secret" not in response.text + b"".join(written).decode()


def logged(event, **settings):
    written = []
    with receiver_client(
        RecordingPublisher(), write=written.append, **settings
    ) as client:
        deliver(client, event)
    entries = [json.loads(line) for line in written]
    for entry in entries:
        assert entry.pop("ms", 0.0) >= 0
        entry.pop("time")
        entry.pop("logging.googleapis.com/labels", None)
    return entries


def test_one_entry_is_logged_for_each_event():
    assert logged(delivery()) == [
        {
            "severity": "INFO",
            "message": "event published",
            "stage": "published",
            "event": "commerce.product.updated",
            "entity": "outbound-product",
            "uid": "e-1",
            "caller": "0b1f2c3d-1111-4222-8333-444455556666",
            "message_id": "1",
            "status": 200,
        }
    ]
    received, _ = logged(delivery(), LOG_LEVEL="debug")
    assert (received["severity"], received["stage"]) == ("DEBUG", "received")


def test_a_rejected_event_is_a_warning_without_values():
    [entry] = logged(delivery(value={"name": "secret-name"}))

    assert entry == {
        "severity": "WARNING",
        "message": "event rejected",
        "stage": "published",
        "outcome": "rejected",
        "event": "commerce.product.updated",
        "entity": "outbound-product",
        "uid": "e-1",
        "caller": "0b1f2c3d-1111-4222-8333-444455556666",
        "message_id": "1",
        "fields": ["sku"],
        "status": 400,
    }


def test_a_rejected_request_is_a_warning_with_its_reason():
    [entry] = logged(delivery(recipientclientid="another"))

    assert (entry["severity"], entry["outcome"], entry["status"]) == (
        "WARNING",
        "rejected",
        401,
    )
    assert entry["reason"] == "Unauthorized: recipientclientid is not OAUTH_CLIENT_ID"
