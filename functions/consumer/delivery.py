"""The two delivery contexts of a handler, and the time a delivery has."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from functions.consumer.results import (
    ANOTHER_IN_FLIGHT,
    ANOTHER_OF_RESOURCE_IN_FLIGHT,
)
from functions.errors import Unavailable
from functions.events.identifiers import watermark_name
from functions.handlers import Skipped
from functions.ledger.decisions import Outcome
from functions.ledger.ledger import Lease, Ledger
from functions.ledger.watermarks import Verdict

# A lease is longer than one call by a margin. As long as a call begins within this part
# of the margin, the lease need not be renewed for it.
PROMPT_SECONDS = 5.0


class Budget:
    """The time of one delivery: no call begins that could exceed it.

    Args:
        seconds: from now on.
        clock: monotonic seconds.
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._start = clock()
        self._end = self._start + seconds

    def elapsed(self) -> float:
        """Seconds since the delivery began."""
        return self._clock() - self._start

    def check(self, timeout_seconds: float) -> None:
        """Allow a call of at most *timeout_seconds*.

        Raises:
            Unavailable: the call could exceed the budget.
        """
        if self._clock() + timeout_seconds > self._end:
            raise Unavailable(
                503, "The delivery's time is used up; the rest is done by the next one"
            )


class DirectCall:
    """``DeliveryContext`` of a direct call: no ledger, no earlier attempts."""

    outcome_unknown_since: datetime | None = None
    outdated_rows = 0

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def before_call(self, timeout_seconds: float) -> None:
        self._budget.check(timeout_seconds)

    def pending(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows

    def applied(self, rows: Iterable[dict[str, Any]]) -> None:
        """Nothing is recorded for a direct call."""

    def acquire_resource(self, name: str) -> bool:
        """Nothing is leased for a direct call."""
        return True

    def resource_applied(self, name: str) -> None:
        """Nothing is recorded for a direct call."""


class LeasedDelivery:
    """``DeliveryContext`` of a push that has acquired the lease of its event.

    Args:
        budget: started before the lease was acquired.
    """

    def __init__(self, ledger: Ledger, lease: Lease, budget: Budget) -> None:
        self._ledger = ledger
        self._lease = lease
        self._budget = budget
        self.outdated_rows = 0
        self._watermarks: set[str] = set()  # leased rows and resources
        self._leased_at = 0.0  # of the budget's time: no lease is older
        self._lease_is_unused = True  # it was acquired for the next call
        since = lease.outcome_unknown_since
        self.outcome_unknown_since = (
            datetime.fromtimestamp(since, UTC) if since else None
        )

    def before_call(self, timeout_seconds: float) -> None:
        """Allow a call, with a lease that lasts until the call has ended.

        Raises:
            Unavailable: no time is left, or another delivery has taken over.
        """
        self._budget.check(timeout_seconds)
        if not self._secure_lease():
            raise Unavailable(503, ANOTHER_IN_FLIGHT)
        self._lease_is_unused = False

    @property
    def ambiguous_attempts(self) -> int:
        """Attempts that were ambiguous, if this one is."""
        return self._lease.ambiguous_attempts + 1

    @property
    def ambiguous_seconds(self) -> float:
        """Seconds since the first ambiguous attempt ended."""
        return self._lease.ambiguous_seconds + self._budget.elapsed()

    def renew(self) -> bool:
        """Extend the lease; False when another delivery has taken over."""
        return self._ledger.renew(self._lease)

    def pending(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """See ``DeliveryContext``.

        Raises:
            Unavailable: another event has the lease on a row, or has taken over.
        """
        if not rows:
            return []
        names = [watermark_name(row["sku"], row["source"]) for row in rows]
        verdicts = self._acquire(names)
        if verdicts is None:
            raise Unavailable(503, "Another event is being applied to the same stock")
        self.outdated_rows += verdicts.count("outdated")
        pairs = zip(rows, verdicts, strict=True)
        return [row for row, verdict in pairs if verdict == "send"]

    def applied(self, rows: Iterable[dict[str, Any]]) -> None:
        """See ``DeliveryContext``."""
        self._apply([watermark_name(row["sku"], row["source"]) for row in rows])

    def acquire_resource(self, name: str) -> bool:
        """Lease the resource *name* for this event alone.

        Returns:
            False when an earlier attempt of this event was applied to it.

        Raises:
            Skipped: a newer event was applied.
            Unavailable: another event has the lease, or has taken over.
        """
        verdicts = self._acquire([name])
        if verdicts is None:
            raise Unavailable(503, ANOTHER_OF_RESOURCE_IN_FLIGHT)
        if verdicts == ["outdated"]:
            message = "Not delivered: a newer event of the resource was delivered"
            raise Skipped("outdated", message)
        return verdicts == ["send"]

    def resource_applied(self, name: str) -> None:
        """Record that this event took effect on the resource *name*."""
        self._apply([name])

    def _acquire(self, names: list[str]) -> list[Verdict] | None:
        self._leased_at = self._budget.elapsed()
        verdicts = self._ledger.acquire_watermarks(self._lease, names)
        if verdicts is not None:
            self._lease_is_unused = True
            pairs = zip(names, verdicts, strict=True)
            self._watermarks.update(name for name, one in pairs if one == "send")
        return verdicts

    def _apply(self, names: list[str]) -> None:
        if names:
            self._ledger.complete_watermarks(self._lease, names)
        self._watermarks.difference_update(names)

    def complete(self, outcome: Outcome) -> bool:
        """Record the outcome; False when another delivery has taken over."""
        # While Commerce may still be writing, or an earlier attempt may have written,
        # the leases on rows stand until they expire: neither may this level overtake a
        # newer one, nor an older one undo this.
        unknown = outcome.outcome_unknown or (
            self.outcome_unknown_since and not outcome.final
        )
        if self._watermarks and not unknown:
            self._ledger.release_watermarks(self._lease, sorted(self._watermarks))
        return self._ledger.complete(self._lease, outcome)

    def _secure_lease(self) -> bool:
        """Renew a lease that could expire during the call; False when taken over.

        A lease, of the event or of rows, was acquired for the call that follows, unless
        that call had to wait, for example for an IMS token.
        """
        now = self._budget.elapsed()
        if now <= self._leased_at + PROMPT_SECONDS:
            return self._lease_is_unused or self.renew()
        self._leased_at = now
        if not self._watermarks:
            return self.renew()
        verdicts = self._ledger.acquire_watermarks(
            self._lease, sorted(self._watermarks)
        )
        return verdicts is not None and set(verdicts) == {"send"}
