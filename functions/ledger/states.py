"""The state of an event by its record: for ``GET /events/<uid>`` and the commands."""

from typing import Literal

from functions.ledger import rules
from functions.ledger.record import EventRecord, FinishedEntry, OpenEntry

EventState = Literal["waiting", "in flight", "retrying", "handled", "rejected"]
Entry = OpenEntry | FinishedEntry


def entry_state(entry: Entry, now: float) -> EventState:
    """The state of one message of an event.

    Args:
        now: seconds since 1970.
    """
    match rules.state(entry, now):
        case "succeeded":
            return "handled"
        case "rejected":
            return "rejected"
        case "in flight":
            return "in flight"
        # No attempt has had a result, as after a crash.
        case "abandoned" if entry["status"] is None:
            return "waiting"
        case _:
            return "retrying"


def last_change(entry: Entry) -> float:
    """When the newest attempt started, or the message finished; seconds since 1970."""
    return entry["finished_at"] if "finished_at" in entry else entry["started"]


def newest_entry(record: EventRecord) -> Entry | None:
    """The message of the event that started or finished last."""
    entries: list[Entry] = [*record["open"].values(), *record["finished"]]
    return max(entries, key=last_change, default=None)
