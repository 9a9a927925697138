"""The interface between the ledger's rules and the stores that keep its records."""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
# An EventRecord or ResourceRecord. A store reads only "expires" (seconds since 1970),
# "uid" and "resources".
Record = Any
Update = Callable[[list[Record | None]], tuple[list[Record | None], T]]
# What a delivery's last change or read saw, by key, in the store's own form; None for a
# record that is believed not to exist.
Known = MutableMapping[str, Any]


class LedgerUnavailable(Exception):
    """The store cannot be reached or is busy; the change may or may not be stored."""


class Store(Protocol):
    """A new store implements these three methods and passes ``test_stores.py``.

    All of them raise LedgerUnavailable. Records are never changed in place.
    """

    def change(
        self, keys: Sequence[str], update: Update[T], known: Known | None = None
    ) -> T:
        """Replace the records under *keys* by what *update* returns, atomically.

        *update* gets a record or None for each key and returns as many, and a result
        that becomes the result of this call. It may run more than once, so it must have
        no side effects. A record that it returns unchanged is not written; None
        deletes. Expired records may still be passed to it.

        A store for which reading costs may pass what *known* holds instead, and keeps
        it up to date there. It commits such a change only if those records are still
        the same, and otherwise reads them and runs *update* again; a result without a
        change always comes from records that were read.
        """
        ...

    def get(self, key: str) -> Record | None:
        """The record under *key*, as last committed."""
        ...

    def find(self, field: str, value: str) -> list[tuple[str, Record]]:
        """Keys and records whose ``uid`` is *value* or whose ``resources`` hold it.

        Args:
            field: ``uid`` or ``resources``.
        """
        ...
