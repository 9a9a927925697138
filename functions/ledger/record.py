"""The form of an event's record, and the bounds it is kept in."""

import copy

VERSION = 1
FINISHED_KEPT = 1000  # per uid; callers who use one uid for all get no more
ANSWERS_KEPT = 400_000  # bytes per uid: a document of Firestore's holds a megabyte
OPEN_KEPT = 100
THINGS_KEPT = 100
LONGEST_ANSWER = 500  # characters of Commerce's message


class EventRecord:
    """An event's record, opened for change: a copy, or a new one.

    Attributes:
        record: as it is to be kept.
        open: entries of messages that are not finished, by message id.
        finished: entries of those that are, oldest first.
    """

    def __init__(self, record: dict | None) -> None:
        self.record = copy.deepcopy(record) if record else {"kind": "event"}
        self.open: dict[str, dict] = self.record.setdefault("open", {})
        self.finished: list[dict] = self.record.setdefault("finished", [])

    def finish(self, message_id: str, entry: dict) -> None:
        """Put *entry* in place of the message's open one."""
        self.open.pop(message_id, None)
        self.finished.append({"message": message_id, **entry})

    def trim(self, oldest: float) -> None:
        """Drop what ended before *oldest*, and what is beyond the bounds."""
        kept = [entry for entry in self.finished if entry["at"] >= oldest]
        kept = kept[-FINISHED_KEPT:]
        size = sum(len(entry["answer"].encode()) for entry in kept)
        while size > ANSWERS_KEPT:
            size -= len(kept.pop(0)["answer"].encode())
        self.record["finished"] = self.finished = kept
        for message in list(self.open)[:-OPEN_KEPT]:
            del self.open[message]
