"""A store in this process's memory: for one instance, lost when it ends."""

import threading
import time
from collections.abc import Sequence

from functions.ledger.store import Known, Record, T, Update

SWEEP_EVERY = 1000  # changes between two sweeps of expired records


class MemoryStore:
    """Records in a dict under one lock."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._changes = 0

    def change(
        self, keys: Sequence[str], update: Update[T], known: Known | None = None
    ) -> T:
        with self._lock:
            after, result = update([self._records.get(key) for key in keys])
            for key, record in zip(keys, after, strict=True):
                if record is None:
                    self._records.pop(key, None)
                else:
                    self._records[key] = record
            self._changes += 1
            if self._changes % SWEEP_EVERY == 0:
                self._sweep()
            return result

    def get(self, key: str) -> Record | None:
        return self._records.get(key)

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        with self._lock:
            return [
                (key, record)
                for key, record in self._records.items()
                if value == record.get(field) or value in record.get("resources", ())
            ]

    def _sweep(self) -> None:
        now = time.time()
        self._records = {k: r for k, r in self._records.items() if r["expires"] > now}
