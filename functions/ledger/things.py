"""What is kept of a thing: pure functions from its record to the record after it.

Of an ordering key it is the newest event that took effect; of a SKU at an inventory
source it is a mark: whose level is the newest, and who is just setting one. Both may be
in one record: the SKU ``a@b`` and ``a`` at the source ``b`` have one name.
"""

from functions.ledger.decisions import Delivery
from functions.ledger.record import VERSION

LONGEST_BACKOFF_SECONDS = 600  # the most that Pub/Sub waits between two tries


def happened(record: dict | None, delivery: Delivery, end: float) -> dict:
    """A thing's record after *delivery* took effect on it."""
    kept = record or _thing(delivery.thing)
    latest = max(newest(kept) or "", delivery.time)
    return {**kept, _where(kept): latest, "expires": end}


def newest(record: dict | None) -> str | None:
    """ce-time of the newest event that took effect on a thing."""
    return record.get(_where(record)) if record else None


def mark_claim(
    record: dict | None,
    delivery: Delivery,
    holder: str,
    thing: str,
    now: float,
    lease: float,
) -> tuple[dict | None, str]:
    """Claim one row's mark: ``send``, ``drop`` (applied, or older) or ``wait``."""
    mark = record or _thing(thing)
    applied = _applied(mark)
    if applied > delivery.time:
        return record, "drop"
    if applied == delivery.time and mark.get("message") == delivery.message_id:
        return record, "drop"
    claim = mark.get("claim")
    if claim and claim["message"] != delivery.message_id:
        # Nobody knows yet what became of a newer level: the older waits for its next
        # try, which renews the claim.
        newer = claim.get("time", "") > delivery.time
        if claim["lease"] + (LONGEST_BACKOFF_SECONDS if newer else 0) > now:
            return record, "wait"
    claim = {"message": delivery.message_id, "holder": holder, "time": delivery.time}
    return {**mark, "claim": {**claim, "lease": now + lease}}, "send"


def mark_applied(
    record: dict | None, delivery: Delivery, holder: str, thing: str
) -> dict:
    """The mark after the row took effect."""
    mark = dict(record or _thing(thing))
    if _applied(mark) <= delivery.time:
        if latest := newest(mark):
            mark["happened"] = latest
        mark.update(time=delivery.time, message=delivery.message_id)
    return _without_claim(mark, delivery, holder)


def mark_released(record: dict | None, delivery: Delivery, holder: str) -> dict | None:
    """The mark after an attempt that is known to have had no effect."""
    if record is None:
        return None
    mark = _without_claim(dict(record), delivery, holder)
    return mark if mark.get("time") or mark.get("claim") else None


def _applied(mark: dict) -> str:
    """ce-time of the newest level that was applied, "" where none was."""
    return mark["time"] if mark.get("message") else ""


def _where(record: dict) -> str:
    """The key of what happened: a mark's ``time`` is that of its level."""
    return "happened" if _applied(record) else "time"


def _without_claim(mark: dict, delivery: Delivery, holder: str) -> dict:
    claim = mark.get("claim") or {}
    # A claim of a version before names no holder.
    claimed = claim.get("message"), claim.get("holder", holder)
    if claimed == (delivery.message_id, holder):
        mark["claim"] = None
    return mark


def _thing(thing: str | None) -> dict:
    return {"kind": "thing", "version": VERSION, "things": [thing], "time": None}
