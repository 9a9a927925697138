"""A broker in the test's own event loop, and its methods called beside it."""

import asyncio
import itertools
import sqlite3

import grpc.aio

from local.broker import Broker, pubsub_pb2
from tests.support.broker_api import duration

SECONDS = 10
_numbers = itertools.count(1)


class EmbeddedBroker:
    """``async with EmbeddedBroker(...) as embedded``; *options* are the broker's.

    Attributes:
        broker: started.
        address: ``host:port``.
        stats_at_stop: its last figures.
    """

    def __init__(self, db: sqlite3.Connection | None = None, **options) -> None:
        db = db or sqlite3.connect(":memory:", isolation_level=None)
        self.broker = Broker(db, **options)

    async def __aenter__(self) -> "EmbeddedBroker":
        self.address = await self.broker.start()
        self._channel = grpc.aio.insecure_channel(self.address)
        return self

    async def __aexit__(self, *_) -> None:
        self.stats_at_stop = self.broker.stats()
        await self._channel.close()
        await self.broker.stop()

    async def call(self, method: str, request, response=pubsub_pb2.Empty):
        """Call ``Publisher/Method`` or ``Subscriber/Method``."""
        send = self._channel.unary_unary(
            f"/google.pubsub.v1.{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        return await send(request, timeout=SECONDS)

    async def status(self, method: str, request) -> str:
        """The status that a call ends with."""
        try:
            await self.call(method, request)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return "OK"

    async def topic(self, name: str = "topic") -> str:
        """A new topic's full name."""
        name = f"projects/p/topics/{name}"
        await self.call(
            "Publisher/CreateTopic", pubsub_pb2.Topic(name=name), pubsub_pb2.Topic
        )
        return name

    async def subscription(
        self,
        topic: str,
        url: str = "",
        *,
        dead_letter_topic: str = "",
        retention: float = 604800,
    ) -> str:
        """A new subscription's full name; five attempts, close together."""
        config = pubsub_pb2.Subscription(
            name=f"projects/p/subscriptions/sub-{next(_numbers)}",
            topic=topic,
            push_config={"push_endpoint": url},
            message_retention_duration=duration(retention),
        )
        if url:
            config.retry_policy.minimum_backoff.CopyFrom(duration(0.02))
            config.retry_policy.maximum_backoff.CopyFrom(duration(0.02))
        if dead_letter_topic:
            config.dead_letter_policy.dead_letter_topic = dead_letter_topic
        await self.call(
            "Subscriber/CreateSubscription", config, pubsub_pb2.Subscription
        )
        return config.name

    async def publish(self, topic: str, **attributes: str) -> str:
        """Publish one message; its id."""
        message = {"data": b"x", "attributes": attributes}
        request = pubsub_pb2.PublishRequest(topic=topic, messages=[message])
        response = await self.call(
            "Publisher/Publish", request, pubsub_pb2.PublishResponse
        )
        return response.message_ids[0]

    async def pull(self, subscription: str, limit: int) -> list:
        """One pull."""
        request = pubsub_pb2.PullRequest(subscription=subscription, max_messages=limit)
        response = await self.call("Subscriber/Pull", request, pubsub_pb2.PullResponse)
        return list(response.received_messages)

    def only_stats(self):
        """The figures of the only subscription."""
        [stats] = self.broker.stats().values()
        return stats

    async def until(self, condition) -> None:
        """Wait until *condition()* is true."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                await asyncio.sleep(0.005)
