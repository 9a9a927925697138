"""Times as commands show and compare them."""

from datetime import UTC, datetime

from functions.timestamps import timestamp


def timestamp_of(seconds: float) -> str:
    """Seconds since 1970 in the form of :func:`functions.timestamps.timestamp`."""
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def short_time(text: str) -> str:
    """``2026-10-05T12:00:00.123456Z`` as ``2026-10-05 12:00:00``."""
    return text[:19].replace("T", " ")
