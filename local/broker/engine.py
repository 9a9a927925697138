"""Stores what is published and delivers it.

Everything that changes a message waits for the end of the event loop's turn and is
written there in one transaction: published messages, acknowledgements, nacks, leases,
dead letters. Only what is committed is answered or delivered.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from local.broker import pubsub_pb2
from local.broker.dead_letter_policy import dead_letter
from local.broker.errors import StatusError, internal, not_stored
from local.broker.observer import Observe, Observer
from local.broker.retention import Retention
from local.broker.store import Delivery, Store
from local.broker.subscription import LeaseEnd, Receiver, Subscription

RETRY_SECONDS = 1.0  # after the file could not be written
# A client that shuts down nacks what it holds and then closes its stream. For this
# long the message waits, so that it does not go to a stream that is about to close.
NACK_HOLD_SECONDS = 0.05

log = logging.getLogger(__name__)


class Ended(NamedTuple):
    """A lease that ends.

    Attributes:
        push: what is observed of a push that was answered; None for a pull.
    """

    subscription: Subscription
    message: int
    lease: int
    how: LeaseEnd
    push: dict[str, Any] | None


class Engine:
    """Moves messages between topics, subscriptions and receivers.

    Args:
        store: the tables.
        observe: as of :class:`local.broker.Broker`.
        clock: seconds since 1970.
        speed: every duration of a policy passes this many times faster.

    Attributes:
        held: nothing is pushed while it is set.
        subscriptions: all there are, by name.
        topics: by topic, the subscriptions attached to it, by id.
    """

    def __init__(
        self,
        store: Store,
        observe: Observe | None,
        clock: Callable[[], float],
        speed: float,
    ) -> None:
        self.store = store
        self.clock = clock
        self.speed = speed
        self.held = False
        self.subscriptions: dict[str, Subscription] = {}
        self.topics: dict[str, dict[int, Subscription]] = {}
        self.observe = Observer(observe)
        # An id is never used again, even with a new file: a ledger that remembers
        # messages by id would take a new message for an old one.
        self._last_id = max(time.time_ns() // 1000, store.newest_message())
        self._last_holder = 0
        self._loop = asyncio.get_running_loop()
        self._scheduled = False
        self._published: list[
            tuple[str, list[pubsub_pb2.PubsubMessage], asyncio.Future]
        ] = []
        self._ended: list[Ended] = []
        self._extensions: list[tuple[int, int, int, float]] = []
        self._waiting: list[asyncio.Future] = []
        self._pending: dict[int, Subscription] = {}
        self._observations: list[
            tuple[str, pubsub_pb2.PubsubMessage, dict[str, Any]]
        ] = []
        self._closed = False
        self._retention = Retention(store, self.subscriptions, self.wake, clock, speed)

    def new_holder(self) -> int:
        """A number for a receiver that no other has."""
        self._last_holder += 1
        return self._last_holder

    async def publish(
        self, topic: str, messages: Iterable[pubsub_pb2.PubsubMessage]
    ) -> list[str]:
        """Store *messages* and return their ids; they are committed by then.

        Raises:
            StatusError: they could not be written.
        """
        future = self._loop.create_future()
        self._published.append((topic, list(messages), future))
        self._schedule()
        return await future

    def end_lease(
        self,
        subscription: Subscription,
        message: int,
        lease: int,
        how: LeaseEnd,
        push: dict[str, Any] | None = None,
    ) -> None:
        """End a lease, if it is the current one."""
        self._ended.append(Ended(subscription, message, lease, how, push))
        self._schedule()

    def extend_lease(
        self, subscription: Subscription, message: int, lease: int, seconds: float
    ) -> None:
        """Let a lease expire *seconds* from now."""
        until = self.clock() + seconds / self.speed
        self._extensions.append((subscription.id, message, lease, until))
        self.wake(subscription)

    async def committed(self) -> None:
        """Wait until everything asked for so far is committed.

        Raises:
            StatusError: the broker failed, and some of it is not.
        """
        future = self._loop.create_future()
        self._waiting.append(future)
        self._schedule()
        await future

    def wake(self, subscription: Subscription) -> None:
        """Deliver what *subscription* has at the end of this turn."""
        self._pending[subscription.id] = subscription
        self._schedule()

    def close(self) -> None:
        """Write what has been asked for, and deliver nothing more."""
        self._turn()
        self._closed = True
        self._retention.close()
        for subscription in self.subscriptions.values():
            if subscription.timer is not None:
                subscription.timer.cancel()

    def _schedule(self) -> None:
        if not self._scheduled and not self._closed:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._closed:
            return
        published, self._published = self._published, []
        ended, self._ended = self._ended, []
        extensions, self._extensions = self._extensions, []
        waiting, self._waiting = self._waiting, []
        pending = dict(self._pending)
        self._observations = []
        deliveries: list[tuple[Receiver, list[Delivery]]] = []
        now = self.clock()
        try:
            with self.store.transaction():
                ids = [
                    [self._add(topic, message, now) for message in messages]
                    for topic, messages, _ in published
                ]
                for extension in extensions:
                    self.store.extend(*extension)
                for each in ended:
                    self._end(each, now)
                while self._pending:
                    _, subscription = self._pending.popitem()
                    deliveries += self._lease(subscription, now)
        except sqlite3.OperationalError as error:
            # A full disk, or another program that holds the file. Leases that ended
            # are written later; what was published is for the client to send again.
            log.error("The broker cannot write its file: %s.", error)
            _fail([future for _, _, future in published], not_stored())
            self._ended = ended + self._ended
            self._extensions = extensions + self._extensions
            self._waiting = waiting + self._waiting
            self._pending = pending | self._pending
            self._scheduled = True
            self._loop.call_later(RETRY_SECONDS, self._turn)
            return
        except Exception:
            # Not repeated: a fault in one request must not stop all others.
            log.exception("The broker failed; this turn's requests are dropped.")
            self._pending = {}
            _fail([*(future for _, _, future in published), *waiting], internal())
            return
        for (_, _, future), numbers in zip(published, ids, strict=True):
            if not future.done():  # the caller may have been cancelled
                future.set_result(numbers)
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for stage, message, labels in self._observations:
            self.observe(stage, message, **labels)
        for receiver, leased in deliveries:
            receiver.deliver(leased)

    def _add(self, topic: str, message: pubsub_pb2.PubsubMessage, now: float) -> str:
        self._last_id += 1
        number = self._last_id
        message.message_id = str(number)
        message.publish_time.FromMicroseconds(int(now * 1_000_000))
        subscriptions = self.topics.get(topic, {}).values()
        if subscriptions:
            self.store.add_message(number, message.SerializeToString())
        for subscription in subscriptions:
            is_ordered = subscription.config.enable_message_ordering
            key = message.ordering_key if is_ordered else ""
            self.store.add_delivery(subscription.id, number, key or None, now)
            self._pending[subscription.id] = subscription
        labels = {"topic": topic, "data": bytes(message.data)}
        self._observations.append(("published", message, labels))
        return message.message_id

    def _end(self, ended: Ended, now: float) -> None:
        subscription, message, lease, how, push = ended
        self._pending[subscription.id] = subscription
        next_attempt = None
        if push is not None:
            # Reported before what follows from it, and completed below.
            body = push.pop("message")
            self._observations.append(("answered", body, push))
        if how is LeaseEnd.ACK:
            if self.store.acknowledge(subscription.id, message, lease):
                subscription.release(message)
        elif attempt := self.store.leased_attempt(subscription.id, message, lease):
            if how is LeaseEnd.NACK:
                next_attempt = self._nack(subscription, message, attempt, now)
            else:
                self._give_back(subscription, message, now, counted=False)
        if push is not None:
            push["next_attempt"] = next_attempt

    def _nack(
        self, subscription: Subscription, message: int, attempt: int, now: float
    ) -> float | None:
        """End an attempt without acknowledgement; return when the next is due."""
        if subscription.is_exhausted(attempt):
            target = subscription.config.dead_letter_policy.dead_letter_topic
            # Without its topic the message goes on being delivered: it is never lost.
            if target in self.topics:
                self._dead_letter(subscription, message, attempt, target, now)
                return None
        wait = subscription.backoff_seconds(attempt) / self.speed
        if message in subscription.streams:
            wait = max(wait, NACK_HOLD_SECONDS)
        self._give_back(subscription, message, now + wait, counted=True)
        return now + wait

    def _give_back(
        self, subscription: Subscription, message: int, due: float, *, counted: bool
    ) -> None:
        subscription.release(message)
        for later in self.store.give_back(
            subscription.id, message, due, counted=counted
        ):
            subscription.release(later)

    def _dead_letter(
        self,
        subscription: Subscription,
        message: int,
        attempt: int,
        target: str,
        now: float,
    ) -> None:
        subscription.release(message)
        body = pubsub_pb2.PubsubMessage.FromString(self.store.body(message))
        labels = {"attempt": attempt, "subscription": subscription.name}
        self._observations.append(("dead-lettered", body, labels))
        self._add(target, dead_letter(body, subscription.name, attempt), now)
        self.store.remove(subscription.id, message)

    def _lease(
        self, subscription: Subscription, now: float
    ) -> list[tuple[Receiver, list[Delivery]]]:
        store, number = self.store, subscription.id
        for message, lease in store.expired(number, now):
            # None where an earlier message of its key ended this lease.
            attempt = store.leased_attempt(number, message, lease)
            if attempt is not None:
                self._nack(subscription, message, attempt, now)
        deliveries = []
        has_capacity = False
        for receiver in subscription.receivers:
            if capacity := receiver.capacity():
                wait = receiver.lease_seconds
                until = None if wait is None else now + wait / self.speed
                leased = store.lease(number, now, capacity, until, receiver.holder)
                if leased:
                    deliveries.append((receiver, leased))
                has_capacity = has_capacity or len(leased) < capacity
        if deliveries:  # another receiver is first the next time
            subscription.receivers.append(subscription.receivers.pop(0))
        self._set_timer(subscription, now, has_capacity)
        return deliveries

    def _set_timer(
        self, subscription: Subscription, now: float, has_capacity: bool
    ) -> None:
        if subscription.timer is not None:
            subscription.timer.cancel()
            subscription.timer = None
        times = [self.store.next_expiry(subscription.id)]
        if has_capacity:
            times.append(self.store.next_due(subscription.id, now))
        times = [time for time in times if time is not None]
        if times:
            # A millisecond late rather than early, when nothing would be due yet.
            wait = max(0.0, min(times) - now) + 0.001
            subscription.timer = self._loop.call_later(wait, self.wake, subscription)


def _fail(futures: Iterable[asyncio.Future], error: StatusError) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
