"""Times as commands show and compare them."""

from datetime import UTC, datetime, tzinfo

from functions.timestamps import timestamp


def timestamp_of(seconds: float) -> str:
    """Seconds since 1970 in the form of :func:`functions.timestamps.timestamp`."""
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def short_time(text: str) -> str:
    """``2026-10-05T12:00:00.123456Z`` as ``2026-10-05 12:00:00``."""
    return text[:19].replace("T", " ")


def next_attempt_words(
    attempt: int, at: float, now: float, zone: tzinfo | None = UTC
) -> str:
    """``attempt 4 at 09:59:05 (in 38 s)``.

    Args:
        attempt: its number.
        at: its earliest time; like *now* in seconds since 1970.
        zone: None for this machine's.
    """
    left = round(at - now)
    clock = f"{datetime.fromtimestamp(at, zone):%H:%M:%S}"
    return f"attempt {attempt} at {clock} ({f'in {left} s' if left > 0 else 'due'})"
