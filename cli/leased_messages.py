"""Reads messages without consuming them; Pub/Sub itself has no such operation.

Messages are pulled under a lease, the lease is extended as long as they are in use, and
what was not acknowledged is released with deadline 0. A second reader at the same time
gets the other messages. A reader that is killed releases nothing; its leases expire.
"""

import logging
import threading
from collections.abc import Iterator

from google.pubsub_v1.types import ReceivedMessage

from cli.deployment import Unreachable
from cli.pubsub import PubSub

MAX_EMPTY_PULLS = 2  # in a row: a pull may return early although messages remain

log = logging.getLogger(__name__)


class LeasedMessages:
    """The messages of one subscription, leased while this is open.

    Args:
        extend_seconds: how often leases are extended; by default three times a lease.
    """

    def __init__(
        self, pubsub: PubSub, subscription: str, extend_seconds: float = 0
    ) -> None:
        self._pubsub = pubsub
        self._subscription = subscription
        self._ack_ids: dict[str, str] = {}  # by message id
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._lease_seconds = 60
        self._extend_seconds = extend_seconds
        self._extender = threading.Thread(target=self._extend, daemon=True)

    def __enter__(self) -> "LeasedMessages":
        subscription = self._pubsub.subscription(self._subscription)
        self._lease_seconds = subscription.ack_deadline_seconds
        self._extend_seconds = self._extend_seconds or self._lease_seconds / 3
        self._extender.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._extender.join()
        try:
            self._pubsub.extend_leases(self._subscription, self._ack_ids.values(), 0)
        except Unreachable as error:
            log.warning(
                "messages not released, they are available again when their leases"
                " expire (%s s): %s",
                self._lease_seconds,
                error,
            )

    def __iter__(self) -> Iterator[ReceivedMessage]:
        """Every message, once, until no more arrives."""
        empty_pulls = 0
        while empty_pulls < MAX_EMPTY_PULLS:
            new = self._take(self._pubsub.pull(self._subscription))
            empty_pulls = 0 if new else empty_pulls + 1
            yield from new

    def acknowledge(self, message_id: str) -> None:
        """Acknowledge a message: it is removed for good."""
        with self._lock:
            ack_id = self._ack_ids[message_id]
        self._pubsub.acknowledge(self._subscription, [ack_id])
        with self._lock:
            del self._ack_ids[message_id]

    def _take(self, received: list[ReceivedMessage]) -> list[ReceivedMessage]:
        """Keep all ack ids; return the messages not seen before.

        A lease may have expired meanwhile: then a message arrives a second time.
        """
        new = []
        with self._lock:
            for message in received:
                message_id = message.message.message_id
                if message_id not in self._ack_ids:
                    new.append(message)
                self._ack_ids[message_id] = message.ack_id
        return new

    def _extend(self) -> None:
        while not self._closing.wait(self._extend_seconds):
            with self._lock:
                ack_ids = list(self._ack_ids.values())
            try:
                self._pubsub.extend_leases(
                    self._subscription, ack_ids, self._lease_seconds
                )
            except Unreachable as error:
                log.warning("leases not extended: %s", error)
