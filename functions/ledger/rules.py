"""The ledger's rules for events: pure functions from a record to the record after it.

A message of an event is in one of these states (docs/ledger.md shows the transitions):

========== ==========================================================================
new        not in the record
in flight  in ``open``, with an owner whose lease has not expired
failed     in ``open``, without owner; ``outcome_unknown_since`` says since when an
           effect at Commerce is possible, None that there is none
abandoned  in ``open``, with an owner whose lease has expired: failed, outcome unknown
succeeded  in ``finished`` with a status below 300
rejected   in ``finished`` with another status
========== ==========================================================================
"""

import copy
from collections.abc import Mapping
from typing import Any

from functions.ledger.decisions import (
    AlreadyProcessed,
    Delivery,
    InFlight,
    Leased,
    Outcome,
)
from functions.ledger.record import (
    MAX_MESSAGE_LENGTH,
    EventEditor,
    EventRecord,
    FinishedEntry,
    OpenEntry,
)


def acquire(
    record: EventRecord | None,
    delivery: Delivery,
    owner: str,
    now: float,
    lease_seconds: float,
    keep_seconds: float,
) -> tuple[EventRecord | None, AlreadyProcessed | InFlight | Leased]:
    """Give *owner* the lease for a delivered message, or say why not."""
    event = EventEditor(record)
    for finished in event.finished:
        if finished["message_id"] == delivery.message_id:
            result = AlreadyProcessed(finished["status"], finished["message"], False)
            return record, result
    previous = event.open.get(delivery.message_id)
    if previous is not None and previous["owner"] == owner:
        # The store did not know whether this very change was committed, and runs it
        # again.
        return record, _leased(previous, owner)
    if any(_is_live(entry, now) for entry in event.open.values()):
        return record, InFlight()

    event.describe(
        now + keep_seconds,
        delivery.resource,
        uid=delivery.uid,
        entity=delivery.entity,
    )
    if (original := _original_of(event, delivery)) is not None:
        result = AlreadyProcessed(original["status"], original["message"], True)
        entry = _finished(delivery, result.status, result.message, now)
        event.finish(entry, after=original)
        event.trim(now - keep_seconds)
        return event.record, result

    # A message is the same whatever its content hash, which a new release may compute
    # in another way.
    same = [
        other
        for message_id, other in event.open.items()
        if message_id == delivery.message_id
        or other["content_hash"] == delivery.content_hash
    ]
    since = [start for other in same if (start := _unknown_since(other)) is not None]
    attempts = previous["attempts"] if previous else 0
    opened = event.open[delivery.message_id] = {
        "content_hash": delivery.content_hash,
        "webhook_id": delivery.webhook_id,
        "event": delivery.event,
        "resource": delivery.resource,
        "time": delivery.time,
        "attempts": attempts + 1,
        "started": now,
        "owner": owner,
        "lease_expires": now + lease_seconds,
        "outcome_unknown_since": min(since, default=None),
        "ambiguous_attempts": previous["ambiguous_attempts"] if previous else 0,
        "ambiguous_since": previous["ambiguous_since"] if previous else None,
        "status": previous["status"] if previous else None,
        "message": previous["message"] if previous else None,
    }
    event.trim(now - keep_seconds)
    return event.record, _leased(opened, owner)


def renew(
    record: EventRecord | None,
    message_id: str,
    owner: str,
    now: float,
    lease_seconds: float,
) -> tuple[EventRecord | None, bool]:
    """Extend the lease; False when another delivery has taken over."""
    if record is None or not _is_owner(record, message_id, owner):
        return record, False
    record = copy.deepcopy(record)
    record["open"][message_id]["lease_expires"] = now + lease_seconds
    return record, True


def complete(
    record: EventRecord | None,
    delivery: Delivery,
    owner: str,
    outcome: Outcome,
    now: float,
    keep_seconds: float,
) -> tuple[EventRecord | None, bool]:
    """Record how an attempt ended.

    Returns:
        The record, and False with nothing changed when another delivery has taken over.
    """
    if record is None or not _is_owner(record, delivery.message_id, owner):
        return record, False
    event = EventEditor(record)
    entry = event.open[delivery.message_id]
    message = outcome.message[:MAX_MESSAGE_LENGTH]
    if outcome.final:
        # A waiting message with the same content is a repost of this one.
        reposts = [
            (message_id, other)
            for message_id, other in event.open.items()
            if outcome.status < 300
            and other["content_hash"] == entry["content_hash"]
            and message_id != delivery.message_id
        ]
        for message_id, other in [(delivery.message_id, entry), *reposts]:
            finished = _finished(delivery, outcome.status, message, now)
            finished["message_id"] = message_id
            finished["webhook_id"] = other["webhook_id"]
            event.finish(finished)
    else:
        if outcome.outcome_unknown and entry["outcome_unknown_since"] is None:
            entry["outcome_unknown_since"] = entry["started"]
        if outcome.ambiguous:
            entry["ambiguous_attempts"] += 1
            if entry["ambiguous_since"] is None:
                entry["ambiguous_since"] = now
        entry["owner"] = entry["lease_expires"] = None
        entry["status"], entry["message"] = outcome.status, message
    event.record["expires"] = now + keep_seconds
    event.trim(now - keep_seconds)
    return event.record, True


def forget(record: EventRecord, resource: str) -> EventRecord | None:
    """*record* without its entries about *resource*; None when nothing is left."""
    event = EventEditor(record)
    removed = [m for m, entry in event.open.items() if entry["resource"] == resource]
    for message_id in removed:
        del event.open[message_id]
    kept = [entry for entry in event.finished if entry["resource"] != resource]
    event.record["finished"] = kept
    event.record["resources"] = [r for r in record["resources"] if r != resource]
    return event.record if event.open or kept else None


def state(entry: OpenEntry | FinishedEntry, now: float) -> str:
    """The state of an ``open`` or ``finished`` entry, as in the table above."""
    if "finished_at" in entry:
        return "succeeded" if entry["status"] < 300 else "rejected"
    if _is_live(entry, now):
        return "in flight"
    return "abandoned" if entry["owner"] else "failed"


def is_in_flight(record: Mapping[str, Any], now: float) -> bool:
    """Whether a delivery has a lease on *record*, an event's or a resource's."""
    lease = record.get("lease")
    return any(_is_live(entry, now) for entry in record.get("open", {}).values()) or (
        lease is not None and lease["expires"] > now
    )


def _leased(entry: OpenEntry, owner: str) -> Leased:
    return Leased(
        owner,
        entry["attempts"],
        entry["outcome_unknown_since"],
        entry["ambiguous_attempts"],
        entry["ambiguous_since"],
    )


def _is_owner(record: EventRecord, message_id: str, owner: str) -> bool:
    entry = record["open"].get(message_id)
    return entry is not None and entry["owner"] == owner


def _is_live(entry: OpenEntry, now: float) -> bool:
    expires = entry["lease_expires"]
    return entry["owner"] is not None and expires is not None and expires > now


def _unknown_since(entry: OpenEntry) -> float | None:
    """Since when *entry* may have had an effect; an abandoned one may have, too."""
    if entry["outcome_unknown_since"] is not None:
        return entry["outcome_unknown_since"]
    return entry["started"] if entry["owner"] is not None else None


def _original_of(event: EventEditor, delivery: Delivery) -> FinishedEntry | None:
    """The successful entry that *delivery* is a duplicate of."""
    finished = event.finished
    for entry in reversed(finished):
        same = entry["content_hash"] == delivery.content_hash and entry["status"] < 300
        # The same signed request: were it processed again, a request that was captured
        # could undo what came after it.
        if same and None is not delivery.webhook_id == entry["webhook_id"]:
            return entry
    for entry in finished[-1:] if delivery.idempotent else reversed(finished):
        same = entry["content_hash"] == delivery.content_hash
        if same and entry["status"] < 300:
            return None if _changes_after(entry, event, delivery) else entry
    return None


def _changes_after(
    entry: FinishedEntry, event: EventEditor, delivery: Delivery
) -> bool:
    """Whether another value, newer than *entry*'s, has yet to take effect."""
    return delivery.idempotent and any(
        waiting["content_hash"] != delivery.content_hash
        and waiting["time"] > entry["time"]
        for waiting in event.open.values()
    )


def _finished(
    delivery: Delivery, status: int, message: str, now: float
) -> FinishedEntry:
    return {
        "message_id": delivery.message_id,
        "content_hash": delivery.content_hash,
        "webhook_id": delivery.webhook_id,
        "event": delivery.event,
        "resource": delivery.resource,
        "time": delivery.time,
        "status": status,
        "message": message,
        "finished_at": now,
    }
