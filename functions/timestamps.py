"""Times in the form that messages, log entries and the ledger have them."""

from datetime import UTC, datetime


def timestamp(moment: datetime | None = None) -> str:
    """RFC 3339 in UTC with six digits and Z, so that text order is time order.

    Args:
        moment: with time zone; by default now.
    """
    moment = moment.astimezone(UTC) if moment else datetime.now(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def normalize_timestamp(text: str, assume_utc: bool = False) -> str | None:
    """RFC 3339 *text* in :func:`timestamp`'s form; None when it is not RFC 3339.

    Args:
        assume_utc: a time without zone is UTC, as Commerce writes it.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and assume_utc:
            moment = moment.replace(tzinfo=UTC)
        return timestamp(moment) if moment.tzinfo else None
    # In UTC the time can lie outside the years that datetime supports.
    except (ValueError, OverflowError):
        return None
