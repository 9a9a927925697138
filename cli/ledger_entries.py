"""The ledger's entries as commands read them: one for each message of an event."""

from collections.abc import Iterator

from functions.ledger.record import EventRecord, FinishedEntry, OpenEntry

Entry = OpenEntry | FinishedEntry


def record_entries(record: EventRecord) -> Iterator[tuple[str, Entry]]:
    """Message id and entry of each message that carried the event."""
    yield from record["open"].items()
    for entry in record["finished"]:
        yield entry["message_id"], entry


def last_change(entry: Entry) -> float:
    """When the newest attempt started, or the message finished; seconds since 1970."""
    return entry["finished_at"] if "finished_at" in entry else entry["started"]
