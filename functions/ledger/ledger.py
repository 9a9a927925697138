"""The ledger as consumer and ingest use it: the rules, over a store, by the clock."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.ledger import rules
from functions.ledger.decisions import (
    AlreadyProcessed,
    Delivery,
    InFlight,
    Leased,
    Outcome,
)
from functions.ledger.hashes import LedgerHashes, resource_key
from functions.ledger.lookup import LedgerLookup
from functions.ledger.record import EventRecord, ResourceRecord
from functions.ledger.store import Known, Record, Store
from functions.ledger.watermarks import (
    Verdict,
    watermark_acquire,
    watermark_complete,
    watermark_release,
)

DAY_SECONDS = 86_400.0

# Makes the record of a resource from the one before; without side effects.
Edit = Callable[[ResourceRecord | None], ResourceRecord | None]
Edits = Mapping[str, Edit]  # by the hash of the resource
NO_EDITS: Edits = {}


def _unchanged(record: ResourceRecord | None) -> ResourceRecord | None:
    return record


@dataclass(frozen=True)
class Lease:
    """A delivery that may act.

    Attributes:
        key: of the event's record, the same for every copy of the event.
        ambiguous_attempts: see ``Leased``.
        ambiguous_seconds: since the first of these ended.
        known: the records that this delivery has changed, see ``Store.change``.
    """

    key: str
    delivery: Delivery
    owner: str
    attempt: int
    outcome_unknown_since: float | None
    ambiguous_attempts: int = 0
    ambiguous_seconds: float = 0.0
    known: Known = field(default_factory=dict, compare=False, repr=False)


class Ledger(LedgerLookup):
    """Decides whether a delivery may act, and records its outcome.

    Args:
        store: keeps the records.
        hashes: of the deployment.
        lease_seconds: how long a lease lasts unless renewed.
        keep_days: how long a record is kept after its last change.
        clock: seconds since 1970.

    All methods raise LedgerUnavailable when the store does, and when the store belongs
    to another key.
    """

    def __init__(
        self,
        store: Store,
        hashes: LedgerHashes,
        lease_seconds: float = 0,
        keep_days: float = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store, hashes, clock)
        self._lease_seconds = lease_seconds
        self._keep_seconds = keep_days * DAY_SECONDS

    def acquire(
        self,
        source: str,
        uid: str,
        delivery: Delivery,
        first: bool = False,
        edits: Edits = NO_EDITS,
    ) -> AlreadyProcessed | InFlight | Lease:
        """Acquire the lease for *delivery*, or say why not.

        Args:
            first: this is the message's first delivery attempt, so that there is
                probably no record yet. Only the number of the store's operations
                depends on it.
            edits: of resources, made together with the lease.
        """
        self.check_key(write=True)
        key, owner = self.hashes.event_key(source, uid), uuid.uuid4().hex
        known: Known = {key: None} if first else {}
        now = self.clock()

        def acquire_lease(
            records: list[Record | None],
        ) -> tuple[list[Record | None], AlreadyProcessed | InFlight | Leased]:
            record, decision = rules.acquire(
                records[0],
                delivery,
                owner,
                now,
                self._lease_seconds,
                self._keep_seconds,
            )
            resources = records[1:]
            if isinstance(decision, Leased):
                resources = self._edited(resources, edits.values())
            return [record, *resources], decision

        keys = [key, *map(resource_key, edits)]
        decision = self.store.change(keys, acquire_lease, known)
        if not isinstance(decision, Leased):
            return decision
        since = decision.ambiguous_since
        return Lease(
            key,
            delivery,
            owner,
            decision.attempt,
            decision.outcome_unknown_since,
            decision.ambiguous_attempts,
            0.0 if since is None else max(0.0, now - since),
            known,
        )

    def renew(self, lease: Lease, applied: Sequence[str] = ()) -> bool:
        """Extend the lease; False when another delivery has taken over.

        Args:
            applied: rows to be recorded as applied, whichever delivery has the lease.
        """
        now, rows = self.clock(), self._rows(applied)

        def renew_lease(
            records: list[Record | None],
        ) -> tuple[list[Record | None], bool]:
            event, held = self._renewed(records[0], lease, now)
            return [event, *self._settled(records[1:], lease, rows, ())], held

        return self.store.change([lease.key, *rows], renew_lease, lease.known)

    def complete(
        self,
        lease: Lease,
        outcome: Outcome,
        applied: Sequence[str] = (),
        released: Sequence[str] = (),
        edits: Edits = NO_EDITS,
    ) -> bool:
        """Record *outcome*; False, with none recorded, when taken over.

        Args:
            applied: see ``renew``.
            released: acquired rows that are known not to have been applied.
            edits: of resources, made together with the outcome; of rows, after it.
        """
        now, delivery = self.clock(), lease.delivery
        rows, unused = self._rows(applied), self._rows(released)
        edit_of = {resource_key(name): edit for name, edit in edits.items()}
        keys = list(dict.fromkeys([lease.key, *rows, *unused, *edit_of]))

        def record_outcome(
            records: list[Record | None],
        ) -> tuple[list[Record | None], bool]:
            event, held = rules.complete(
                records[0], delivery, lease.owner, outcome, now, self._keep_seconds
            )
            settled = len(rows) + len(unused) + 1
            resources = self._settled(records[1:settled], lease, rows, unused)
            resources += records[settled:]
            if held:
                chosen = [edit_of.get(key, _unchanged) for key in keys[1:]]
                resources = self._edited(resources, chosen)
            return [event, *resources], held

        return self.store.change(keys, record_outcome, lease.known)

    def acquire_watermarks(
        self,
        lease: Lease,
        names: Sequence[str],
        applied: Sequence[str] = (),
        edits: Edits = NO_EDITS,
        is_own_change: Callable[[ResourceRecord | None], bool] | None = None,
    ) -> list[Verdict] | None:
        """Acquire the rows *names* (each ``stock:SKU@source``) for the next call.

        Args:
            applied: other rows, to be recorded as applied.
            edits: of acquired rows, made together with their lease.
            is_own_change: says whether an event of Commerce reports our own change, by
                the record of its resource.

        Returns:
            ``send``, ``own change`` (leased as for ``send``), ``applied`` or
            ``outdated`` for each; None, with nothing changed,
            when another event is setting one of them or another delivery has taken
            over.
        """
        now = self.clock()
        rows, sent = self._rows(names), self._rows(applied)

        def acquire_rows(
            records: list[Record | None],
        ) -> tuple[list[Record | None], list[Verdict] | None]:
            # In one change with the event's lease: a delivery that was taken over must
            # not acquire rows.
            event, held = self._renewed(records[0], lease, now)
            decisions = [
                watermark_acquire(
                    record,
                    lease.delivery,
                    lease.key,
                    lease.owner,
                    resource,
                    now,
                    self._lease_seconds,
                )
                for record, resource in zip(records[1:], rows.values(), strict=False)
            ]
            verdicts = [verdict for _, verdict in decisions]
            if not held or "wait" in verdicts:
                return records, None
            chosen = [
                edits.get(resource, _unchanged) if verdict == "send" else _unchanged
                for resource, verdict in zip(rows.values(), verdicts, strict=True)
            ]
            acquired = self._edited([record for record, _ in decisions], chosen)
            settled = self._settled(records[1 + len(rows) :], lease, sent, ())
            if is_own_change:
                verdicts = [
                    "own change" if one == "send" and is_own_change(record) else one
                    for record, one in zip(records[1:], verdicts, strict=False)
                ]
            return [event, *acquired, *settled], verdicts

        return self.store.change([lease.key, *rows, *sent], acquire_rows, lease.known)

    def _rows(self, names: Iterable[str]) -> dict[str, str]:
        """The hash of each row, by the key of its record."""
        resources = (self.hashes.resource(name) for name in names)
        return {resource_key(resource): resource for resource in resources}

    def _edited(
        self, records: Sequence[Record | None], edits: Iterable[Edit]
    ) -> list[Record | None]:
        pairs = zip(records, edits, strict=True)
        return self._with_expiry(edit(record) for record, edit in pairs)

    def _renewed(
        self, record: EventRecord | None, lease: Lease, now: float
    ) -> tuple[EventRecord | None, bool]:
        message_id = lease.delivery.message_id
        return rules.renew(record, message_id, lease.owner, now, self._lease_seconds)

    def _settled(
        self,
        records: Sequence[Record | None],
        lease: Lease,
        applied: Mapping[str, str],
        released: Iterable[str],
    ) -> list[Record | None]:
        """The *records* of rows that were applied, followed by released ones."""
        rows: list[ResourceRecord | None] = [
            watermark_complete(record, lease.delivery, lease.key, lease.owner, resource)
            for record, resource in zip(records, applied.values(), strict=False)
        ]
        rows += [
            watermark_release(record, lease.delivery, lease.owner)
            for record, _ in zip(records[len(applied) :], released, strict=True)
        ]
        return self._with_expiry(rows)

    def _with_expiry(
        self, records: Iterable[ResourceRecord | None]
    ) -> list[Record | None]:
        expires = self.clock() + self._keep_seconds
        return [
            {**record, "expires": expires} if record else None for record in records
        ]
