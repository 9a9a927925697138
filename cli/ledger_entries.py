"""The ledger's entries as commands read them: one for each message of an event."""

from collections.abc import Iterator

from functions.ledger.record import EventRecord
from functions.ledger.states import Entry


def record_entries(record: EventRecord) -> Iterator[tuple[str, Entry]]:
    """Message id and entry of each message that carried the event."""
    yield from record["open"].items()
    for entry in record["finished"]:
        yield entry["message_id"], entry
