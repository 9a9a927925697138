"""Drops messages that are not acknowledged within their subscription's retention."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from local.broker.store import Store
from local.broker.subscription import Subscription

INTERVAL_SECONDS = 30.0
MIN_INTERVAL_SECONDS = 0.2  # of a broker with a higher speed
MAX_DROPPED = 1000  # at once

log = logging.getLogger(__name__)


class Retention:
    """Looks at every subscription from time to time, until closed.

    Args:
        subscriptions: as they are at the time.
        wake: called with a subscription of which messages were dropped.
        clock: seconds since 1970.
        speed: as of :class:`local.broker.Broker`.
    """

    def __init__(
        self,
        store: Store,
        subscriptions: dict[str, Subscription],
        wake: Callable[[Subscription], None],
        clock: Callable[[], float],
        speed: float,
    ) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._wake = wake
        self._clock = clock
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._check()

    def close(self) -> None:
        """Stop."""
        self._timer.cancel()

    def _check(self) -> None:
        wait = max(INTERVAL_SECONDS / self._speed, MIN_INTERVAL_SECONDS)
        self._timer = self._loop.call_later(wait, self._check)
        for subscription in list(self._subscriptions.values()):
            try:
                self._drop(subscription)
            except sqlite3.Error as error:
                log.error("The broker cannot write its file: %s.", error)

    def _drop(self, subscription: Subscription) -> None:
        oldest = self._clock() - subscription.retention_seconds / self._speed
        expired = self._store.older_than(subscription.id, oldest, MAX_DROPPED)
        if expired:
            with self._store.transaction():
                for message in expired:
                    self._store.remove(subscription.id, message)
            for message in expired:
                subscription.release(message)
            self._wake(subscription)
