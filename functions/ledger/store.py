"""The seam between the ledger's rules and whatever keeps its records."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
Record = dict  # JSON-able; "expires" is its end in seconds since 1970
Change = Callable[[list[Record | None]], tuple[list[Record | None], T]]


class LedgerUnavailable(Exception):
    """The store cannot be reached or is busy; nothing was changed, or nobody knows."""


class Store(Protocol):
    """A fourth store implements these three, and passes what is in ``tests/ledger``.

    All raise LedgerUnavailable. Records are never changed in place.
    """

    def change(self, keys: Sequence[str], by: Change[T]) -> T:
        """Replace the records under *keys* by what *by* makes of them, atomically.

        *by* gets a record or None per key and returns as many, and a result, which is
        returned. It may run more than once, so it must do nothing else. What it
        returns unchanged is not written; None deletes. Expired records may still come.
        """

    def get(self, key: str) -> Record | None:
        """The record under *key*, as last committed."""

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        """Keys and records whose ``uid`` is, or whose ``things`` hold, *value*."""
