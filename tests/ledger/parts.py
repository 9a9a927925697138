"""A ledger whose time passes when told to, and what tests deliver to it."""

from dataclasses import replace

import pytest

from functions.ledger.decisions import AlreadyProcessed, Delivery, InFlight, Outcome
from functions.ledger.ledger import Lease, Ledger, event_key, resource_hash, uid_hash

STORES = [
    "memory",
    "sqlite",
    pytest.param("firestore", marks=pytest.mark.emulator),
    "fourth",
]
LEASE = 40
KEEP_DAYS = 35
DAY = 86_400
SOURCE, UID = "/ingest/erp", "15"
OLD, BETWEEN, NEW = (f"2026-01-0{day}T00:00:00.000000Z" for day in (1, 2, 3))

DONE = Outcome(200, "Product updated", final=True)
REFUSED = Outcome(400, "Price is odd", final=True)
NO_EFFECT = Outcome(429, "Too many requests", final=False)
UNKNOWN = Outcome(504, "No answer in time", final=False, outcome_unknown=True)


class Timed:
    """A ledger over *store*, by a clock of the test's."""

    def __init__(self, store) -> None:
        self.store = store
        self.now = 4_000_000_000.0  # no store sweeps what ends after that
        self.ledger = Ledger(store, LEASE, KEEP_DAYS, lambda: self.now)

    def lease_runs_out(self) -> None:
        self.now += LEASE + 1

    def acquire(
        self, given: Delivery, source: str = SOURCE, uid: str = UID
    ) -> AlreadyProcessed | InFlight | Lease:
        """What the ledger says of a delivery."""
        return self.ledger.acquire(source, uid, given)

    def leased(self, given: Delivery) -> Lease:
        """A lease, which must be given."""
        lease = self.acquire(given)
        assert isinstance(lease, Lease)
        return lease

    def settled(self, given: Delivery, outcome: Outcome) -> Lease:
        """Lease and record *outcome*."""
        lease = self.leased(given)
        assert self.ledger.complete(lease, outcome)
        return lease

    def record(self) -> dict | None:
        """What is kept of the event."""
        return self.store.get(event_key(SOURCE, UID))


def answered(outcome: Outcome, repeated: bool) -> AlreadyProcessed:
    return AlreadyProcessed(outcome.status, outcome.answer, repeated)


def delivery(message_id: str = "m1", value: str = "A", **changes) -> Delivery:
    """Delivery of a message of event 15 with some value."""
    given = Delivery(
        message_id=message_id,
        uid=uid_hash(UID),
        resource=resource_hash("product:LAMP"),
        event="be-observer.catalog_product_update",
        entity="product",
        content_hash=value,
        idempotent=True,
        time="2026-01-01T00:00:00.000000Z",
    )
    return replace(given, **changes)
