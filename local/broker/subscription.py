"""A subscription as the broker runs it, with the policies of its configuration."""

import asyncio
import enum
from dataclasses import dataclass, field
from typing import Protocol

from local.broker import pubsub_pb2
from local.broker.errors import StatusError
from local.broker.limits import seconds
from local.broker.store import Delivery

# Pub/Sub's own where a retry policy leaves a bound out (pubsub.proto, RetryPolicy).
DEFAULT_BACKOFF_SECONDS = (10.0, 600.0)
# Without a retry policy a pushed message is sent again with these waits
# (https://cloud.google.com/pubsub/docs/push#push_backoff), a pulled one at once.
PUSH_BACKOFF_SECONDS = (0.1, 60.0)
DELETED_TOPIC = "_deleted-topic_"


class LeaseEnd(enum.Enum):
    """How a lease ends: acknowledged, nacked, or without reaching the client."""

    ACK = enum.auto()
    NACK = enum.auto()
    UNSENT = enum.auto()


class Receiver(Protocol):
    """Something that gets a subscription's messages.

    Attributes:
        lease_seconds: how long it may keep one; None where it ends each lease itself.
        holder: names it among the receivers that get several messages of an ordering
            key at a time; None for one at a time.
    """

    lease_seconds: float | None
    holder: int | None

    def capacity(self) -> int:
        """How many messages it can take now."""

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Take these."""

    def close(self, reason: StatusError) -> None:
        """End: nothing more will be delivered to it."""


class Stream(Protocol):
    """A receiver that counts its outstanding messages."""

    def released(self, message: int) -> None:
        """The lease on *message* ended."""


@dataclass(eq=False)
class Subscription:
    """A subscription with its receivers.

    Attributes:
        id: in the store.
        config: as callers see it.
        receivers: the pusher, or those who pull at the moment.
        streams: by message, the stream that holds it.
        timer: runs when a lease expires or a message becomes due.
    """

    id: int
    config: pubsub_pb2.Subscription
    receivers: list[Receiver] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """``projects/…/subscriptions/…``"""
        return self.config.name

    @property
    def is_pushed(self) -> bool:
        """Whether messages are pushed, not pulled."""
        return bool(self.config.push_config.push_endpoint)

    @property
    def retention_seconds(self) -> float:
        """How long an unacknowledged message is kept."""
        return seconds(self.config.message_retention_duration)

    def release(self, message: int) -> bool:
        """Count *message* as outstanding no more; whether a stream held it."""
        stream = self.streams.pop(message, None)
        if stream is not None:
            stream.released(message)
        return stream is not None

    def shown_attempt(self, attempt: int) -> int | None:
        """The attempt that receivers see: none without a dead-letter policy."""
        return attempt if self.config.HasField("dead_letter_policy") else None

    def is_exhausted(self, attempt: int) -> bool:
        """Whether the message is dead-lettered after this attempt."""
        if not self.config.HasField("dead_letter_policy"):
            return False
        return attempt >= self.config.dead_letter_policy.max_delivery_attempts

    def backoff_seconds(self, attempt: int) -> float:
        """How long to wait after that many attempts: twice as long after each."""
        config = self.config
        if config.HasField("retry_policy"):
            low, high = DEFAULT_BACKOFF_SECONDS
            if config.retry_policy.HasField("minimum_backoff"):
                low = seconds(config.retry_policy.minimum_backoff)
            if config.retry_policy.HasField("maximum_backoff"):
                high = seconds(config.retry_policy.maximum_backoff)
        elif self.is_pushed:
            low, high = PUSH_BACKOFF_SECONDS
        else:
            return 0.0
        # A minimum of 0 still grows, from Pub/Sub's smallest wait.
        low = low or PUSH_BACKOFF_SECONDS[0]
        return min(high, low * 2 ** min(attempt - 1, 40))
