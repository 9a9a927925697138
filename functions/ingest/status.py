"""The state of a caller's event, read from the ledger: ``GET /events/<uid>``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from functions.ledger import rules
from functions.ledger.ledger import Ledger
from functions.ledger.record import EventRecord, FinishedEntry, OpenEntry

STATUS_PATH = "/events/"
MAX_READERS = 4  # threads: a ledger's client blocks
NOT_SEEN = "not seen yet"
STATES = ("waiting", "in flight", "retrying", "handled", "rejected")


class Status:
    """Reads the ledger, and never writes it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # Its own threads, so that a slow ledger takes none from authentication.
        self._readers = ThreadPoolExecutor(MAX_READERS, "status")

    async def read(self, source: str, uid: str, now: float) -> dict[str, Any] | None:
        """The state of the event *uid* of *source*; None before its first delivery.

        Args:
            source: the caller's ``ce-source``.
            now: seconds since 1970.

        Returns:
            ``uid``, ``event``, ``state`` (one of ``STATES``), ``at`` (RFC 3339: start
            of the newest attempt, or the final result), and ``message`` if there is
            one.

        Raises:
            LedgerUnavailable: it cannot be read now.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, source, uid, now)

    def _read(self, source: str, uid: str, now: float) -> dict[str, Any] | None:
        record: EventRecord | None = self._ledger.event(source, uid)
        newest = _newest(record) if record else None
        if newest is None:
            return None
        seconds, entry = newest
        result = {"uid": uid, "event": entry["event"], "state": _state(entry, now)}
        if entry["message"]:
            result["message"] = entry["message"]
        at = datetime.fromtimestamp(seconds, UTC)
        return result | {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _newest(record: EventRecord) -> tuple[float, OpenEntry | FinishedEntry] | None:
    """The message of that uid that started or finished last, and when."""
    entries: list[tuple[float, OpenEntry | FinishedEntry]] = [
        (entry["started"], entry) for entry in record["open"].values()
    ]
    entries += [(entry["finished_at"], entry) for entry in record["finished"]]
    return max(entries, key=itemgetter(0), default=None)


def _state(entry: OpenEntry | FinishedEntry, now: float) -> str:
    match rules.state(entry, now):
        case "succeeded":
            return "handled"
        case "rejected":
            return "rejected"
        case "in flight":
            return "in flight"
        # No attempt has had a result, as after a crash.
        case "abandoned" if entry["status"] is None:
            return "waiting"
        case _:
            return "retrying"
