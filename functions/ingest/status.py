"""What became of a caller's event, read from the ledger: ``GET /events/<uid>``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from functions.ledger import rules
from functions.ledger.ledger import event_key
from functions.ledger.store import Store
from functions.ledger.stores import open_store

PATH = "/events/"
READERS = 4  # threads: a ledger's client blocks
NOT_SEEN = "not seen yet"


class Status:
    """Reads the ledger, and never writes it.

    Args:
        ledger: name of the store, as in LEDGER.
        store: the store itself, where there is one already.
    """

    def __init__(self, ledger: str, project: str, store: Store | None = None) -> None:
        self._store = store or open_store(ledger, project)
        # Of its own, so that a slow ledger takes no thread from who verifies callers.
        self._readers = ThreadPoolExecutor(READERS, "status")

    async def of(self, source: str, uid: str, now: float) -> dict[str, Any] | None:
        """What became of *uid* of the caller *source*; None when it was not seen yet.

        Returns:
            ``uid``, ``event``, ``state`` (``accepted``, ``handled``, ``refused`` or
            ``retrying``), ``message`` and ``at`` (RFC 3339) where they are known.

        Raises:
            LedgerUnavailable: it cannot be read now.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, source, uid, now)

    def _read(self, source: str, uid: str, now: float) -> dict[str, Any] | None:
        record = self._store.get(event_key(source, uid))
        entry = _newest(record) if record else None
        if entry is None:
            return None
        told = {"uid": uid, "event": entry["event"], "state": _state(entry, now)}
        if entry.get("answer"):
            told["message"] = entry["answer"]
        at = datetime.fromtimestamp(entry.get("at") or entry["began"], UTC)
        return told | {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _newest(record: dict[str, Any]) -> dict[str, Any] | None:
    """The last message of that uid to have begun or ended."""
    entries = [*record["open"].values(), *record["finished"]]
    return max(entries, key=lambda e: e.get("at") or e["began"], default=None)


def _state(entry: dict[str, Any], now: float) -> str:
    match rules.state(entry, now):
        case "done":
            return "handled"
        case "rejected":
            return "rejected"
        case "under way" if entry.get("status") is None:
            return "accepted"
        case _:
            return "retrying"
