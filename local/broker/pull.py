"""Pulling one answer at a time, and verdicts by acknowledgement id."""

import asyncio
from collections.abc import Iterable

from local.broker import limits, wire
from local.broker.engine import Engine
from local.broker.errors import Refused, detached, invalid, pushed
from local.broker.registry import Registry
from local.broker.store import Delivery
from local.broker.subscription import Subscription, Verdict

WAIT_SECONDS = 10.0  # of an empty pull; clients ask again
MOST = 1000  # messages in one answer


class Puller:
    """Serves Pull, Acknowledge and ModifyAckDeadline."""

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self.engine = engine
        self._registry = registry

    def pulled(self, name: str) -> Subscription:
        """The subscription of that name.

        Raises:
            Refused: there is none, or it cannot be pulled.
        """
        subscription = self._registry.subscription(name)
        if subscription.pushes:
            raise pushed(name)
        if subscription.config.detached:
            raise detached(name)
        return subscription

    async def pull(self, request: wire.PullRequest, context) -> wire.PullResponse:
        """Wait a moment for messages and lease up to ``max_messages`` of them."""
        subscription = self.pulled(request.subscription)
        if request.max_messages <= 0:
            raise invalid("max_messages is positive.")
        waiting = _Waiting(subscription, min(request.max_messages, MOST))
        subscription.receivers.append(waiting)
        self.engine.touch(subscription)
        try:
            # The turn that was just asked for comes before we go on.
            await asyncio.sleep(0)
            wait = 0.0 if request.return_immediately else WAIT_SECONDS
            deliveries = await waiting.deliveries(wait)
        except asyncio.CancelledError:
            self.unseen(subscription, waiting.given)
            raise
        finally:
            waiting.leave()
        return wire.PullResponse(
            received_messages=[received(subscription, d) for d in deliveries]
        )

    def acknowledge(self, subscription: Subscription, ack_ids: Iterable[str]) -> None:
        """Be done with these."""
        for message, attempt in [_parse(subscription, ack) for ack in ack_ids]:
            self.engine.settle(subscription, message, attempt, Verdict.GOOD)

    def modify(
        self, subscription: Subscription, ack_ids: Iterable[str], seconds: int
    ) -> None:
        """Let these leases run *seconds* from now; with 0 they end at once."""
        most = limits.ACK_DEADLINE_SECONDS[1]
        if not 0 <= seconds <= most:
            raise invalid(f"ack_deadline_seconds is 0 to {most}.")
        for message, attempt in [_parse(subscription, ack) for ack in ack_ids]:
            if seconds:
                self.engine.extend(subscription, message, attempt, seconds)
            else:
                self.engine.settle(subscription, message, attempt, Verdict.BAD)

    def unseen(
        self, subscription: Subscription, deliveries: Iterable[Delivery]
    ) -> None:
        """Take back what the client was no longer there to get."""
        for delivery in deliveries:
            self.engine.settle(
                subscription, delivery.message, delivery.attempt, Verdict.UNSEEN
            )


class _Waiting:
    """A pull that waits for its messages."""

    def __init__(self, subscription: Subscription, most: int) -> None:
        self.lease_seconds = subscription.config.ack_deadline_seconds
        self.given: list[Delivery] = []
        self._subscription = subscription
        self._most = most
        self._done = asyncio.get_running_loop().create_future()

    def room(self) -> int:
        """One answer is all a pull gets."""
        return 0 if self._done.done() else self._most

    def give(self, deliveries: list[Delivery]) -> None:
        """Answer with these."""
        self.given = deliveries
        self._done.set_result(deliveries)

    def gone(self, why: Refused) -> None:
        """Answer with an error."""
        if not self._done.done():
            self._done.set_exception(why)

    async def deliveries(self, seconds: float) -> list[Delivery]:
        """What was given within *seconds*."""
        await asyncio.wait([self._done], timeout=seconds)
        return self._done.result() if self._done.done() else []

    def leave(self) -> None:
        """Wait no more."""
        self._done.cancel()
        self._subscription.receivers.remove(self)


def received(subscription: Subscription, delivery: Delivery) -> wire.ReceivedMessage:
    """A delivery as clients get it."""
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
