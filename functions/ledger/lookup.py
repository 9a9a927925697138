"""What the ledger knows: for ingest and the commands, and forgotten on request."""

import time
from collections.abc import Callable

from functions.ledger import rules
from functions.ledger.hashes import CHECK_KEY, LedgerHashes, resource_key
from functions.ledger.record import VERSION, EventRecord, Note
from functions.ledger.store import LedgerUnavailable, Record, Store

NEVER = 253_370_764_800.0  # the year 9999, of a record that does not expire


class WrongLedgerKey(LedgerUnavailable):
    """The ledger's records were hashed with another LEDGER_KEY."""

    def __init__(self) -> None:
        super().__init__(
            "The ledger was written with another LEDGER_KEY: set the key that this"
            " deployment has always had"
        )


class LedgerLookup:
    """Finds records by what they are about.

    Args:
        store: keeps the records.
        hashes: of the deployment.
        clock: seconds since 1970.

    All methods raise LedgerUnavailable when the store does, and when the store belongs
    to another key.
    """

    def __init__(
        self,
        store: Store,
        hashes: LedgerHashes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.hashes = hashes
        self._key_is_checked = False
        self.clock = clock

    def check_key(self, write: bool = False) -> None:
        """Compare this ledger's key with the store's, once per process.

        Args:
            write: store the check value of this key if there is none.

        Raises:
            WrongLedgerKey: the store's records were hashed with another key.
        """
        if self._key_is_checked:
            return
        expected = self.hashes.check_value()
        record = self.store.get(CHECK_KEY)
        if record is None:
            if not write:
                return
            record = self.store.change([CHECK_KEY], self._store_check_value)
        if record["check"] != expected:
            raise WrongLedgerKey
        self._key_is_checked = True

    def _store_check_value(
        self, records: list[Record | None]
    ) -> tuple[list[Record | None], Record]:
        # Another process may have stored its own meanwhile.
        record = records[0] or {
            "kind": "key",
            "version": VERSION,
            "check": self.hashes.check_value(),
            "expires": NEVER,
        }
        return [record], record

    def event(self, source: str, uid: str) -> EventRecord | None:
        """The record of *uid* of *source*; None before its first delivery."""
        self.check_key()
        record: EventRecord | None = self.store.get(self.hashes.event_key(source, uid))
        return record

    def events_of(self, uid: str) -> list[EventRecord]:
        """The records of *uid*, one for each caller."""
        return [record for _, record in self.find_uid(uid)]

    def find_uid(self, uid: str) -> list[tuple[str, EventRecord]]:
        """Keys and records of *uid*, one for each caller."""
        self.check_key()
        return self.store.find("uid", self.hashes.uid(uid))

    def find_resource(self, name: str) -> list[tuple[str, Record]]:
        """Keys and records about *name*, an ordering key or ``stock:SKU@source``."""
        self.check_key()
        return self.store.find("resources", self.hashes.resource(name))

    def notes(self, resource: str) -> list[Note]:
        """The changes that inbound events make to a resource, given by its hash."""
        record = self.store.get(resource_key(resource))
        return record.get("notes", []) if record else []

    def newest(self, ordering_key: str) -> str | None:
        """Event time of the newest event of *ordering_key* that was handled."""
        resource = self.hashes.resource(ordering_key)
        times = (
            entry["time"]
            for _, record in self.find_resource(ordering_key)
            for entry in record.get("finished", ())
            if entry["resource"] == resource and entry["status"] < 300
        )
        return max(times, default=None)

    def forget_uid(self, uid: str) -> tuple[int, int]:
        """Forget all events of *uid*, for any caller.

        Returns:
            How many records were deleted, and how many were kept because one of their
            messages is in flight.
        """
        return self._forget(self.find_uid(uid), lambda record: None)

    def forget_resource(self, name: str) -> tuple[int, int]:
        """Forget what happened to *name*: an ordering key, or ``stock:SKU@source``.

        Returns:
            How many records were changed or deleted, and how many were kept because
            one of their messages is in flight.
        """
        resource = self.hashes.resource(name)

        def without(record: Record) -> Record | None:
            return rules.forget(record, resource) if record["kind"] == "event" else None

        return self._forget(self.find_resource(name), without)

    def _forget(
        self,
        records: list[tuple[str, Record]],
        without: Callable[[Record], Record | None],
    ) -> tuple[int, int]:
        now = self.clock()

        def forget_unless_in_flight(
            stored: list[Record | None],
        ) -> tuple[list[Record | None], bool]:
            record = stored[0]
            if record is None:
                return [None], True
            # An event that is forgotten during its call could be applied twice.
            if rules.is_in_flight(record, now):
                return stored, False
            return [without(record)], True

        forgotten = [
            self.store.change([key], forget_unless_in_flight) for key, _ in records
        ]
        return forgotten.count(True), forgotten.count(False)
