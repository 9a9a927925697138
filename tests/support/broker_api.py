"""Pub/Sub's own clients, and its raw methods, pointed at a broker under test."""

import itertools
import queue
import time
import uuid

import grpc
import pytest
from google.cloud import pubsub_v1
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from local.broker import pubsub_pb2

PROJECT = "projects/conformance"
SECONDS = 20
_numbers = itertools.count(1)


def only_ours(reason: str) -> pytest.MarkDecorator:
    """For a test that Google's emulator fails: *reason* says what it does."""
    name = f"ours: the emulator {reason}"
    return pytest.mark.parametrize("api", ["ours"], indirect=True, ids=[name])


def duration(seconds: float) -> Duration:
    """Seconds as protobuf has them."""
    whole = int(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))


class Api:
    """One broker, as its clients see it.

    Attributes:
        publisher: Google's client.
        subscriber: Google's client.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        options = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.initial_reconnect_backoff_ms", 100),  # to one that was killed
            ("grpc.max_reconnect_backoff_ms", 100),
        ]
        self.channel = grpc.insecure_channel(address, options)
        self.publisher = pubsub_v1.PublisherClient(
            transport=PublisherGrpcTransport(channel=self.channel)
        )
        self.subscriber = pubsub_v1.SubscriberClient(
            transport=SubscriberGrpcTransport(channel=self.channel)
        )

    def close(self) -> None:
        """Close the connection."""
        self.channel.close()

    def call(self, method: str, request, response=pubsub_pb2.Empty):
        """Call ``Publisher/Method`` or ``Subscriber/Method`` with raw messages."""
        send = self.channel.unary_unary(
            f"/google.pubsub.v1.{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        return send(request, timeout=SECONDS)

    def status(self, method: str, request) -> str:
        """The status that a call ends with."""
        try:
            self.call(method, request)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"

    def topic(self) -> str:
        """A new topic's name."""
        name = f"{PROJECT}/topics/topic-{next(_numbers)}-{uuid.uuid4().hex[:8]}"
        self.call(
            "Publisher/CreateTopic", pubsub_pb2.Topic(name=name), pubsub_pb2.Topic
        )
        return name

    def subscription(self, topic: str, **config) -> str:
        """A new subscription's name."""
        name = f"{PROJECT}/subscriptions/sub-{next(_numbers)}-{uuid.uuid4().hex[:8]}"
        request = pubsub_pb2.Subscription(name=name, topic=topic, **config)
        self.call("Subscriber/CreateSubscription", request, pubsub_pb2.Subscription)
        return name

    def publish(self, topic: str, data: bytes = b"x", key: str = "", **attributes):
        """Publish one message; its id."""
        message = pubsub_pb2.PubsubMessage(
            data=data, attributes=attributes, ordering_key=key
        )
        request = pubsub_pb2.PublishRequest(topic=topic, messages=[message])
        response = self.call("Publisher/Publish", request, pubsub_pb2.PublishResponse)
        return response.message_ids[0]

    def pull(self, subscription: str, limit: int = 10, *, wait: bool = True) -> list:
        """One pull; with *wait* until there is a message."""
        request = pubsub_pb2.PullRequest(
            subscription=subscription, max_messages=limit, return_immediately=not wait
        )
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            response = self.call("Subscriber/Pull", request, pubsub_pb2.PullResponse)
            if response.received_messages or not wait:
                return list(response.received_messages)
        return []

    def acknowledge(self, subscription: str, *messages) -> None:
        """Acknowledge pulled messages."""
        ids = [message.ack_id for message in messages]
        request = pubsub_pb2.AcknowledgeRequest(subscription=subscription, ack_ids=ids)
        self.call("Subscriber/Acknowledge", request)

    def deadline(self, subscription: str, seconds: int, *messages) -> None:
        """Move the deadline of pulled messages; 0 nacks them."""
        request = pubsub_pb2.ModifyAckDeadlineRequest(
            subscription=subscription,
            ack_ids=[message.ack_id for message in messages],
            ack_deadline_seconds=seconds,
        )
        self.call("Subscriber/ModifyAckDeadline", request)


def read_subscription(api: Api, name: str) -> pubsub_pb2.Subscription:
    """The subscription as the broker shows it."""
    request = pubsub_pb2.GetSubscriptionRequest(subscription=name)
    return api.call("Subscriber/GetSubscription", request, pubsub_pb2.Subscription)


def update_subscription(
    api: Api, config: pubsub_pb2.Subscription, *paths: str
) -> pubsub_pb2.Subscription:
    """Change what *paths* name."""
    request = pubsub_pb2.UpdateSubscriptionRequest(
        subscription=config, update_mask=FieldMask(paths=paths)
    )
    return api.call("Subscriber/UpdateSubscription", request, pubsub_pb2.Subscription)


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

    def status(self) -> str:
        """The status that it ends with."""
        try:
            for _ in self.call:
                pass
        except grpc.RpcError as error:
            return error.code().name
        return "OK"
