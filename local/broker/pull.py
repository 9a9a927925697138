"""Pulling: one answer at a time, or a stream; and verdicts by acknowledgement id."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import grpc.aio
from grpc import StatusCode

from local.broker import limits, wire
from local.broker.engine import Engine
from local.broker.errors import Refused, invalid
from local.broker.registry import Registry
from local.broker.store import Delivery
from local.broker.subscription import Subscription

WAIT_SECONDS = 10.0  # of an empty pull; clients ask again
MOST = 1000  # messages in one answer
MOST_BYTES = 10_000_000  # in one answer of a stream


class Puller:
    """Serves Pull, StreamingPull, Acknowledge and ModifyAckDeadline."""

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry

    async def pull(self, request: wire.PullRequest, context) -> wire.PullResponse:
        """Wait a moment for messages and lease up to ``max_messages`` of them."""
        subscription = self._registry.subscription(request.subscription)
        if request.max_messages <= 0:
            raise invalid("max_messages is positive.")
        _check_pulled(subscription)
        waiting = _Waiting(subscription, min(request.max_messages, MOST))
        subscription.receivers.append(waiting)
        self._engine.touch(subscription)
        wait = 0.0 if request.return_immediately else WAIT_SECONDS
        try:
            # The turn in which receivers are looked at is the very next one.
            await asyncio.sleep(0)
            deliveries = await waiting.deliveries(wait)
        except asyncio.CancelledError:
            for delivery in waiting.given:  # nobody is left to take them
                self._engine.settle(
                    subscription, delivery.message, delivery.attempt, False
                )
            raise
        finally:
            waiting.leave()
        return wire.PullResponse(
            received_messages=[_received(subscription, d) for d in deliveries]
        )

    def acknowledge(self, subscription: Subscription, ack_ids: Iterable[str]) -> None:
        """Be done with these."""
        for message, attempt in [_parse(subscription, ack) for ack in ack_ids]:
            self._engine.settle(subscription, message, attempt, True)

    def modify(
        self, subscription: Subscription, ack_ids: Iterable[str], seconds: int
    ) -> None:
        """Let these leases run *seconds* from now; with 0 they end at once."""
        most = limits.ACK_DEADLINE_SECONDS[1]
        if not 0 <= seconds <= most:
            raise invalid(f"ack_deadline_seconds is 0 to {most}.")
        for message, attempt in [_parse(subscription, ack) for ack in ack_ids]:
            if seconds:
                self._engine.extend(subscription, message, attempt, seconds)
            else:
                self._engine.settle(subscription, message, attempt, False)

    async def streaming_pull(
        self,
        requests: AsyncIterator[wire.StreamingPullRequest],
        context: grpc.aio.ServicerContext,
    ) -> None:
        """Serve one stream until the client ends it."""
        raise Refused(StatusCode.UNIMPLEMENTED, "Not yet.")


class _Waiting:
    """A pull that waits for its messages."""

    def __init__(self, subscription: Subscription, most: int) -> None:
        self.lease_seconds = subscription.config.ack_deadline_seconds
        self.given: list[Delivery] = []
        self._subscription = subscription
        self._most = most
        self._done = asyncio.get_running_loop().create_future()

    def room(self) -> int:
        """All or nothing: one answer is all a pull gets."""
        return 0 if self._done.done() else self._most

    def give(self, deliveries: list[Delivery]) -> None:
        self.given = deliveries
        if not self._done.done():
            self._done.set_result(deliveries)

    def gone(self) -> None:
        if not self._done.done():
            name = self._subscription.name
            message = f"Subscription deleted or detached ({name})."
            self._done.set_exception(Refused(StatusCode.NOT_FOUND, message))

    async def deliveries(self, seconds: float) -> list[Delivery]:
        """What was given within *seconds*."""
        await asyncio.wait([self._done], timeout=seconds)
        return self._done.result() if self._done.done() else []

    def leave(self) -> None:
        self._done.cancel()
        if self in self._subscription.receivers:
            self._subscription.receivers.remove(self)


def _check_pulled(subscription: Subscription) -> None:
    if subscription.pushes:
        message = f"{subscription.name} is pushed; pulling it is not possible."
        raise Refused(StatusCode.FAILED_PRECONDITION, message)
    if subscription.config.detached:
        message = f"{subscription.name} is detached from its topic."
        raise Refused(StatusCode.FAILED_PRECONDITION, message)


def _received(subscription: Subscription, delivery: Delivery) -> wire.ReceivedMessage:
    return wire.ReceivedMessage(
        ack_id=f"{subscription.id}-{delivery.message}-{delivery.attempt}",
        message=wire.PubsubMessage.FromString(delivery.body),
        delivery_attempt=subscription.counted(delivery.attempt) or 0,
    )


def _parse(subscription: Subscription, ack_id: str) -> tuple[int, int]:
    """Message and attempt.

    Raises:
        Refused: it is not an id of this subscription.
    """
    try:
        number, message, attempt = (int(part) for part in ack_id.split("-"))
    except ValueError:
        raise invalid("An ack_id is not valid.") from None
    if number != subscription.id:
        raise invalid("An ack_id belongs to another subscription.")
    return message, attempt
