"""Pulling by a stream, as Google's client subscribes."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from google.cloud.pubsub_v1.types import FlowControl

from tests.support.broker_api import SECONDS, Api, Stream, only_ours


@contextmanager
def _subscribed(api: Api, subscription: str, handle) -> Iterator[None]:
    limits = FlowControl(max_messages=5)
    pulling = api.subscriber.subscribe(subscription, handle, flow_control=limits)
    try:
        yield
    finally:
        pulling.cancel()
        pulling.result(timeout=SECONDS)


def test_googles_client_gets_everything_once(api):
    topic = api.topic()
    subscription = api.subscription(topic)
    seen: queue.Queue = queue.Queue()

    def handle(message) -> None:
        message.ack()
        seen.put(message.data)

    with _subscribed(api, subscription, handle):
        for number in range(50):
            api.publish(topic, str(number).encode())
        data = sorted(int(seen.get(timeout=SECONDS)) for _ in range(50))
        time.sleep(0.2)  # for one that should not come
    assert (data, seen.empty()) == (list(range(50)), True)
    assert api.pull(subscription, wait=False) == []


def test_a_nack_leaves_a_key_in_order_for_googles_client(ours):
    """What follows the nacked message is handled again after it."""
    topic = ours.topic()
    subscription = ours.subscription(topic, enable_message_ordering=True)
    for number in range(10):
        ours.publish(topic, str(number).encode(), key="k")
    handled: list[int] = []
    nacked = threading.Event()

    def handle(message) -> None:
        number = int(message.data)
        if number == 3 and not nacked.is_set():
            nacked.set()
            message.nack()
            return
        handled.append(number)
        message.ack()

    def in_order() -> bool:
        last = {number: index for index, number in enumerate(handled)}
        return sorted(last, key=last.__getitem__) == list(range(10))

    with _subscribed(ours, subscription, handle):
        until = time.monotonic() + SECONDS
        while not in_order() and time.monotonic() < until:
            time.sleep(0.02)
    assert in_order(), handled


def test_a_stream_gets_several_messages_of_a_key(ours):
    topic = ours.topic()
    subscription = ours.subscription(topic, enable_message_ordering=True)
    with Stream(ours, subscription) as stream, Stream(ours, subscription) as other:
        for data in (b"1", b"2"):
            ours.publish(topic, data, key="k")
        received, first = _of_either(stream, other, 2)
        ours.publish(topic, b"3", key="k")
        received += first.take(1)  # the key stays with the stream that has the others
    assert [each.message.data for each in received] == [b"1", b"2", b"3"]


def _of_either(stream: "Stream", other: "Stream", count: int) -> tuple[list, "Stream"]:
    """The first *count* messages, and which stream got them."""
    taken: queue.Queue = queue.Queue()

    def take(from_: Stream) -> None:
        with contextlib.suppress(grpc.RpcError):
            taken.put((from_.take(count), from_))

    with ThreadPoolExecutor() as pool:
        pool.submit(take, stream)
        pool.submit(take, other)
        received, first = taken.get(timeout=SECONDS)
        (other if first is stream else stream).call.cancel()
    return received, first


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])
def test_a_stream_says_whether_it_is_ordered(api, ordered):
    topic = api.topic()
    subscription = api.subscription(topic, enable_message_ordering=ordered)
    api.publish(topic)
    with Stream(api, subscription) as stream:
        # The emulator sends the messages first.
        properties = next(
            response.subscription_properties
            for response in stream.call
            if response.HasField("subscription_properties")
        )
    assert properties.message_ordering_enabled == ordered


def test_what_is_nacked_before_a_close_is_not_stranded(ours):
    """Clients nack what they hold when they shut down, then close their stream."""
    topic = ours.topic()
    subscription = ours.subscription(topic)
    with Stream(ours, subscription) as stream:
        ours.publish(topic)
        [received] = stream.take(1)
        time.sleep(0.1)
        ours.deadline(subscription, 0, received)
    started = time.monotonic()
    [again] = ours.pull(subscription)
    assert again.message == received.message
    assert time.monotonic() - started < 1


def test_what_is_sent_as_a_stream_closes_is_not_stranded(ours):
    """An acknowledgement lets the next message be sent to a stream that closes."""
    topic = ours.topic()
    subscription = ours.subscription(topic)
    with Stream(ours, subscription, max_outstanding_messages=1) as stream:
        ours.publish(topic, b"1")
        ours.publish(topic, b"2")
        ours.acknowledge(subscription, *stream.take(1))
    started = time.monotonic()
    [received] = ours.pull(subscription)
    assert received.message.data == b"2"
    assert time.monotonic() - started < 1


def test_a_stream_acknowledges_and_nacks(api):
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


@only_ours("sends more")
def test_a_stream_sends_no_more_than_may_be_outstanding(api):
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


@only_ours("sends more")
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


def test_room_is_made_by_a_deadline_that_passed(fast):
    topic = fast.topic()
    subscription = fast.subscription(topic)
    fast.publish(topic)
    with Stream(fast, subscription, max_outstanding_messages=1) as stream:
        [first] = stream.take(1)
        [second] = stream.take(1)
    assert second.message == first.message


def test_the_streams_own_deadline_counts(fast):
    topic = fast.topic()
    subscription = fast.subscription(topic, ack_deadline_seconds=10)
    with Stream(fast, subscription, stream_ack_deadline_seconds=600) as stream:
        fast.publish(topic)
        [received] = stream.take(1)
        time.sleep(0.65)  # longer than the subscription's
        assert fast.pull(subscription, wait=False) == []
        fast.acknowledge(subscription, received)


@only_ours("does not end it")
def test_a_stream_ends_when_the_subscription_is_deleted(api):
    subscription = api.subscription(api.topic())
    with Stream(api, subscription) as stream:
        time.sleep(0.2)
        api.subscriber.delete_subscription(subscription=subscription)
        assert stream.status() == "NOT_FOUND"


@pytest.mark.parametrize(
    ("first", "status"),
    [
        pytest.param({"subscription": "projects/p/subscriptions/none"}, "NOT_FOUND"),
        pytest.param({"stream_ack_deadline_seconds": 9}, "INVALID_ARGUMENT"),
        pytest.param({"stream_ack_deadline_seconds": 601}, "INVALID_ARGUMENT"),
        pytest.param({"modify_deadline_ack_ids": ["a"]}, "INVALID_ARGUMENT"),
    ],
    ids=["no subscription", "short deadline", "long deadline", "lists of two lengths"],
)
def test_an_invalid_stream_is_rejected(api, first, status):
    fields = {"subscription": api.subscription(api.topic()), **first}
    with Stream(api, **fields) as stream:
        assert stream.status() == status
