"""A pause that a Retry-After asks for: meanwhile this process sends nothing there."""

import time
from collections.abc import Callable, Collection

from functions.errors import Unavailable
from functions.http_client.responses import HttpResponse, retry_after

# The longest backoff of Pub/Sub: beyond it, asking again costs one call per process.
MAX_PAUSE_SECONDS = 600
STATUSES = frozenset({429, 503})


class Pause:
    """Shared by all calls to one system.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = 0.0

    def check(self, method: str, route: str) -> None:
        """Send nothing while a Retry-After is in effect.

        Raises:
            Unavailable: with the seconds left.
        """
        left = self._end - self._clock()
        if left > 0:
            message = (
                f"{method} {route}: not sent: Retry-After is in effect for another"
                f" {left:.0f} s"
            )
            raise Unavailable(503, message, retry_after=left)

    def note(
        self, response: HttpResponse, statuses: Collection[int] = STATUSES
    ) -> None:
        """Begin a pause where *response* asks for one.

        Args:
            statuses: of responses whose Retry-After counts.
        """
        if response.status in statuses:
            seconds = retry_after(response.headers.get("Retry-After"))
            if seconds:
                self._end = self._clock() + min(seconds, MAX_PAUSE_SECONDS)
