"""One claimed delivery at work: what a handler may ask, and what guards its calls."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from functions.commerce.errors import Unavailable
from functions.ledger.decisions import Outcome
from functions.ledger.ledger import Lease, Ledger

OTHER_AT_WORK = "Another delivery of this event is under way"
# Of the margin that a lease has beyond one call, what may pass before the call begins.
PROMPT_SECONDS = 5.0


class Budget:
    """The time a delivery has: no call is begun that could outlast it.

    Args:
        seconds: from now on.
        clock: monotonic seconds.
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._began = clock()
        self._end = self._began + seconds

    def spent(self) -> float:
        """Seconds since it began."""
        return self._clock() - self._began

    def before_call(self, timeout_seconds: float) -> None:
        """Let a call of at most *timeout_seconds* begin.

        Raises:
            Unavailable: its time would reach beyond the budget.
        """
        if self._clock() + timeout_seconds > self._end:
            raise Unavailable(503, "Out of time; what is left is done next time")


class LeasedDelivery:
    """A claimed delivery: ``functions.handlers.DeliveryContext`` over the ledger.

    Args:
        budget: begun before the lease was asked for.

    Attributes:
        outcome_unknown_since: see ``DeliveryContext``.
    """

    def __init__(self, ledger: Ledger, lease: Lease, budget: Budget) -> None:
        self._ledger = ledger
        self._lease = lease
        self._budget = budget
        self._marks: set[str] = set()
        self._held_at = 0.0  # of the budget's time: every lease began no earlier
        self._fresh = True  # the lease was given for the call that comes next
        since = lease.leased.outcome_unknown_since
        self.outcome_unknown_since = (
            datetime.fromtimestamp(since, UTC) if since else None
        )

    def before_call(self, timeout_seconds: float) -> None:
        """Let a call begin, on a lease that lasts until it is over.

        Raises:
            Unavailable: no time is left, or another delivery has taken over.
        """
        self._budget.before_call(timeout_seconds)
        if not self._still_held():
            raise Unavailable(503, OTHER_AT_WORK)
        self._fresh = False

    def renew(self) -> bool:
        """Lengthen the lease; False when another delivery has taken over."""
        return self._ledger.renew(self._lease)

    def _still_held(self) -> bool:
        """Lengthen what would run out before the call is over; False when taken over.

        A lease, of the event or of rows, is the lease of the call that comes next,
        unless that had to wait, as for a token that another thread fetches.
        """
        now = self._budget.spent()
        late = now > self._held_at + PROMPT_SECONDS
        if not late:
            return self._fresh or self.renew()
        self._held_at = now
        if not self._marks:
            return self.renew()
        verdicts = self._ledger.acquire_watermarks(self._lease, sorted(self._marks))
        return verdicts is not None and "drop" not in verdicts

    def pending(self, rows: list[dict]) -> list[dict]:
        """See ``DeliveryContext``.

        Raises:
            Unavailable: another event has a lease on one of them, or has taken over.
        """
        if not rows:
            return []
        names = [_mark(row) for row in rows]
        self._held_at = self._budget.spent()
        verdicts = self._ledger.acquire_watermarks(self._lease, names)
        if verdicts is None:
            raise Unavailable(503, "Another event is being applied to the same stock")
        self._fresh = True
        sent = [v == "send" for v in verdicts]
        self._marks.update(name for name, s in zip(names, sent, strict=True) if s)
        return [row for row, s in zip(rows, sent, strict=True) if s]

    def applied(self, rows: Iterable[dict]) -> None:
        """See ``DeliveryContext``."""
        names = [_mark(row) for row in rows]
        if names:
            self._ledger.complete_watermarks(self._lease, names)
        self._marks.difference_update(names)

    def complete(self, outcome: Outcome) -> bool:
        """Record how it ended; False when another delivery has taken over."""
        # Where Commerce may still be writing, or an earlier attempt may have written,
        # the claims stand until they run out: a newer level must not be overtaken by
        # this one, nor this one be undone by an older.
        unknown = outcome.outcome_unknown or (
            self.outcome_unknown_since and not outcome.final
        )
        if self._marks and not unknown:
            self._ledger.release_watermarks(self._lease, sorted(self._marks))
        return self._ledger.complete(self._lease, outcome)


def _mark(row: dict) -> str:
    # The last @ divides: a SKU may hold others, a source's own is written otherwise.
    source = row["source"].replace("%", "%25").replace("@", "%40")
    return f"stock:{row['sku']}@{source}"
