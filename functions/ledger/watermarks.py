"""The ledger's rules for resources: pure functions from a record to the one after it.

For a SKU at an inventory source the ledger keeps a watermark (the newest level applied)
and the lease of the delivery that is setting a level.
"""

from typing import Literal

from functions.ledger.decisions import Delivery
from functions.ledger.record import VERSION, ResourceRecord

MAX_BACKOFF_SECONDS = 600  # the longest that Pub/Sub waits between two attempts

Verdict = Literal["send", "own change", "applied", "outdated", "wait"]


def watermark_acquire(
    record: ResourceRecord | None,
    delivery: Delivery,
    event: str,
    owner: str,
    resource: str,
    now: float,
    lease_seconds: float,
) -> tuple[ResourceRecord | None, Verdict]:
    """Decide about one row.

    Args:
        event: key of the event's record.

    Returns:
        ``send``, with a lease on the row; ``applied`` when an earlier attempt or
        another copy of this event applied it; ``outdated`` when a newer level was
        applied; ``wait`` when another event is being applied.
    """
    changed = copy_record(record, resource)
    watermark, lease = changed["watermark"], changed["lease"]
    if watermark and watermark["time"] > delivery.time:
        return record, "outdated"
    if watermark == {"time": delivery.time, "event": event}:
        return record, "applied"
    if lease and lease["message_id"] != delivery.message_id:
        # While the outcome of a newer level is unknown, an older one waits until the
        # newer one's next attempt renews the lease.
        grace = MAX_BACKOFF_SECONDS if lease["time"] > delivery.time else 0
        if lease["expires"] + grace > now:
            return record, "wait"
    changed["lease"] = {
        "message_id": delivery.message_id,
        "owner": owner,
        "time": delivery.time,
        "expires": now + lease_seconds,
    }
    return changed, "send"


def watermark_complete(
    record: ResourceRecord | None,
    delivery: Delivery,
    event: str,
    owner: str,
    resource: str,
) -> ResourceRecord:
    """The record after the row was applied."""
    changed = copy_record(record, resource)
    watermark = changed["watermark"]
    if watermark is None or watermark["time"] <= delivery.time:
        changed["watermark"] = {"time": delivery.time, "event": event}
    return _without_lease(changed, delivery, owner)


def watermark_release(
    record: ResourceRecord | None, delivery: Delivery, owner: str
) -> ResourceRecord | None:
    """The record after an attempt that is known to have had no effect."""
    if record is None:
        return None
    changed = _without_lease(copy_record(record, ""), delivery, owner)
    return unless_empty(changed)


def _without_lease(
    record: ResourceRecord, delivery: Delivery, owner: str
) -> ResourceRecord:
    lease = record["lease"]
    if lease and (lease["message_id"], lease["owner"]) == (delivery.message_id, owner):
        record["lease"] = None
    return record


def unless_empty(record: ResourceRecord) -> ResourceRecord | None:
    """*record*; None when it says nothing."""
    kept = ("watermark", "lease", "notes", "last_event")
    return record if any(record.get(name) for name in kept) else None


def copy_record(record: ResourceRecord | None, resource: str) -> ResourceRecord:
    """A copy of *record*, or an empty one; only its own fields are ever replaced."""
    if record is not None:
        return record.copy()
    return {
        "kind": "resource",
        "version": VERSION,
        "resources": [resource],
        "expires": 0.0,
        "watermark": None,
        "lease": None,
    }
