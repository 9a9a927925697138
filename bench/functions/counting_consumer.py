"""Our consumer, which also counts what its ledger does, into the file BENCH_COUNTS.

Of SQLite, records that a transaction reads and writes; of Firestore, what is billed, in
the requests of its client.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flask
import functions_framework

from functions.ledger import stores
from functions.ledger.store import Known, Record, Store, T, Update
from tests.support.firestore_operations import OperationCounter


class _Counts:
    """A counter for each thread, because adding to a shared one could be lost."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._all: list[Counter[str]] = []

    def of_this_thread(self) -> Counter[str]:
        if not hasattr(self._local, "counter"):
            self._local.counter = Counter()
            self._all.append(self._local.counter)
        return self._local.counter

    def total(self) -> Counter[str]:
        return sum((each.copy() for each in self._all), Counter())


_counts = _Counts()


class _CountingStore:
    """Counts what passes through ``change``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.get, self.find = store.get, store.find

    def change(
        self, keys: Sequence[str], update: Update[T], known: Known | None = None
    ) -> T:
        counter = _counts.of_this_thread()

        def counted(before: list[Record | None]) -> tuple[list[Record | None], T]:
            after, result = update(before)
            counter["requests"] += 1
            counter["reads"] += len(keys)
            for old, new in zip(before, after, strict=True):
                counter["writes"] += old != new
                counter["deletes"] += old is None and new is not None
            return after, result

        return self._store.change(keys, counted, known)


class _RequestCounter(OperationCounter):
    """Firestore's requests and what is billed of them."""

    @property
    def counts(self) -> Counter[str]:
        return _counts.of_this_thread()

    @counts.setter
    def counts(self, value: Counter[str]) -> None:
        """The base class sets an empty one at first."""

    def intercept_unary_unary(
        self, continuation: Any, details: Any, request: Any
    ) -> Any:
        self.counts["requests"] += 1
        return super().intercept_unary_unary(continuation, details, request)

    def intercept_unary_stream(
        self, continuation: Any, details: Any, request: Any
    ) -> Any:
        self.counts["requests"] += 1
        return super().intercept_unary_stream(continuation, details, request)


_file = Path(os.environ["BENCH_COUNTS"])
_lock = threading.Lock()
if os.environ["LEDGER"].startswith("firestore"):
    _installed = _RequestCounter().installed()
    _installed.__enter__()
else:
    _open_store = stores.open_store
    stores.open_store = lambda *arguments: _CountingStore(_open_store(*arguments))

# It opens its ledger when it is imported.
from functions.consumer import main  # noqa: E402


@functions_framework.http
def consumer(request: flask.Request) -> flask.Response:
    """As ours, then store the counts so far."""
    response = main.consumer(request)
    _counts.of_this_thread()["deliveries"] += response.status_code == 200
    with _lock:
        new = _file.with_suffix(".new")
        new.write_text(json.dumps(_counts.total()))
        new.replace(_file)
    return response
