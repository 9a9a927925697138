"""Dead letters in a real topic: whole, explained, stored before the acknowledgement."""

import time

import grpc
import pytest

from functions.consumer.dead_letter_topic import DeadLetterTopic
from functions.pubsub.endpoint import Endpoint
from functions.timestamps import normalize_timestamp, timestamp
from local.processes import free_port
from tests.support.broker_process import running_broker
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import SUBSCRIPTION, ConsumerUnderTest, push
from tests.support.ingest_pubsub import FakePubSub

REJECTION = reply(400, {"message": "SKU %1 is taken.", "parameters": ["A"]})


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("broker")) as client:
        yield client


def consumer_with(topic, address, **timeouts):
    """A consumer whose Commerce rejects everything, with dead letters in *topic*."""
    dead_letters = DeadLetterTopic("p", topic, Endpoint(address, True), **timeouts)
    consumer = ConsumerUnderTest(dead_letters=dead_letters)
    consumer.response = REJECTION
    return consumer


def test_a_dead_letter_has_the_message_and_the_reason(broker):
    topic = broker.create_topic()
    reader = broker.subscribe(topic)
    body = {**push(), "deliveryAttempt": 4}
    start = timestamp()

    status, _ = consumer_with(topic, broker.address).deliver(body)

    [message] = broker.pull(reader)
    attributes = dict(message.attributes)
    stored_at = attributes.pop("dead-letter-time")
    assert status == 200
    assert start <= normalize_timestamp(stored_at) <= timestamp()
    assert message.data == b'{"sku": "A", "name": "n", "price": 1, "description": "d"}'
    assert message.ordering_key == "product:A"
    assert attributes == {
        **body["message"]["attributes"],
        "dead-letter-reason": "Commerce answered 400 to POST products: SKU A is taken.",
        "dead-letter-status": "400",
        "dead-letter-subscription": SUBSCRIPTION,
        "dead-letter-message-id": "m1",
        "dead-letter-attempts": "4",
    }


def test_without_the_topic_the_push_is_not_acknowledged(broker):
    topic = broker.new_name("topics")
    consumer = consumer_with(topic, broker.address)

    assert consumer.deliver(push())[0] == 503
    assert consumer.outcomes() == ["retry"]

    broker.create_topic(topic)
    reader = broker.subscribe(topic)
    assert consumer.deliver(push())[0] == 200
    assert len(broker.pull(reader)) == 1
    # The rejection is recorded now: another delivery stores no second dead letter.
    assert consumer.deliver(push())[0] == 200
    assert consumer.outcomes() == ["retry", "rejected", "duplicate"]


@pytest.mark.parametrize("fault", ["unreachable", "hanging", "failing", "no id"])
def test_a_failing_pubsub_is_a_retry_within_the_timeout(fault):
    with FakePubSub() as pubsub:
        pubsub.hangs = fault == "hanging"
        pubsub.omits_ids = fault == "no id"
        if fault == "failing":
            pubsub.failures = [grpc.StatusCode.UNAVAILABLE] * 100
        port = free_port() if fault == "unreachable" else pubsub.port
        consumer = consumer_with(
            "dead-letters",
            f"127.0.0.1:{port}",
            timeout_seconds=1.0,
            retry_seconds=0.5,
        )
        start = time.monotonic()

        status, body = consumer.deliver(push())

    # On a busy machine, too; the client's own retry would take ten minutes.
    assert time.monotonic() - start < 10
    assert status == 503
    message = "The dead-letter topic cannot be reached"
    assert body["error"]["body"] == {"error": message}
    [entry] = consumer.outcome_entries()
    assert (entry["alarm"], entry["severity"]) == (True, "ERROR")
    assert entry["reason"] == message


def test_a_temporary_failure_is_repeated():
    with FakePubSub() as pubsub:
        pubsub.failures = [grpc.StatusCode.UNAVAILABLE]
        consumer = consumer_with("dead-letters", pubsub.address)

        assert consumer.deliver(push())[0] == 200

    [(topic, message)] = pubsub.published
    assert topic == "projects/p/topics/dead-letters"
    assert message.ordering_key == "product:A"
