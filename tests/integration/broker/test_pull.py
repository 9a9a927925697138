"""Pulling: leases, acknowledgement and nacks."""

import threading
import time

import grpc
import pytest

from local.broker import pubsub_pb2
from tests.support.broker_api import Api, duration, only_ours


def _one(api: Api, **config) -> str:
    """A subscription that holds one message, "x"."""
    topic = api.topic()
    subscription = api.subscription(topic, **config)
    api.publish(topic)
    return subscription


def test_an_acknowledged_message_is_not_redelivered(api):
    subscription = _one(api)
    [received] = api.pull(subscription)
    api.acknowledge(subscription, received)
    assert api.pull(subscription, wait=False) == []


def test_a_leased_message_is_not_pulled_again(api):
    subscription = _one(api)
    assert len(api.pull(subscription)) == 1
    assert api.pull(subscription, wait=False) == []


def test_a_nacked_message_is_redelivered(api):
    subscription = _one(api)
    [first] = api.pull(subscription)
    api.deadline(subscription, 0, first)
    [second] = api.pull(subscription)
    assert second.message == first.message


def test_a_pull_waits_for_a_message(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    timer = threading.Timer(0.3, api.publish, (topic,))
    timer.start()
    [received] = api.pull(subscription)
    timer.join()
    assert received.message.data == b"x"


def test_a_pull_takes_no_more_than_it_asks_for(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    for _ in range(5):
        api.publish(topic)
    assert len(api.pull(subscription, 2)) == 2


def test_a_message_past_its_deadline_is_redelivered(fast):
    subscription = _one(fast, ack_deadline_seconds=10)
    [first] = fast.pull(subscription)
    begun = time.monotonic()
    [second] = fast.pull(subscription)
    assert second.message == first.message
    assert 0.3 < time.monotonic() - begun < 5


def test_an_extended_deadline_keeps_the_message(fast):
    subscription = _one(fast, ack_deadline_seconds=10)  # half a second here
    [received] = fast.pull(subscription)
    fast.deadline(subscription, 600, received)
    time.sleep(0.65)
    assert fast.pull(subscription, wait=False) == []
    fast.acknowledge(subscription, received)


def test_a_late_acknowledgement_still_counts(fast):
    subscription = _one(fast, ack_deadline_seconds=10)
    [first] = fast.pull(subscription)
    fast.deadline(subscription, 1, first)
    [second] = fast.pull(subscription)
    fast.acknowledge(subscription, first)
    fast.deadline(subscription, 0, second)
    assert fast.pull(subscription, wait=False) == []


def test_an_old_lease_cannot_nack_a_newer_one(fast):
    subscription = _one(fast, ack_deadline_seconds=10)
    [first] = fast.pull(subscription)
    fast.deadline(subscription, 1, first)
    [second] = fast.pull(subscription)
    fast.deadline(subscription, 600, second)
    fast.deadline(subscription, 0, first)
    assert fast.pull(subscription, wait=False) == []


def test_attempts_are_counted_only_with_a_dead_letter_policy(api):
    topic = api.topic()
    policy = {"dead_letter_topic": api.topic(), "max_delivery_attempts": 5}
    counting = api.subscription(topic, dead_letter_policy=policy)
    plain = api.subscription(topic)
    api.publish(topic)
    seen = []
    for subscription in (counting, plain):
        for _ in range(2):
            [received] = api.pull(subscription)
            seen.append(received.delivery_attempt)
            api.deadline(subscription, 0, received)
    assert seen == [1, 2, 0, 0]


@only_ours("redelivers it at once")
def test_a_nacked_message_waits_twice_as_long_each_time(api):
    policy = {"minimum_backoff": duration(0.2), "maximum_backoff": duration(0.4)}
    subscription = _one(api, retry_policy=policy)
    [received] = api.pull(subscription)
    waits = []
    for _ in range(3):
        begun = time.monotonic()
        api.deadline(subscription, 0, received)
        [received] = api.pull(subscription)
        waits.append(time.monotonic() - begun)
    expected = [0.2, 0.4, 0.4]
    assert all(0 <= w - e < 0.18 for w, e in zip(waits, expected, strict=True)), waits


@only_ours("answers with nothing after a while")
def test_a_pushed_subscription_cannot_be_pulled(api):
    push = {"push_endpoint": "http://127.0.0.1:9/"}
    subscription = api.subscription(api.topic(), push_config=push)
    request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=1)
    assert api.status("Subscriber/Pull", request) == "FAILED_PRECONDITION"


def test_a_pull_of_nothing_is_rejected(api):
    request = pubsub_pb2.PullRequest(subscription=api.subscription(api.topic()))
    assert api.status("Subscriber/Pull", request) == "INVALID_ARGUMENT"


@only_ours("answers with nothing after a while")
def test_a_pull_ends_when_the_subscription_is_deleted(api):
    subscription = api.subscription(api.topic())
    delete = api.subscriber.delete_subscription
    timer = threading.Timer(0.3, delete, kwargs={"subscription": subscription})
    timer.start()
    request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=1)
    assert api.status("Subscriber/Pull", request) == "NOT_FOUND"
    timer.join()


INVALID = {
    "no ids": ("Acknowledge", {"ack_ids": []}),
    "not an id": ("Acknowledge", {"ack_ids": ["nonsense"]}),
    "nothing to nack": ("ModifyAckDeadline", {"ack_ids": []}),
    "negative": ("ModifyAckDeadline", {"ack_deadline_seconds": -1}),
}


def test_an_invalid_acknowledgement_is_rejected(api):
    subscription = _one(api)
    [received] = api.pull(subscription)
    statuses = {}
    for case, (method, fields) in INVALID.items():
        request = getattr(pubsub_pb2, f"{method}Request")(
            **{"subscription": subscription, "ack_ids": [received.ack_id], **fields}
        )
        statuses[case] = api.status(f"Subscriber/{method}", request)
    assert statuses == dict.fromkeys(INVALID, "INVALID_ARGUMENT")


@only_ours("takes it")
def test_a_deadline_beyond_ten_minutes_is_rejected(api):
    subscription = _one(api)
    [received] = api.pull(subscription)
    with pytest.raises(grpc.RpcError) as error:
        api.deadline(subscription, 601, received)
    assert error.value.code().name == "INVALID_ARGUMENT"


@only_ours("takes it")
def test_another_subscriptions_acknowledgement_is_rejected(api):
    subscription, other = _one(api), _one(api)
    [received] = api.pull(subscription)
    request = pubsub_pb2.AcknowledgeRequest(
        subscription=other, ack_ids=[received.ack_id]
    )
    assert api.status("Subscriber/Acknowledge", request) == "INVALID_ARGUMENT"


def test_a_cancelled_pull_holds_no_message(fast):
    """The lease of a client that went away while it waited must not hold messages."""
    topic = fast.topic()
    subscription = fast.subscription(topic, ack_deadline_seconds=600)
    request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=1)
    send = fast.channel.unary_unary(
        "/google.pubsub.v1.Subscriber/Pull",
        request_serializer=pubsub_pb2.PullRequest.SerializeToString,
        response_deserializer=pubsub_pb2.PullResponse.FromString,
    )
    with pytest.raises(grpc.RpcError):
        send(request, timeout=0.3)
    fast.publish(topic)
    [received] = fast.pull(subscription)
    assert received.message.data == b"x"
