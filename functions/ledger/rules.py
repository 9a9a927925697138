"""The ledger's rules: pure functions from a record to the record after it.

A message of an event is in one of these states (docs/ledger.md has the table of how
it goes from one to another):

new        not in the record
under way  in ``open``, with a holder whose lease has not run out
failed     in ``open``, without holder; ``unsure`` says since when an effect of it at
           Commerce is possible, None that there was none
lost       in ``open``, with a holder whose lease ran out: failed, and unsure
done       in ``finished`` with a status below 300
refused    in ``finished`` with another status

Records are JSON-able; times are seconds since 1970; ``uid`` and ``things`` are hashes.
A record of an earlier version is still understood: what it lacks has a default here.
"""

import copy

from functions.ledger.decisions import Answered, Busy, Claimed, Delivery, Outcome
from functions.ledger.record import (
    LONGEST_ANSWER,
    THINGS_KEPT,
    VERSION,
    EventRecord,
)


def claim(
    record: dict | None,
    delivery: Delivery,
    holder: str,
    now: float,
    lease: float,
    keep: float,
) -> tuple[dict, Answered | Busy | Claimed]:
    """Decide what becomes of a delivered message."""
    event = EventRecord(record)
    _describe(event.record, delivery, now + keep)

    for entry in event.finished:
        if entry["message"] == delivery.message_id:
            return record, Answered(entry["status"], entry["answer"], False)
    before = event.open.get(delivery.message_id, {})
    if before.get("holder") == holder:
        # A store that could not tell whether this very claim was written asks again.
        return record, Claimed(holder, before["attempts"], before["unsure"])
    if any(_live(entry, now) for entry in event.open.values()):
        return record, Busy()
    if (entry := _repeated(event, delivery)) is not None:
        answered = Answered(entry["status"], entry["answer"], True)
        event.finish(delivery.message_id, _finished(delivery, answered, now))
        event.trim(now - keep)
        return event.record, answered

    # A message is itself whatever its fingerprint, which a version may make otherwise.
    same = [
        entry
        for message, entry in event.open.items()
        if message == delivery.message_id
        or entry["fingerprint"] == delivery.fingerprint
    ]
    since = [began for entry in same if (began := _unsure(entry)) is not None]
    claimed = Claimed(holder, before.get("attempts", 0) + 1, min(since, default=None))
    event.open[delivery.message_id] = {
        "fingerprint": delivery.fingerprint,
        "event": delivery.event,
        "thing": delivery.thing,
        "time": delivery.time,
        "attempts": claimed.attempt,
        "began": now,
        "holder": holder,
        "lease": now + lease,
        "unsure": claimed.unsure_since,
        "status": before.get("status"),
        "answer": before.get("answer"),
    }
    event.trim(now - keep)
    return event.record, claimed


def renew(
    record: dict | None, message_id: str, holder: str, now: float, lease: float
) -> tuple[dict | None, bool]:
    """Lengthen the lease; False when another has taken over."""
    entry = (record or {}).get("open", {}).get(message_id)
    if entry is None or entry["holder"] != holder:
        return record, False
    record = copy.deepcopy(record)
    record["open"][message_id]["lease"] = now + lease
    return record, True


def settle(
    record: dict | None,
    delivery: Delivery,
    holder: str,
    outcome: Outcome,
    now: float,
    keep: float,
) -> tuple[dict | None, bool]:
    """Record how the attempt ended; False, and nothing, when another has taken over."""
    entry = (record or {}).get("open", {}).get(delivery.message_id)
    if entry is None or entry["holder"] != holder:
        return record, False
    event = EventRecord(record)
    entry = event.open[delivery.message_id]
    answer = outcome.answer[:LONGEST_ANSWER]
    if outcome.final:
        answered = Answered(outcome.status, answer, False)
        # What waits with the same event and value was the caller's repeat of this.
        ended = [delivery.message_id] + [
            message
            for message, other in event.open.items()
            if outcome.status < 300
            and other["fingerprint"] == entry["fingerprint"]
            and message != delivery.message_id
        ]
        for message in ended:
            event.finish(message, _finished(delivery, answered, now))
    else:
        if outcome.unsure and entry["unsure"] is None:
            entry["unsure"] = entry["began"]
        entry.update(holder=None, lease=None, status=outcome.status, answer=answer)
    event.record["expires"] = now + keep
    event.trim(now - keep)
    return event.record, True


def forget(record: dict, thing: str) -> dict | None:
    """An event record without what it holds of *thing*; None when that was all."""
    event = EventRecord(record)
    gone = [m for m, entry in event.open.items() if entry.get("thing") == thing]
    for message in gone:
        del event.open[message]
    left = [entry for entry in event.finished if entry.get("thing") != thing]
    event.record["finished"] = left
    event.record["things"] = [t for t in event.record.get("things", []) if t != thing]
    return event.record if event.open or left else None


def state(entry: dict, now: float) -> str:
    """The name of an ``open`` or ``finished`` entry's state."""
    if "message" in entry:
        return "done" if entry["status"] < 300 else "refused"
    if _live(entry, now):
        return "under way"
    return "lost" if entry["holder"] else "failed"


def at_work(record: dict, now: float) -> bool:
    """Whether a delivery holds a lease on *record*, an event's or a thing's."""
    claim = record.get("claim")
    return any(_live(entry, now) for entry in record.get("open", {}).values()) or bool(
        claim and claim["lease"] > now
    )


def _describe(record: dict, delivery: Delivery, expires: float) -> None:
    things = [t for t in record.get("things", []) if t != delivery.thing]
    if delivery.thing:
        things.append(delivery.thing)
    record.update(
        version=VERSION,
        uid=delivery.uid,
        things=things[-THINGS_KEPT:],
        entity=delivery.entity,
        expires=expires,
    )


def _live(entry: dict, now: float) -> bool:
    return entry["holder"] is not None and entry["lease"] > now


def _unsure(entry: dict) -> float | None:
    """Since when *entry* may have had an effect; a lost one may, like a failed one."""
    if entry["unsure"] is not None:
        return entry["unsure"]
    return entry["began"] if entry["holder"] is not None else None


def _repeated(event: EventRecord, delivery: Delivery) -> dict | None:
    """The finished entry that *delivery* only says again."""
    finished = event.finished
    for entry in reversed(finished) if delivery.happening else finished[-1:]:
        if entry["fingerprint"] == delivery.fingerprint and entry["status"] < 300:
            return None if _changes_after(entry, event, delivery) else entry
    return None


def _changes_after(entry: dict, event: EventRecord, delivery: Delivery) -> bool:
    """Whether another value that came after *entry*'s is still to take effect."""
    return not delivery.happening and any(
        waiting["fingerprint"] != delivery.fingerprint
        and waiting["time"] > entry["time"]
        for waiting in event.open.values()
    )


def _finished(delivery: Delivery, answered: Answered, now: float) -> dict:
    return {
        "fingerprint": delivery.fingerprint,
        "event": delivery.event,
        "thing": delivery.thing,
        "time": delivery.time,
        "status": answered.status,
        "answer": answered.answer,
        "at": now,
    }
