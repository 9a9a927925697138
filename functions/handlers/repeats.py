"""Whether an earlier attempt, whose answer was lost, took effect."""

from datetime import timedelta
from typing import Any

from functions.commerce.errors import Rejected
from functions.commerce.shapes import moment
from functions.handlers import Work

# How far Commerce's clock may be behind ours (OAuth 1.0a lets it be 600 s at most). A
# like thing made by hand within this time before our attempt would be taken for ours.
CLOCK_TOLERANCE = timedelta(seconds=300)


def made_before(error: Rejected, work: Work) -> bool:
    """Whether Commerce refuses to create what an attempt of ours may have created."""
    return (
        work.unsure_since is not None
        and error.status == 400
        and "already exists" in error.message.lower()
    )


def is_recent(created_at: Any, work: Work) -> bool:
    """Whether something was created since our first unsure attempt began."""
    created = moment(created_at)
    return (
        work.unsure_since is not None
        and created is not None
        and created >= work.unsure_since - CLOCK_TOLERANCE
    )
