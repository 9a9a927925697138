"""When Pub/Sub delivers an event again, where only the last attempt is known."""

from functions.events.catalog import delivery_settings


def estimated_next_attempt(ended: float, attempt: int) -> float:
    """The earliest time of the attempt after *attempt*, by the default backoff.

    Args:
        ended: when *attempt* failed, in seconds since 1970.
    """
    settings = delivery_settings()
    minimum = settings["minimum_backoff_seconds"]
    seconds = minimum * 2 ** min(attempt - 1, 40)
    return ended + min(settings["maximum_backoff_seconds"], seconds)
