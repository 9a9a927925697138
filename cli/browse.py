"""Looks at messages without consuming them: Pub/Sub itself offers no such thing.

They are pulled under a lease, the lease is kept alive for as long as somebody looks,
and what was not acknowledged is given back with deadline 0. Whoever else looks at the
same time gets the other part. A command that is killed gives nothing back; then the
leases run out by themselves.
"""

import logging
import threading
from collections.abc import Iterator

from cli.pubsub import PubSub, ReceivedMessage
from cli.where import Unreachable

EMPTY_PULLS = 2  # in a row mean that nothing is left: one may come back early

log = logging.getLogger(__name__)


class Browse:
    """The messages of one subscription, leased while this is open.

    Args:
        keep_seconds: how often leases are renewed; by default thrice in a lease.
    """

    def __init__(
        self, pubsub: PubSub, subscription: str, keep_seconds: float = 0
    ) -> None:
        self._pubsub = pubsub
        self._subscription = subscription
        self._held: dict[str, str] = {}  # ack id by message id
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._lease_seconds = 60
        self._keep_seconds = keep_seconds
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> "Browse":
        found = self._pubsub.subscription(self._subscription)
        self._lease_seconds = found.ack_deadline_seconds
        self._keep_seconds = self._keep_seconds or self._lease_seconds / 3
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._keeper.join()
        try:
            self._pubsub.lease(self._subscription, self._held.values(), 0)
        except Unreachable as error:
            log.warning("not given back, so hidden for a minute: %s", error)

    def __iter__(self) -> Iterator[ReceivedMessage]:
        """Every message, once, until no more comes."""
        empty = 0
        while empty < EMPTY_PULLS:
            new = self._new(self._pubsub.pull(self._subscription))
            empty = 0 if new else empty + 1
            yield from new

    def done(self, message_id: str) -> None:
        """Acknowledge a message: it is gone for good."""
        with self._lock:
            ack_id = self._held[message_id]
        self._pubsub.acknowledge(self._subscription, [ack_id])
        with self._lock:
            del self._held[message_id]

    def _new(self, received: list[ReceivedMessage]) -> list[ReceivedMessage]:
        """Hold all; only those not seen before. A lease may have run out meanwhile."""
        new = []
        with self._lock:
            for one in received:
                known = one.message.message_id in self._held
                self._held[one.message.message_id] = one.ack_id
                if not known:
                    new.append(one)
        return new

    def _keep(self) -> None:
        while not self._closing.wait(self._keep_seconds):
            with self._lock:
                held = list(self._held.values())
            try:
                self._pubsub.lease(self._subscription, held, self._lease_seconds)
            except Unreachable as error:
                log.warning("leases not kept: %s", error)
