"""What ingest knows of a request that it has read and authenticated."""

import time
from typing import NamedTuple


class Received(NamedTuple):
    """An authenticated request.

    Attributes:
        caller: its name.
        source: ``ce-source`` of its events.
        time: when its body had arrived, RFC 3339.
        start: ``time.perf_counter()`` when its first bytes arrived.
        traceparent: the caller's or the platform's; None for none.
        webhook_id: the signed id, by which the ledger recognises a replay; None
            without a signature.
    """

    caller: str
    source: str
    time: str
    start: float
    traceparent: str | None
    webhook_id: str | None

    @property
    def ms(self) -> float:
        """Milliseconds since it arrived."""
        return round((time.perf_counter() - self.start) * 1000, 1)
