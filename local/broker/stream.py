"""Streaming pulls."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc.aio

from local.broker import limits, pubsub_pb2
from local.broker.engine import NACK_HOLD_SECONDS
from local.broker.errors import StatusError, invalid
from local.broker.pull import MAX_MESSAGES, Puller, received
from local.broker.store import Delivery
from local.broker.subscription import LeaseEnd, Subscription


async def streaming_pull(
    puller: Puller,
    requests: AsyncIterator[pubsub_pb2.StreamingPullRequest],
    context: grpc.aio.ServicerContext,
) -> None:
    """Serve one stream until the client ends it.

    Raises:
        StatusError: a request is invalid, or the subscription is deleted.
    """
    first = await anext(aiter(requests), None)
    if first is None:
        return
    subscription = puller.subscription(first.subscription)
    stream = _Stream(subscription, first, puller.engine.new_holder())
    subscription.receivers.append(stream)
    puller.engine.wake(subscription)
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
        for message, lease in stream.unread():
            puller.engine.end_lease(subscription, message, lease, LeaseEnd.UNSENT)


async def _read(
    puller: Puller,
    stream: "_Stream",
    first: pubsub_pb2.StreamingPullRequest,
    requests: AsyncIterator[pubsub_pb2.StreamingPullRequest],
) -> None:
    _apply(puller, stream, first)
    async for request in requests:
        if request.subscription:
            raise invalid("Only a stream's first request names the subscription.")
        if request.stream_ack_deadline_seconds:
            stream.lease_seconds = _ack_deadline(request)
        _apply(puller, stream, request)


def _apply(
    puller: Puller, stream: "_Stream", request: pubsub_pb2.StreamingPullRequest
) -> None:
    """Apply a request's acknowledgements and deadlines."""
    subscription = stream.subscription
    ack_ids, deadlines = (
        request.modify_deadline_ack_ids,
        request.modify_deadline_seconds,
    )
    if len(ack_ids) != len(deadlines):
        raise invalid("modify_deadline_seconds has one number for each ack_id.")
    puller.acknowledge(subscription, request.ack_ids)
    for ack_id, seconds in zip(ack_ids, deadlines, strict=True):
        puller.modify(subscription, [ack_id], seconds)


async def _write(
    puller: Puller, stream: "_Stream", context: grpc.aio.ServicerContext
) -> None:
    subscription = stream.subscription
    while True:
        deliveries = await stream.next()
        response = pubsub_pb2.StreamingPullResponse(
            received_messages=[received(subscription, each) for each in deliveries],
            # Go's client dispatches in order only where this says so.
            subscription_properties={
                "message_ordering_enabled": subscription.config.enable_message_ordering
            },
        )
        await context.write(response)
        stream.sent(deliveries)
        puller.engine.wake(subscription)  # there is capacity again


@dataclass(slots=True)
class _Outstanding:
    """A message that a stream holds.

    Attributes:
        sent: when it was written to the stream, on the monotonic clock.
    """

    lease: int
    size: int
    sent: float | None = None


class _Stream:
    """The receiver behind one stream."""

    def __init__(
        self,
        subscription: Subscription,
        first: pubsub_pb2.StreamingPullRequest,
        holder: int,
    ) -> None:
        self.subscription = subscription
        self.lease_seconds = _ack_deadline(first)
        self.holder = holder
        # 0 and below: no limit.
        self._max_messages = first.max_outstanding_messages
        self._max_bytes = first.max_outstanding_bytes
        self._outstanding: dict[int, _Outstanding] = {}  # by message
        self._bytes = 0
        self._queue: asyncio.Queue[list[Delivery]] = asyncio.Queue()
        self._closed: StatusError | None = None

    def capacity(self) -> int:
        """How many more, by the client's limits; none while it does not read."""
        if self._closed is not None or not self._queue.empty():
            return 0
        if 0 < self._max_bytes <= self._bytes:
            return 0
        if self._max_messages <= 0:
            return MAX_MESSAGES
        return max(0, min(MAX_MESSAGES, self._max_messages - len(self._outstanding)))

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Send these."""
        for each in deliveries:
            size = len(each.body)
            self._outstanding[each.message] = _Outstanding(each.lease, size)
            self._bytes += size
            self.subscription.streams[each.message] = self
        self._queue.put_nowait(deliveries)

    def sent(self, deliveries: list[Delivery]) -> None:
        """These are written to the stream."""
        now = time.monotonic()
        for each in deliveries:
            outstanding = self._outstanding.get(each.message)
            if outstanding is not None and outstanding.lease == each.lease:
                outstanding.sent = now

    def released(self, message: int) -> None:
        """*message* is no longer outstanding."""
        outstanding = self._outstanding.pop(message, None)
        if outstanding is not None:
            self._bytes -= outstanding.size

    def close(self, reason: StatusError) -> None:
        """End the stream with an error."""
        self._closed = reason
        self._queue.put_nowait([])

    async def next(self) -> list[Delivery]:
        """What is to be sent next.

        Raises:
            StatusError: the stream is closed.
        """
        deliveries = await self._queue.get()
        if self._closed is not None:
            raise self._closed
        return deliveries

    def unread(self) -> list[tuple[int, int]]:
        """Message and lease of what the client has hardly read, now that it is gone."""
        recently = time.monotonic() - NACK_HOLD_SECONDS
        return [
            (message, each.lease)
            for message, each in self._outstanding.items()
            if each.sent is None or each.sent > recently
        ]


def _ack_deadline(request: pubsub_pb2.StreamingPullRequest) -> int:
    seconds = request.stream_ack_deadline_seconds
    limits.check_ack_deadline(seconds, "stream_ack_deadline_seconds")
    return seconds
