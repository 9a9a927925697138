"""Opens the ledger that the settings LEDGER and LEDGER_KEY name."""

import secrets
from pathlib import Path

from functions.ledger.hashes import KEY_FILE, LedgerHashes, read_or_create_key
from functions.ledger.ledger import Ledger
from functions.ledger.store import Store


def check(name: str) -> str:
    """``memory``, ``sqlite:PATH`` or ``firestore[:DATABASE]``.

    Raises:
        ValueError: it is not one of these.
    """
    kind, colon, rest = name.partition(":")
    if (
        (kind, colon) == ("memory", "")
        or kind == "firestore"
        or (kind == "sqlite" and rest)
    ):
        return name
    raise ValueError("must be memory, sqlite:PATH or firestore[:DATABASE]")


def open_store(name: str, project: str) -> Store:
    """The store called *name*; it connects when first used."""
    kind, _, rest = name.partition(":")
    # Each store's library is imported only where it is used.
    if kind == "sqlite":
        from functions.ledger.sqlite import SqliteStore

        return SqliteStore(rest)
    if kind == "firestore":
        from functions.ledger.firestore import FirestoreStore

        return FirestoreStore(project, rest or "(default)")
    from functions.ledger.memory import MemoryStore

    return MemoryStore()


def open_hashes(name: str, key: str) -> LedgerHashes:
    """The hashes for the store called *name*.

    Args:
        key: the setting LEDGER_KEY. Where it is "", the key is read from a file, which
            is created if absent: beside a SQLite store, else ``KEY_FILE``.
    """
    kind, _, path = name.partition(":")
    if not key and kind == "memory":
        key = secrets.token_hex(32)  # the records are lost with the process, too
    elif not key:
        file = Path(path).with_name("ledger.key") if kind == "sqlite" else KEY_FILE
        key = read_or_create_key(Path(file))
    return LedgerHashes(key)


def open_ledger(
    name: str,
    project: str,
    key: str = "",
    lease_seconds: float = 0,
    keep_days: float = 0,
) -> Ledger:
    """The ledger in the store called *name*; it connects when first used.

    Args:
        key: as for ``open_hashes``.
        lease_seconds, keep_days: see ``Ledger``; needed to acquire leases.
    """
    store, hashes = open_store(name, project), open_hashes(name, key)
    return Ledger(store, hashes, lease_seconds, keep_days)
