"""The state of a caller's event, read from the ledger: ``GET /events/<uid>``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, get_args

from functions.ledger.ledger import Ledger
from functions.ledger.record import EventRecord
from functions.ledger.states import EventState, entry_state, last_change, newest_entry

STATUS_PATH = "/events/"
MAX_READERS = 4  # threads: a ledger's client blocks
NOT_SEEN = "not seen yet"
STATES: tuple[EventState, ...] = get_args(EventState)


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
        entry = newest_entry(record) if record else None
        if entry is None:
            return None
        state = entry_state(entry, now)
        result = {"uid": uid, "event": entry["event"], "state": state}
        if entry["message"]:
            result["message"] = entry["message"]
        at = datetime.fromtimestamp(last_change(entry), UTC)
        return result | {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
