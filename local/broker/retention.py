"""Drops what nobody acknowledged within its subscription's retention."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from local.broker.store import Store
from local.broker.subscription import Subscription

EVERY_SECONDS = 30.0
MOST_AT_ONCE = 1000

log = logging.getLogger(__name__)


class Retention:
    """Looks at every subscription now and then, until closed.

    Args:
        by_topic: the subscriptions, as they come and go.
        touch: called with a subscription of which something went.
        clock: seconds since 1970.
        speed: as of :class:`local.broker.Broker`.
    """

    def __init__(
        self,
        store: Store,
        by_topic: dict[str, dict[int, Subscription]],
        touch: Callable[[Subscription], None],
        clock: Callable[[], float],
        speed: float,
    ) -> None:
        self._store = store
        self._by_topic = by_topic
        self._touch = touch
        self._clock = clock
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._look()

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        wait = max(EVERY_SECONDS / self._speed, 1.0)
        self._timer = self._loop.call_later(wait, self._look)
        for subscriptions in list(self._by_topic.values()):
            for subscription in subscriptions.values():
                try:
                    self._drop(subscription)
                except sqlite3.Error as error:
                    log.error("the broker cannot write: %s", error)

    def _drop(self, subscription: Subscription) -> None:
        oldest = self._clock() - subscription.retention_seconds / self._speed
        old = self._store.older_than(subscription.id, oldest, MOST_AT_ONCE)
        if old:
            with self._store.transaction():
                for message in old:
                    self._store.remove_delivery(subscription.id, message)
            self._touch(subscription)
