"""The two delivery contexts of a handler, and the time a delivery has."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from functions.consumer.own_changes import CommerceEvent, OwnChanges
from functions.consumer.results import (
    ANOTHER_IN_FLIGHT,
    ANOTHER_OF_RESOURCE_IN_FLIGHT,
)
from functions.errors import Unavailable
from functions.events.catalog import Event
from functions.events.identifiers import watermark_name
from functions.handlers import Skipped
from functions.ledger.decisions import Outcome
from functions.ledger.ledger import NO_EDITS, Edits, Lease, Ledger
from functions.ledger.record import ResourceRecord
from functions.ledger.watermarks import Verdict

OWN_CHANGE = "Not delivered: it only reports our own change"
# A lease is longer than one call by a margin. A call that begins within this part of
# the margin ends before the lease does, which need not be renewed for it.
PROMPT_SECONDS = 5.0
OUTDATED = "Not delivered: a newer event of the resource was delivered"


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

    def created(self, document: Any) -> None:
        """Nothing is noted for a direct call."""

    def acquire_resource(self, name: str, event: Event, value: Any) -> bool:
        """Nothing is leased for a direct call."""
        return True

    def resource_applied(self, name: str) -> None:
        """Nothing is recorded for a direct call."""


class LeasedDelivery:
    """``DeliveryContext`` of a push that has acquired the lease of its event.

    Args:
        budget: started before the lease was acquired.
        own_changes: the notes made with the lease.
    """

    def __init__(
        self, ledger: Ledger, lease: Lease, budget: Budget, own_changes: OwnChanges
    ) -> None:
        self._ledger = ledger
        self._lease = lease
        self._budget = budget
        self._own_changes = own_changes
        self._commerce_event: CommerceEvent | None = None
        self._resource_is_applied = False
        self.outdated_rows = 0
        self._watermarks: set[str] = set()  # leased rows and resources
        self._applied: set[str] = set()  # of these, to be recorded with the next change
        self._leased_at = 0.0  # of the budget's time: no lease is older
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
        held = self._ledger.renew(self._lease, sorted(self._applied))
        self._applied.clear()
        return held

    def pending(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """See ``DeliveryContext``.

        Raises:
            Unavailable: another event has the lease on a row, or has taken over.
        """
        if not rows:
            return []
        names = [watermark_name(row["sku"], row["source"]) for row in rows]
        edits = self._own_changes.edits_of_rows(rows)
        verdicts = self._acquire(names, edits)
        if verdicts is None:
            raise Unavailable(503, "Another event is being applied to the same stock")
        self.outdated_rows += verdicts.count("outdated")
        pairs = zip(rows, verdicts, strict=True)
        return [row for row, verdict in pairs if verdict == "send"]

    def applied(self, rows: Iterable[dict[str, Any]]) -> None:
        """See ``DeliveryContext``.

        They are recorded with what the delivery records next: a lease for another call,
        or the outcome. Until then they are leased, so that no other level overtakes.
        """
        self._apply(watermark_name(row["sku"], row["source"]) for row in rows)

    def created(self, document: Any) -> None:
        """See ``DeliveryContext``."""
        self._own_changes.created(document)

    def acquire_resource(self, name: str, event: Event, value: Any) -> bool:
        """Lease the resource *name* for this *event* of Commerce alone.

        Returns:
            False when an earlier attempt of this event was applied to it.

        Raises:
            Skipped: a newer event was applied, or it only reports our own change.
            Unavailable: another event has the lease, or has taken over.
        """
        time = self._lease.delivery.time
        compared = self._own_changes.compare(event, name, value, time)
        self._commerce_event = compared
        verdicts = self._acquire(
            [name], is_own_change=compared.is_own_change if compared else None
        )
        if verdicts is None:
            raise Unavailable(503, ANOTHER_OF_RESOURCE_IN_FLIGHT)
        if verdicts == ["outdated"]:
            raise Skipped("outdated", OUTDATED)
        if verdicts == ["own change"]:
            self.resource_applied(name)
            raise Skipped("own change", OWN_CHANGE)
        return verdicts == ["send"]

    def resource_applied(self, name: str) -> None:
        """Record that this event took effect on the resource *name*."""
        self._apply([name])
        self._resource_is_applied = True

    def _acquire(
        self,
        names: list[str],
        edits: Edits = NO_EDITS,
        is_own_change: Callable[[ResourceRecord | None], bool] | None = None,
    ) -> list[Verdict] | None:
        if not self._applied.isdisjoint(names):
            self.renew()
        self._leased_at = self._budget.elapsed()
        verdicts = self._ledger.acquire_watermarks(
            self._lease, names, sorted(self._applied), edits, is_own_change
        )
        if verdicts is not None:
            self._applied.clear()
            pairs = zip(names, verdicts, strict=True)
            leased = ("send", "own change")
            self._watermarks.update(name for name, one in pairs if one in leased)
        return verdicts

    def _apply(self, names: Iterable[str]) -> None:
        self._applied.update(names)
        self._watermarks -= self._applied

    def complete(self, outcome: Outcome) -> bool:
        """Record the outcome; False when another delivery has taken over."""
        # While Commerce may still be writing, or an earlier attempt may have written,
        # the leases on rows stand until they expire: neither may this level overtake a
        # newer one, nor an older one undo this.
        unknown = outcome.outcome_unknown or (
            self.outcome_unknown_since and not outcome.final
        )
        released = () if unknown else sorted(self._watermarks)
        edits = dict(self._own_changes.edits_of_outcome(self._lease, outcome, released))
        if self._commerce_event and self._resource_is_applied:
            edits |= self._commerce_event.edits()
        return self._ledger.complete(
            self._lease, outcome, sorted(self._applied), released, edits
        )

    def _secure_lease(self) -> bool:
        """Renew a lease that could expire during the call; False when taken over.

        Most leases, of the event or of rows, are acquired just before the call; not
        that of a call that follows a slow one, or that waited for a token.
        """
        now = self._budget.elapsed()
        if now <= self._leased_at + PROMPT_SECONDS:
            # A process that is killed during the call has recorded the earlier one.
            return not self._applied or self.renew()
        self._leased_at = now
        if not self._watermarks:
            return self.renew()
        verdicts = self._acquire(sorted(self._watermarks))
        return verdicts is not None and set(verdicts) == {"send"}
