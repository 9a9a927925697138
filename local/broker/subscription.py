"""A subscription as the broker runs it, and the policies it is run by."""

import asyncio
import enum
from dataclasses import dataclass, field
from typing import Protocol

from local.broker import wire
from local.broker.errors import Refused
from local.broker.limits import seconds
from local.broker.store import Delivery

# Pub/Sub's own where a retry policy leaves a bound out (pubsub.proto, RetryPolicy).
DEFAULT_BACKOFF_SECONDS = (10.0, 600.0)
# Without a retry policy a pushed message is sent again with these waits
# (https://cloud.google.com/pubsub/docs/push#push_backoff), a pulled one at once.
PUSH_BACKOFF_SECONDS = (0.1, 60.0)
DELETED_TOPIC = "_deleted-topic_"


class Verdict(enum.Enum):
    """What became of a lease: acknowledged, to come again, or never seen by anyone."""

    GOOD = enum.auto()
    BAD = enum.auto()
    UNSEEN = enum.auto()


class Receiver(Protocol):
    """Something that messages of a subscription can be given to.

    Attributes:
        lease_seconds: how long it may keep one; None where it settles each itself.
    """

    lease_seconds: float | None

    def room(self) -> int:
        """How many messages it would take now."""

    def give(self, deliveries: list[Delivery]) -> None:
        """Take these."""

    def gone(self, why: Refused) -> None:
        """Nothing more will come: deleted, detached, or pushed from now on."""


class Holder(Protocol):
    """A receiver that counts what is outstanding with it."""

    def released(self, message: int) -> None:
        """The lease on *message* is over, whoever ended it."""


@dataclass(eq=False)
class Subscription:
    """A subscription with those who receive from it.

    Attributes:
        id: in the store.
        config: as callers see it.
        receivers: pushing, or those who pull at the moment.
        holders: by message, the streams that count it as outstanding.
        wake: the timer that looks at it again.
    """

    id: int
    config: wire.Subscription
    receivers: list[Receiver] = field(default_factory=list)
    holders: dict[int, "Holder"] = field(default_factory=dict)
    wake: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """``projects/…/subscriptions/…``"""
        return self.config.name

    @property
    def pushes(self) -> bool:
        """Whether messages are pushed, not pulled."""
        return bool(self.config.push_config.push_endpoint)

    def release(self, message: int) -> None:
        """Tell who holds *message* that the lease is over."""
        if holder := self.holders.pop(message, None):
            holder.released(message)

    @property
    def retention_seconds(self) -> float:
        """How long an unacknowledged message is kept."""
        return seconds(self.config.message_retention_duration)

    def counted(self, attempt: int) -> int | None:
        """The attempt as receivers are told it: only with a dead-letter policy."""
        return attempt if self.config.HasField("dead_letter_policy") else None

    def spent(self, attempt: int) -> bool:
        """Whether the message is dead-lettered after this try."""
        if not self.config.HasField("dead_letter_policy"):
            return False
        return attempt >= self.config.dead_letter_policy.max_delivery_attempts

    def backoff_seconds(self, attempt: int) -> float:
        """How long to wait after that many tries: twice as long after each."""
        config = self.config
        if config.HasField("retry_policy"):
            low, high = DEFAULT_BACKOFF_SECONDS
            if config.retry_policy.HasField("minimum_backoff"):
                low = seconds(config.retry_policy.minimum_backoff)
            if config.retry_policy.HasField("maximum_backoff"):
                high = seconds(config.retry_policy.maximum_backoff)
        elif self.pushes:
            low, high = PUSH_BACKOFF_SECONDS
        else:
            return 0.0
        # A minimum of 0 still grows, from Pub/Sub's smallest wait.
        low = low or PUSH_BACKOFF_SECONDS[0]
        return min(high, low * 2 ** min(attempt - 1, 40))
