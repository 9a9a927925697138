"""Opens the store that the setting LEDGER names."""

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
