"""Creates the local broker's topics and subscriptions from the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass

import grpc.aio
from google.protobuf import duration_pb2
from google.pubsub_v1 import types

from functions.events import catalog

DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True)
class DeliverySettings:
    """Deadlines, backoff and retention; see ``functions/events/delivery.json``."""

    ack_deadline_seconds: int
    minimum_backoff_seconds: float
    maximum_backoff_seconds: float
    max_delivery_attempts: int
    message_retention_seconds: int
    dead_letter_retention_seconds: int

    @classmethod
    def from_catalog(cls, **changes: float | None) -> "DeliverySettings":
        """As deployed, with those *changes* that are not None."""
        settings = catalog.delivery_settings()
        numbers = {name: settings[name] for name in cls.__dataclass_fields__}
        return cls(**numbers | {k: v for k, v in changes.items() if v is not None})


async def provision(
    broker: str,
    project: str,
    prefix: str,
    push_to: str,
    delivery: DeliverySettings,
    entities: Iterable[str] = catalog.INBOUND_ENTITIES,
) -> None:
    """Create or update the topics and subscriptions of *entities*, and of dead letters.

    Args:
        broker: ``host:port``.
        push_to: URL of the consumer.
    """
    async with grpc.aio.insecure_channel(broker) as channel:
        publisher = _Methods(channel, "google.pubsub.v1.Publisher")
        subscriber = _Methods(channel, "google.pubsub.v1.Subscriber")
        names = [*entities, DEAD_LETTERS]
        for name in names:
            topic = types.Topic(name=f"projects/{project}/topics/{prefix}{name}")
            await publisher.create("CreateTopic", topic, types.Topic)
        for name in names:
            subscription = _subscription(name, project, prefix, push_to, delivery)
            if not await subscriber.create(
                "CreateSubscription", subscription, types.Subscription
            ):
                # From an earlier run: the consumer listens on another port now. A
                # paused subscription stays paused.
                await _update(subscriber, subscription)


async def _update(subscriber: "_Methods", wanted: types.Subscription) -> None:
    existing = await subscriber.call(
        "GetSubscription",
        types.GetSubscriptionRequest(subscription=wanted.name),
        types.Subscription,
    )
    paths = ["retry_policy", "ack_deadline_seconds"]
    if wanted.dead_letter_policy.dead_letter_topic:
        paths.append("dead_letter_policy")
    if existing.push_config.push_endpoint:
        paths.append("push_config")
    request = types.UpdateSubscriptionRequest(
        subscription=wanted, update_mask={"paths": paths}
    )
    await subscriber.call("UpdateSubscription", request, types.Subscription)


def _subscription(
    name: str, project: str, prefix: str, push_to: str, delivery: DeliverySettings
) -> types.Subscription:
    full = f"{prefix}{name}"
    topics = f"projects/{project}/topics"
    subscription = types.Subscription(
        name=f"projects/{project}/subscriptions/{full}",
        topic=f"{topics}/{full}",
        ack_deadline_seconds=delivery.ack_deadline_seconds,
        message_retention_duration=_duration(delivery.message_retention_seconds),
        enable_message_ordering=True,
    )
    if name == DEAD_LETTERS:
        subscription.message_retention_duration = _duration(
            delivery.dead_letter_retention_seconds
        )
        subscription.enable_message_ordering = False
        subscription.ack_deadline_seconds = 60
        return subscription
    subscription.push_config = types.PushConfig(push_endpoint=push_to)
    subscription.retry_policy = types.RetryPolicy(
        minimum_backoff=_duration(delivery.minimum_backoff_seconds),
        maximum_backoff=_duration(delivery.maximum_backoff_seconds),
    )
    subscription.dead_letter_policy = types.DeadLetterPolicy(
        dead_letter_topic=f"{topics}/{prefix}{DEAD_LETTERS}",
        max_delivery_attempts=delivery.max_delivery_attempts,
    )
    return subscription


def _duration(seconds: float) -> duration_pb2.Duration:
    whole = int(seconds)
    return duration_pb2.Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))


class _Methods:
    """Unary methods of one gRPC service, by name."""

    def __init__(self, channel: grpc.aio.Channel, service: str) -> None:
        self._channel = channel
        self._service = service

    async def call(self, method: str, request, response_type: type):
        """Call *method* and return its response."""
        call = self._channel.unary_unary(
            f"/{self._service}/{method}",
            request_serializer=type(request).serialize,
            response_deserializer=response_type.deserialize,
        )
        return await call(request, timeout=10)

    async def create(self, method: str, request, response_type: type) -> bool:
        """Call *method*; False where the resource exists already."""
        try:
            await self.call(method, request, response_type)
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.ALREADY_EXISTS:
                raise
            return False
        return True
