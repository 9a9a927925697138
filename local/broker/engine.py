"""The heart of the broker: stores what is published and hands it out.

Everything that changes a message waits for the end of the event loop's turn and is
written there in one transaction: publishing, verdicts, leases, dead letters. Only what
is committed is answered or handed out.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any

from grpc import StatusCode

from local.broker import dead_letters, wire
from local.broker.errors import Refused
from local.broker.filters import matches
from local.broker.retention import Retention
from local.broker.store import Delivery, Store
from local.broker.subscription import Receiver, Subscription, Verdict

AGAIN_SECONDS = 1.0  # after the file could not be written

Observe = Callable[..., None]

log = logging.getLogger(__name__)


class Engine:
    """Moves messages between topics, subscriptions and receivers.

    Args:
        store: the tables.
        observe: told of stages with labels; see :class:`local.broker.Broker`.
        clock: seconds since 1970.
        speed: every duration of a policy passes this many times faster.
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
        self.held = False  # nothing is pushed while it is
        self.by_topic: dict[str, dict[int, Subscription]] = {}
        self._observe = observe
        # Ids must not come again in another life of the file: who remembers messages
        # by id would take a new one for an old one.
        self._last_id = max(time.time_ns() // 1000, store.newest_message())
        self._loop = asyncio.get_running_loop()
        self._scheduled = False
        self._published: list[tuple[str, list[wire.PubsubMessage], asyncio.Future]] = []
        self._verdicts: list[tuple[Subscription, int, int, Verdict]] = []
        self._extensions: list[tuple[int, int, int, float]] = []
        self._waiting: list[asyncio.Future] = []
        self._dirty: dict[int, Subscription] = {}
        self._told: list[tuple[str, dict[str, Any]]] = []
        self._closed = False
        self._retention = Retention(store, self.by_topic, self.touch, clock, speed)

    async def publish(
        self, topic: str, messages: Iterable[wire.PubsubMessage]
    ) -> list[str]:
        """Store *messages* and return their ids; they are committed by then.

        Raises:
            Refused: they could not be written.
        """
        future = self._loop.create_future()
        self._published.append((topic, list(messages), future))
        self._schedule()
        return await future

    def settle(
        self, subscription: Subscription, message: int, attempt: int, verdict: Verdict
    ) -> None:
        """Take a receiver's verdict on a lease."""
        self._verdicts.append((subscription, message, attempt, verdict))
        self._schedule()

    def extend(
        self, subscription: Subscription, message: int, attempt: int, seconds: float
    ) -> None:
        """Let a lease run *seconds* from now."""
        until = self.clock() + seconds / self.speed
        self._extensions.append((subscription.id, message, attempt, until))
        self.touch(subscription)

    async def written(self) -> None:
        """Wait until all that was asked for so far is committed."""
        future = self._loop.create_future()
        self._waiting.append(future)
        self._schedule()
        await future

    def touch(self, subscription: Subscription) -> None:
        """Look at *subscription* at the end of this turn."""
        self._dirty[subscription.id] = subscription
        self._schedule()

    def tell(self, stage: str, body: wire.PubsubMessage, **labels: Any) -> None:
        """Tell the observer of a stage of *body*."""
        if self._observe is None:
            return
        attributes = body.attributes
        # ``get`` on a protobuf map with a default does not insert the key.
        labels["event"] = attributes.get("ce-type", None)
        labels["entity"] = attributes.get("entity", None)
        labels["uid"] = attributes.get("ce-id", None)
        labels["message_id"] = body.message_id
        try:
            self._observe(stage, **labels)
        except Exception:
            log.exception("the observer failed")

    def close(self) -> None:
        """Write what has been asked for and stop looking at anything."""
        self._turn()
        self._closed = True
        self._retention.close()
        for subscriptions in self.by_topic.values():
            for subscription in subscriptions.values():
                if subscription.wake is not None:
                    subscription.wake.cancel()

    def _schedule(self) -> None:
        if not self._scheduled and not self._closed:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._closed:
            return
        published, self._published = self._published, []
        verdicts, self._verdicts = self._verdicts, []
        extensions, self._extensions = self._extensions, []
        dirty = dict(self._dirty)
        self._told = []
        gifts: list[tuple[Receiver, list[Delivery]]] = []
        now = self.clock()
        try:
            with self.store.transaction():
                answers = [
                    (future, [self._add(topic, m, now) for m in messages])
                    for topic, messages, future in published
                ]
                for extension in extensions:
                    self.store.lease_until(*extension)
                for verdict in verdicts:
                    self._apply(*verdict, now)
                while self._dirty:
                    _, subscription = self._dirty.popitem()
                    gifts += self._hand_out(subscription, now)
        except Exception as error:
            self._failed(error, published, verdicts, dirty)
            return
        for future, ids in answers:
            if not future.done():  # the caller may have gone
                future.set_result(ids)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for receiver, deliveries in gifts:
            receiver.give(deliveries)
        for stage, labels in self._told:
            self.tell(stage, **labels)

    def _failed(self, error, published, verdicts, dirty) -> None:
        """Nothing of this turn was written: publishers are told, the rest comes again.

        A full disk, or another program that holds the file; all else is a fault.
        """
        fault = None if isinstance(error, sqlite3.Error) else error
        log.error("the broker cannot write: %s", error, exc_info=fault)
        for _, _, future in published:
            if not future.done():
                refused = Refused(StatusCode.UNAVAILABLE, "Not stored; try again.")
                future.set_exception(refused)
        self._verdicts = verdicts + self._verdicts
        self._dirty = dirty | self._dirty
        self._scheduled = True
        self._loop.call_later(AGAIN_SECONDS, self._turn)

    def _add(self, topic: str, message: wire.PubsubMessage, now: float) -> str:
        self._last_id += 1
        number = self._last_id
        message.message_id = str(number)
        message.publish_time.FromMicroseconds(int(now * 1_000_000))
        stored = False
        for subscription in self.by_topic.get(topic, {}).values():
            config = subscription.config
            if config.filter and not matches(config.filter, message.attributes):
                continue
            if not stored:
                self.store.add_message(number, message.SerializeToString())
                stored = True
            ordered = config.enable_message_ordering and message.ordering_key
            key = message.ordering_key if ordered else None
            self.store.add_delivery(subscription.id, number, key, now)
            self._dirty[subscription.id] = subscription
        if self._observe is not None:
            labels = {"body": message, "topic": topic, "data": bytes(message.data)}
            self._told.append(("published", labels))
        return message.message_id

    def _apply(
        self,
        subscription: Subscription,
        message: int,
        attempt: int,
        verdict: Verdict,
        now: float,
    ) -> None:
        self._dirty[subscription.id] = subscription
        if verdict is Verdict.GOOD:
            # A late acknowledgement counts too, whoever holds the message by now.
            subscription.release(message)
            self.store.remove_delivery(subscription.id, message)
        elif not self.store.leased(subscription.id, message, attempt):
            return
        elif verdict is Verdict.BAD:
            self._refused(subscription, message, attempt, now)
        else:
            subscription.release(message)
            self.store.give_back(subscription.id, message, now, uncounted=True)

    def _refused(
        self, subscription: Subscription, message: int, attempt: int, now: float
    ) -> None:
        subscription.release(message)
        if subscription.spent(attempt):
            target = subscription.config.dead_letter_policy.dead_letter_topic
            if target in self.by_topic:  # gone: goes on being delivered, never lost
                body = wire.PubsubMessage.FromString(self.store.body(message))
                labels = {"attempt": attempt, "subscription": subscription.name}
                self._told.append(("dead-lettered", {"body": body, **labels}))
                letter = dead_letters.forwarded(body, subscription.name, attempt)
                self._add(target, letter, now)
                self.store.remove_delivery(subscription.id, message)
                return
        wait = subscription.backoff_seconds(attempt) / self.speed
        self.store.give_back(subscription.id, message, now + wait)

    def _hand_out(
        self, subscription: Subscription, now: float
    ) -> list[tuple[Receiver, list[Delivery]]]:
        store, number = self.store, subscription.id
        for message, attempt in store.expired(number, now):
            self._refused(subscription, message, attempt, now)
        gifts = []
        hungry = False
        for receiver in subscription.receivers:
            if room := receiver.room():
                lease = receiver.lease_seconds
                until = None if lease is None else now + lease / self.speed
                if deliveries := store.take(number, now, room, until):
                    gifts.append((receiver, deliveries))
                hungry = hungry or len(deliveries) < room
        if gifts:  # the next one is asked first next time
            subscription.receivers.append(subscription.receivers.pop(0))
        self._wake(subscription, now, hungry)
        return gifts

    def _wake(self, subscription: Subscription, now: float, hungry: bool) -> None:
        if subscription.wake is not None:
            subscription.wake.cancel()
            subscription.wake = None
        due = [self.store.next_due(subscription.id, leased=True)]
        if hungry:
            due.append(self.store.next_due(subscription.id, leased=False))
        due = [at for at in due if at is not None]
        if due:
            # A millisecond late rather than early: early would be for nothing.
            wait = max(0.0, min(due) - now) + 0.001
            subscription.wake = self._loop.call_later(wait, self.touch, subscription)
