"""Moments as the wire, the logs and the ledger have them."""

import time
from datetime import UTC, datetime
from functools import lru_cache


def timestamp(moment: datetime | None = None) -> str:
    """RFC 3339 in UTC with six digits and Z, so that text sorts as time does."""
    if moment is not None:
        return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    second, rest = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(second)}.{rest:06d}Z"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    """*second* since 1970, written once for all events of it."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]


def normalize_timestamp(text: str) -> str | None:
    """RFC 3339 *text* in :func:`timestamp`'s form; None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return timestamp(moment) if moment.tzinfo else None
    # In UTC it may be a moment outside the years that datetime has.
    except (ValueError, OverflowError):
        return None
