"""A ledger whose clock is a test's, and the deliveries that tests give it."""

from dataclasses import replace
from typing import Any

from functions.ledger.decisions import AlreadyProcessed, Delivery, InFlight, Outcome
from functions.ledger.hashes import LedgerHashes
from functions.ledger.ledger import Lease, Ledger
from functions.ledger.store import Store
from tests.support.fake_clock import FakeClock

HASHES = LedgerHashes("k" * 32)
LEASE_SECONDS = 40
KEEP_DAYS = 35
DAY_SECONDS = 86_400
SOURCE, UID = "/ingest/erp", "15"
OLD, BETWEEN, NEW = (f"2026-01-0{day}T00:00:00.000000Z" for day in (1, 2, 3))

SUCCESS = Outcome(200, "Product updated", final=True)
REJECTION = Outcome(400, "Price is odd", final=True)
NO_EFFECT = Outcome(429, "Too many requests", final=False)
UNKNOWN = Outcome(504, "No response in time", final=False, outcome_unknown=True)


class LedgerUnderTest(Ledger):
    """A ledger over *store*, by a clock of the test's.

    Attributes:
        clock: begins far in the future, so that no store sweeps these records.
    """

    def __init__(self, store: Store) -> None:
        self.clock = FakeClock(4_000_000_000.0)
        super().__init__(store, HASHES, LEASE_SECONDS, KEEP_DAYS, self.clock)

    def expire_leases(self) -> None:
        """Let more time pass than a lease lasts."""
        self.clock.now += LEASE_SECONDS + 1

    def deliver(
        self, delivery: Delivery, source: str = SOURCE, uid: str = UID
    ) -> AlreadyProcessed | InFlight | Lease:
        """The decision about *delivery*."""
        return self.acquire(source, uid, delivery)

    def lease(self, delivery: Delivery) -> Lease:
        """The lease for *delivery*, which must be given."""
        decision = self.deliver(delivery)
        assert isinstance(decision, Lease)
        return decision

    def process(self, delivery: Delivery, outcome: Outcome) -> Lease:
        """Acquire the lease and record *outcome*."""
        lease = self.lease(delivery)
        assert self.complete(lease, outcome)
        return lease

    def record(self) -> dict[str, Any] | None:
        """The record of the event."""
        return self.store.get(HASHES.event_key(SOURCE, UID))


def processed(outcome: Outcome, duplicate: bool) -> AlreadyProcessed:
    """The decision that repeats *outcome*."""
    return AlreadyProcessed(outcome.status, outcome.message, duplicate)


def delivery(message_id: str = "m1", value: str = "A", **changes: Any) -> Delivery:
    """The delivery of a message of event 15; *value* stands for its content hash."""
    original = Delivery(
        message_id=message_id,
        uid=HASHES.uid(UID),
        resource=HASHES.resource("product:LAMP"),
        event="be-observer.catalog_product_update",
        entity="product",
        content_hash=value,
        idempotent=True,
        time=OLD,
    )
    return replace(original, **changes)
