"""Whether an earlier attempt, whose response was lost, took effect."""

from datetime import timedelta
from typing import Any

from functions.commerce.documents import read_time
from functions.errors import Rejected
from functions.handlers import DeliveryContext

# How far Commerce's clock may be behind ours (OAuth 1.0a allows 600 s at most). A like
# entity that a person creates within this time before our attempt is taken for ours.
CLOCK_TOLERANCE = timedelta(seconds=300)


def already_created(error: Rejected, delivery: DeliveryContext) -> bool:
    """Whether Commerce refuses to create what an attempt of ours may have created."""
    return (
        delivery.outcome_unknown_since is not None
        and error.status == 400
        and "already exists" in error.message.lower()
    )


def is_recent(created_at: Any, delivery: DeliveryContext) -> bool:
    """Whether *created_at* is not before the first attempt with unknown outcome."""
    created = read_time(created_at)
    return (
        delivery.outcome_unknown_since is not None
        and created is not None
        and created >= delivery.outcome_unknown_since - CLOCK_TOLERANCE
    )
