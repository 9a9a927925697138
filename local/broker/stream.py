"""Pulling by a stream that stays open."""

import asyncio
from collections.abc import AsyncIterator

import grpc.aio

from local.broker import limits, wire
from local.broker.errors import Refused, invalid
from local.broker.pull import MOST, Puller, received
from local.broker.store import Delivery
from local.broker.subscription import Subscription


async def streaming_pull(
    puller: Puller,
    requests: AsyncIterator[wire.StreamingPullRequest],
    context: grpc.aio.ServicerContext,
) -> None:
    """Serve one stream until the client ends it.

    Raises:
        Refused: the requests make no sense, or the subscription is gone.
    """
    first = await anext(aiter(requests), None)
    if first is None:
        return
    subscription = puller.pulled(first.subscription)
    stream = _Stream(subscription, first)
    subscription.receivers.append(stream)
    puller.engine.touch(subscription)
    reading = asyncio.create_task(_read(puller, stream, first, requests))
    writing = asyncio.create_task(_write(puller, stream, context))
    try:
        done, _ = await asyncio.wait(
            {reading, writing}, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()
    finally:
        subscription.receivers.remove(stream)
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)
        puller.unseen(subscription, stream.unsent())


async def _read(
    puller: Puller,
    stream: "_Stream",
    first: wire.StreamingPullRequest,
    requests: AsyncIterator[wire.StreamingPullRequest],
) -> None:
    _obey(puller, stream, first)
    async for request in requests:
        if request.subscription:
            raise invalid("Only the first request names the subscription.")
        if request.stream_ack_deadline_seconds:
            stream.lease_seconds = _deadline(request)
        _obey(puller, stream, request)


def _obey(
    puller: Puller, stream: "_Stream", request: wire.StreamingPullRequest
) -> None:
    subscription = stream.subscription
    ack_ids, seconds = request.modify_deadline_ack_ids, request.modify_deadline_seconds
    if len(ack_ids) != len(seconds):
        raise invalid("modify_deadline_seconds has one number for each ack_id.")
    puller.acknowledge(subscription, request.ack_ids)
    for ack_id, wait in zip(ack_ids, seconds, strict=True):
        puller.modify(subscription, [ack_id], wait)


async def _write(
    puller: Puller, stream: "_Stream", context: grpc.aio.ServicerContext
) -> None:
    while True:
        deliveries = await stream.next()
        messages = [received(stream.subscription, d) for d in deliveries]
        await context.write(wire.StreamingPullResponse(received_messages=messages))
        puller.engine.touch(stream.subscription)  # there is room again


class _Stream:
    """The receiver behind one stream."""

    def __init__(
        self, subscription: Subscription, first: wire.StreamingPullRequest
    ) -> None:
        self.subscription = subscription
        self.lease_seconds = _deadline(first)
        # 0 and below: no limit.
        self._most = first.max_outstanding_messages
        self._most_bytes = first.max_outstanding_bytes
        self._held: dict[int, int] = {}  # bytes by message
        self._bytes = 0
        self._queue: asyncio.Queue[list[Delivery]] = asyncio.Queue()
        self._why: Refused | None = None

    def room(self) -> int:
        """How many more, by the client's limits; none while it does not read."""
        if self._why is not None or not self._queue.empty():
            return 0
        if 0 < self._most_bytes <= self._bytes:
            return 0
        if self._most <= 0:
            return MOST
        return max(0, min(MOST, self._most - len(self._held)))

    def give(self, deliveries: list[Delivery]) -> None:
        """Send these."""
        for delivery in deliveries:
            self._held[delivery.message] = len(delivery.body)
            self._bytes += len(delivery.body)
            self.subscription.holders[delivery.message] = self
        self._queue.put_nowait(deliveries)

    def released(self, message: int) -> None:
        """It is not outstanding any more."""
        self._bytes -= self._held.pop(message, 0)

    def gone(self, why: Refused) -> None:
        """End the stream with an error."""
        self._why = why
        self._queue.put_nowait([])

    async def next(self) -> list[Delivery]:
        """What is to be sent next.

        Raises:
            Refused: nothing more will come.
        """
        deliveries = await self._queue.get()
        if self._why is not None:
            self._queue.put_nowait(deliveries)
            raise self._why
        return deliveries

    def unsent(self) -> list[Delivery]:
        """What was given and not sent."""
        left = []
        while not self._queue.empty():
            left += self._queue.get_nowait()
        return left


def _deadline(request: wire.StreamingPullRequest) -> int:
    low, high = limits.ACK_DEADLINE_SECONDS
    if not low <= request.stream_ack_deadline_seconds <= high:
        raise invalid(f"stream_ack_deadline_seconds is {low} to {high}.")
    return request.stream_ack_deadline_seconds
