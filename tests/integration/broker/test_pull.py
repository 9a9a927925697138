"""Pulling: leases, acknowledgement and giving back."""

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


def test_an_acknowledged_message_does_not_come_again(api):
    subscription = _one(api)
    [received] = api.pull(subscription)
    api.acknowledge(subscription, received)
    assert api.pull(subscription, wait=False) == []


def test_a_leased_message_is_nobody_elses(api):
    subscription = _one(api)
    assert len(api.pull(subscription)) == 1
    assert api.pull(subscription, wait=False) == []


def test_a_message_given_back_comes_again(api):
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


def test_a_message_whose_deadline_passed_comes_again(hasty):
    subscription = _one(hasty, ack_deadline_seconds=10)
    [first] = hasty.pull(subscription)
    begun = time.monotonic()
    [second] = hasty.pull(subscription)
    assert second.message == first.message
    assert 0.3 < time.monotonic() - begun < 5


def test_a_deadline_moved_on_keeps_the_message(hasty):
    subscription = _one(hasty, ack_deadline_seconds=10)  # half a second here
    [received] = hasty.pull(subscription)
    hasty.deadline(subscription, 600, received)
    time.sleep(0.8)
    assert hasty.pull(subscription, wait=False) == []
    hasty.acknowledge(subscription, received)


def test_a_late_acknowledgement_still_counts(hasty):
    subscription = _one(hasty, ack_deadline_seconds=10)
    [first] = hasty.pull(subscription)
    [second] = hasty.pull(subscription)
    hasty.acknowledge(subscription, first)
    hasty.deadline(subscription, 0, second)
    assert hasty.pull(subscription, wait=False) == []


def test_an_old_lease_cannot_give_back_a_newer_one(hasty):
    subscription = _one(hasty, ack_deadline_seconds=10)
    [first] = hasty.pull(subscription)
    [second] = hasty.pull(subscription)
    hasty.deadline(subscription, 600, second)
    hasty.deadline(subscription, 0, first)
    assert hasty.pull(subscription, wait=False) == []


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


@only_ours("gives it out again at once")
def test_a_message_given_back_waits_twice_as_long_each_time(api):
    policy = {"minimum_backoff": duration(0.2), "maximum_backoff": duration(0.6)}
    subscription = _one(api, retry_policy=policy)
    [received] = api.pull(subscription)
    waits = []
    for _ in range(4):
        begun = time.monotonic()
        api.deadline(subscription, 0, received)
        [received] = api.pull(subscription)
        waits.append(time.monotonic() - begun)
    expected = [0.2, 0.4, 0.6, 0.6]
    assert all(0 <= w - e < 0.18 for w, e in zip(waits, expected, strict=True)), waits


@only_ours("answers with nothing after a while")
def test_a_pushed_subscription_cannot_be_pulled(api):
    push = {"push_endpoint": "http://127.0.0.1:9/"}
    subscription = api.subscription(api.topic(), push_config=push)
    request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=1)
    assert api.refusal("Subscriber/Pull", request) == "FAILED_PRECONDITION"


def test_a_pull_of_nothing_is_refused(api):
    request = pubsub_pb2.PullRequest(subscription=api.subscription(api.topic()))
    assert api.refusal("Subscriber/Pull", request) == "INVALID_ARGUMENT"


@only_ours("answers with nothing after a while")
def test_a_pull_ends_when_the_subscription_is_deleted(api):
    subscription = api.subscription(api.topic())
    delete = api.subscriber.delete_subscription
    timer = threading.Timer(0.3, delete, kwargs={"subscription": subscription})
    timer.start()
    request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=1)
    assert api.refusal("Subscriber/Pull", request) == "NOT_FOUND"
    timer.join()


BAD_VERDICTS = {
    "no ids": ("Acknowledge", {"ack_ids": []}),
    "no id of ours": ("Acknowledge", {"ack_ids": ["nonsense"]}),
    "nothing to give back": ("ModifyAckDeadline", {"ack_ids": []}),
    "negative": ("ModifyAckDeadline", {"ack_deadline_seconds": -1}),
}


@pytest.mark.parametrize("case", BAD_VERDICTS)
def test_a_verdict_without_sense_is_refused(api, case):
    method, fields = BAD_VERDICTS[case]
    subscription = _one(api)
    [received] = api.pull(subscription)
    fields = {"ack_ids": [received.ack_id], **fields}
    request = getattr(pubsub_pb2, f"{method}Request")(
        subscription=subscription, **fields
    )
    assert api.refusal(f"Subscriber/{method}", request) == "INVALID_ARGUMENT"


@only_ours("takes it")
def test_a_deadline_beyond_ten_minutes_is_refused(api):
    subscription = _one(api)
    [received] = api.pull(subscription)
    with pytest.raises(grpc.RpcError) as error:
        api.deadline(subscription, 601, received)
    assert error.value.code().name == "INVALID_ARGUMENT"


@only_ours("takes it")
def test_another_subscriptions_acknowledgement_is_refused(api):
    subscription, other = _one(api), _one(api)
    [received] = api.pull(subscription)
    request = pubsub_pb2.AcknowledgeRequest(
        subscription=other, ack_ids=[received.ack_id]
    )
    assert api.refusal("Subscriber/Acknowledge", request) == "INVALID_ARGUMENT"


def test_what_a_cancelled_pull_was_given_is_given_to_another(hasty):
    """The lease of a client that went away while it waited must not hold messages."""
    topic = hasty.topic()
    subscription = hasty.subscription(topic, ack_deadline_seconds=600)
    request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=1)
    send = hasty.channel.unary_unary(
        "/google.pubsub.v1.Subscriber/Pull",
        request_serializer=pubsub_pb2.PullRequest.SerializeToString,
        response_deserializer=pubsub_pb2.PullResponse.FromString,
    )
    with pytest.raises(grpc.RpcError):
        send(request, timeout=0.3)
    hasty.publish(topic)
    [received] = hasty.pull(subscription)
    assert received.message.data == b"x"
