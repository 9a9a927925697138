"""Unary pulls, and acknowledgements by ack id."""

import asyncio
import re
from collections.abc import Iterable

from local.broker import limits, pubsub_pb2
from local.broker.engine import Engine
from local.broker.errors import StatusError, invalid, is_detached, is_pushed
from local.broker.registry import Registry
from local.broker.store import Delivery
from local.broker.subscription import LeaseEnd, Subscription

WAIT_SECONDS = 10.0  # of a pull without messages; clients ask again
MAX_MESSAGES = 1000  # in one response
# Each number is within SQLite's 63 bits.
_ACK_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})")


class Puller:
    """Serves Pull, Acknowledge and ModifyAckDeadline."""

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self.engine = engine
        self._registry = registry

    def subscription(self, name: str) -> Subscription:
        """The subscription of that name.

        Raises:
            StatusError: it does not exist, or cannot be pulled.
        """
        subscription = self._registry.subscription(name)
        if subscription.is_pushed:
            raise is_pushed(name)
        if subscription.config.detached:
            raise is_detached(name)
        return subscription

    async def pull(self, request: pubsub_pb2.PullRequest) -> pubsub_pb2.PullResponse:
        """Lease up to ``max_messages`` messages; wait a moment for the first.

        Raises:
            StatusError: the request is invalid, or the subscription is deleted.
        """
        subscription = self.subscription(request.subscription)
        if request.max_messages <= 0:
            raise invalid("max_messages is at least 1.")
        pull = _Pull(
            subscription,
            min(request.max_messages, MAX_MESSAGES),
            self.engine.new_holder(),
        )
        subscription.receivers.append(pull)
        self.engine.wake(subscription)
        try:
            # The engine's turn comes before this continues.
            await asyncio.sleep(0)
            wait = 0.0 if request.return_immediately else WAIT_SECONDS
            deliveries = await pull.wait(wait)
        except asyncio.CancelledError:
            for each in pull.deliveries:
                self.engine.end_lease(
                    subscription, each.message, each.lease, LeaseEnd.UNSENT
                )
            raise
        finally:
            pull.leave()
        return pubsub_pb2.PullResponse(
            received_messages=[received(subscription, each) for each in deliveries]
        )

    def acknowledge(self, subscription: Subscription, ack_ids: Iterable[str]) -> None:
        """Acknowledge these messages.

        Raises:
            StatusError: INVALID_ARGUMENT; nothing is acknowledged.
        """
        for message, lease in [_parse(subscription, ack_id) for ack_id in ack_ids]:
            self.engine.end_lease(subscription, message, lease, LeaseEnd.ACK)

    def modify(
        self, subscription: Subscription, ack_ids: Iterable[str], seconds: int
    ) -> None:
        """Let these leases expire *seconds* from now; 0 nacks their messages.

        Raises:
            StatusError: INVALID_ARGUMENT; nothing is changed.
        """
        if not 0 <= seconds <= limits.MAX_ACK_DEADLINE_SECONDS:
            raise invalid(
                f"ack_deadline_seconds is 0 to {limits.MAX_ACK_DEADLINE_SECONDS}."
            )
        for message, lease in [_parse(subscription, ack_id) for ack_id in ack_ids]:
            if seconds:
                self.engine.extend_lease(subscription, message, lease, seconds)
            else:
                self.engine.end_lease(subscription, message, lease, LeaseEnd.NACK)


class _Pull:
    """The receiver behind one unary pull."""

    def __init__(self, subscription: Subscription, limit: int, holder: int) -> None:
        self.lease_seconds = subscription.config.ack_deadline_seconds
        self.holder = holder
        self.deliveries: list[Delivery] = []
        self._subscription = subscription
        self._limit = limit
        self._done = asyncio.get_running_loop().create_future()

    def capacity(self) -> int:
        """One response is all that a pull gets."""
        return 0 if self._done.done() else self._limit

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Respond with these."""
        self.deliveries = deliveries
        self._done.set_result(deliveries)

    def close(self, reason: StatusError) -> None:
        """Respond with an error."""
        if not self._done.done():
            self._done.set_exception(reason)

    async def wait(self, seconds: float) -> list[Delivery]:
        """What is delivered within *seconds*."""
        await asyncio.wait([self._done], timeout=seconds)
        return self._done.result() if self._done.done() else []

    def leave(self) -> None:
        """Receive nothing more."""
        self._done.cancel()
        self._subscription.receivers.remove(self)


def received(
    subscription: Subscription, delivery: Delivery
) -> pubsub_pb2.ReceivedMessage:
    """A delivery as clients get it."""
    return pubsub_pb2.ReceivedMessage(
        ack_id=f"{subscription.id}-{delivery.message}-{delivery.lease}",
        message=pubsub_pb2.PubsubMessage.FromString(delivery.body),
        delivery_attempt=subscription.shown_attempt(delivery.attempt) or 0,
    )


def _parse(subscription: Subscription, ack_id: str) -> tuple[int, int]:
    """The message and lease of an ack id.

    Raises:
        StatusError: INVALID_ARGUMENT; it is none of this subscription.
    """
    match = _ACK_ID.fullmatch(ack_id)
    if match is None:
        raise invalid("An ack_id is not valid. Send ack ids as they were received.")
    number, message, lease = map(int, match.groups())
    if number != subscription.id:
        raise invalid("An ack_id belongs to another subscription.")
    return message, lease
