"""Whether an earlier attempt, whose answer was lost, took effect."""

from datetime import timedelta
from typing import Any

from functions.commerce.documents import moment
from functions.commerce.errors import Rejected
from functions.handlers import DeliveryContext

# How far Commerce's clock may be behind ours (OAuth 1.0a lets it be 600 s at most). A
# like thing made by hand within this time before our attempt would be taken for ours.
CLOCK_TOLERANCE = timedelta(seconds=300)


def already_created(error: Rejected, delivery: DeliveryContext) -> bool:
    """Whether Commerce refuses to create what an attempt of ours may have created."""
    return (
        delivery.outcome_unknown_since is not None
        and error.status == 400
        and "already exists" in error.message.lower()
    )


def is_recent(created_at: Any, delivery: DeliveryContext) -> bool:
    """Whether something was created since our first unsure attempt began."""
    created = moment(created_at)
    return (
        delivery.outcome_unknown_since is not None
        and created is not None
        and created >= delivery.outcome_unknown_since - CLOCK_TOLERANCE
    )
