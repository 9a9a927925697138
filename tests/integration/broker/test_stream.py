"""Pulling by a stream, as Google's client subscribes."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from google.cloud.pubsub_v1.types import FlowControl

from local.broker import pubsub_pb2
from tests.support.broker_api import SECONDS, Api, only_ours


class Stream:
    """A raw stream; requests are sent when asked."""

    def __init__(self, api: Api, subscription: str, **first) -> None:
        self._requests: queue.Queue = queue.Queue()
        first = {"stream_ack_deadline_seconds": 10, **first}
        self.send(subscription=subscription, **first)
        open_ = api.channel.stream_stream(
            "/google.pubsub.v1.Subscriber/StreamingPull",
            request_serializer=pubsub_pb2.StreamingPullRequest.SerializeToString,
            response_deserializer=pubsub_pb2.StreamingPullResponse.FromString,
        )
        self.call = open_(iter(self._requests.get, None), timeout=SECONDS)

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_) -> None:
        self._requests.put(None)
        self.call.cancel()

    def send(self, **fields) -> None:
        """Send a request."""
        self._requests.put(pubsub_pb2.StreamingPullRequest(**fields))

    def take(self, count: int) -> list:
        """The next *count* messages."""
        taken = []
        while len(taken) < count:
            taken += next(self.call).received_messages
        return taken

    def refusal(self) -> str:
        """The status that it ends with."""
        try:
            for _ in self.call:
                pass
        except grpc.RpcError as error:
            return error.code().name
        return "OK"


@contextmanager
def _subscribed(api: Api, subscription: str, took) -> Iterator[None]:
    limits = FlowControl(max_messages=5)
    pulling = api.subscriber.subscribe(subscription, took, flow_control=limits)
    try:
        yield
    finally:
        pulling.cancel()
        pulling.result(timeout=SECONDS)


def test_googles_client_gets_everything_once(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    seen: queue.Queue = queue.Queue()

    def took(message) -> None:
        message.ack()
        seen.put(message.data)

    with _subscribed(api, subscription, took):
        for number in range(50):
            api.publish(topic, str(number).encode())
        data = sorted(int(seen.get(timeout=SECONDS)) for _ in range(50))
        time.sleep(0.2)  # for one that should not come
    assert (data, seen.empty()) == (list(range(50)), True)
    assert api.pull(subscription, wait=False) == []


@only_ours("goes on with the key after one is given back")
def test_googles_client_gets_a_key_in_order_though_one_is_given_back(api):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=True)
    for number in range(10):
        api.publish(topic, str(number).encode(), key="k")
    handled: list[int] = []
    once = threading.Event()
    done = threading.Event()

    def took(message) -> None:
        number = int(message.data)
        if number == 3 and not once.is_set():
            once.set()
            message.nack()
            return
        handled.append(number)
        message.ack()
        if number == 9:
            done.set()

    with _subscribed(api, subscription, took):
        assert done.wait(SECONDS)
    # What came before the one given back may come again after it; never out of order.
    firsts = list(dict.fromkeys(handled))
    assert firsts == list(range(10))


def test_a_stream_acknowledges_and_gives_back(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    with Stream(api, subscription) as stream:
        api.publish(topic, b"one")
        [first] = stream.take(1)
        stream.send(modify_deadline_ack_ids=[first.ack_id], modify_deadline_seconds=[0])
        [second] = stream.take(1)
        assert second.message == first.message
        stream.send(ack_ids=[second.ack_id])
        api.publish(topic, b"two")
        [third] = stream.take(1)
        assert third.message.data == b"two"


@only_ours("gives more")
def test_a_stream_gives_no_more_than_may_be_outstanding(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    for number in range(5):
        api.publish(topic, str(number).encode())
    with Stream(api, subscription, max_outstanding_messages=2) as stream:
        held = stream.take(2)
        with Stream(api, subscription) as other:
            rest = other.take(3)
            other.send(ack_ids=[received.ack_id for received in rest])
            api.acknowledge(subscription, *held)
            api.publish(topic, b"5")
            data = {r.message.data for r in [*held, *rest]}
    assert data == {b"0", b"1", b"2", b"3", b"4"}


@only_ours("gives more")
def test_room_made_by_an_acknowledgement_is_used(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    for number in range(6):
        api.publish(topic, str(number).encode())
    seen = []
    with Stream(api, subscription, max_outstanding_messages=1) as stream:
        for _ in range(6):
            [received] = stream.take(1)
            seen.append(received.message.data)
            stream.send(ack_ids=[received.ack_id])
    assert sorted(seen) == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_room_is_made_by_a_deadline_that_passed(hasty):
    topic = hasty.topic()
    subscription = hasty.subscription(topic)
    hasty.publish(topic)
    with Stream(hasty, subscription, max_outstanding_messages=1) as stream:
        [first] = stream.take(1)
        [second] = stream.take(1)
    assert second.message == first.message


def test_the_streams_own_deadline_counts(hasty):
    topic = hasty.topic()
    subscription = hasty.subscription(topic, ack_deadline_seconds=10)
    with Stream(hasty, subscription, stream_ack_deadline_seconds=600) as stream:
        hasty.publish(topic)
        [received] = stream.take(1)
        time.sleep(0.8)  # longer than the subscription's
        assert hasty.pull(subscription, wait=False) == []
        hasty.acknowledge(subscription, received)


@only_ours("goes on for ever")
def test_a_stream_ends_when_the_subscription_is_deleted(api):
    subscription = api.subscription(api.topic())
    with Stream(api, subscription) as stream:
        time.sleep(0.2)
        api.subscriber.delete_subscription(subscription=subscription)
        assert stream.refusal() == "NOT_FOUND"


@pytest.mark.parametrize(
    ("first", "refusal"),
    [
        pytest.param({"subscription": "projects/p/subscriptions/none"}, "NOT_FOUND"),
        pytest.param({"stream_ack_deadline_seconds": 9}, "INVALID_ARGUMENT"),
        pytest.param({"stream_ack_deadline_seconds": 601}, "INVALID_ARGUMENT"),
        pytest.param({"modify_deadline_ack_ids": ["a"]}, "INVALID_ARGUMENT"),
    ],
    ids=["no subscription", "short deadline", "long deadline", "lists of two lengths"],
)
def test_a_stream_without_sense_is_refused(api, first, refusal):
    fields = {"subscription": api.subscription(api.topic()), **first}
    with Stream(api, **fields) as stream:
        assert stream.refusal() == refusal
