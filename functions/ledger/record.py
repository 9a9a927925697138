"""The ledger's records: their fields, and the bounds they are kept in.

Records are JSON objects; times are seconds since 1970 unless they are event times
(``time``, RFC 3339 text); ``uid`` and ``resources`` are hashes.
"""

import json
from typing import Any, Literal, NotRequired, TypedDict, cast, final

VERSION = 1
MAX_FINISHED = 1000  # per uid; a caller that uses one uid for everything gets no more
MAX_RECORD_BYTES = 900_000  # as JSON; a Firestore document holds a MiB
MAX_ENTRY_BYTES = 4_000  # as JSON, of one entry with its longest message
MAX_OPEN = 100
MAX_RESOURCES = 100
MAX_MESSAGE_LENGTH = 500  # characters of one result's message


@final
class OpenEntry(TypedDict):
    """A message without a final result."""

    content_hash: str
    webhook_id: str | None  # hash
    event: str
    resource: str | None
    time: str
    attempts: int
    started: float  # of the newest attempt
    owner: str | None  # None: no attempt has a lease
    lease_expires: float | None
    outcome_unknown_since: float | None
    ambiguous_attempts: int  # that Commerce refused in words for any cause
    ambiguous_since: float | None
    status: int | None  # of the newest attempt that ended
    message: str | None


@final
class FinishedEntry(TypedDict):
    """A message with a final result."""

    message_id: str
    content_hash: str
    webhook_id: str | None  # hash
    event: str
    resource: str | None
    time: str
    status: int
    message: str
    finished_at: float


class EventRecord(TypedDict):
    """Everything known about one uid of one caller."""

    kind: Literal["event"]
    version: int
    uid: str
    entity: str
    resources: list[str]
    expires: float
    open: dict[str, OpenEntry]  # by message id
    finished: list[FinishedEntry]  # oldest first; a duplicate follows its original


class Watermark(TypedDict):
    """The newest stock level that was applied to a SKU at a source."""

    time: str
    event: str  # key of the event's record, the same for a replay


class WatermarkLease(TypedDict):
    """A delivery's right to set a stock level."""

    message_id: str
    owner: str
    time: str
    expires: float


class Note(TypedDict):
    """A change that an inbound event makes to a resource of Commerce."""

    message_id: str
    since: float  # start of its first attempt
    until: float  # counts no longer
    fields: dict[str, str] | None  # hash of each value that is set; None: deletion


class ResourceRecord(TypedDict):
    """What is known about one resource: a SKU at a source, a resource of Commerce."""

    kind: Literal["resource"]
    version: int
    resources: list[str]
    expires: float
    watermark: Watermark | None
    lease: WatermarkLease | None
    notes: NotRequired[list[Note]]  # oldest first
    last_event: NotRequired[dict[str, str] | None]  # hash of each of its fields
    stock: NotRequired[str]  # of a product of Commerce, the resource of its level


class EventEditor:
    """A copy of an event's record that is being changed.

    Attributes:
        record: the record as it will be stored.
    """

    def __init__(self, record: EventRecord | None) -> None:
        empty = {"kind": "event", "open": {}, "finished": [], "resources": []}
        self.record = cast(EventRecord, _copied(record) if record else empty)

    @property
    def open(self) -> dict[str, OpenEntry]:
        """Messages without a final result, by message id."""
        return self.record["open"]

    @property
    def finished(self) -> list[FinishedEntry]:
        """Messages with a final result, in the order of ``EventRecord``."""
        return self.record["finished"]

    def describe(self, expires: float, resource: str | None, **fields: Any) -> None:
        """Set the record's own fields; *resource* becomes its newest one."""
        resources = [r for r in self.record["resources"] if r != resource]
        if resource:
            resources.append(resource)
        self.record.update(  # type: ignore[call-arg]  # mypy cannot type **fields
            version=VERSION,
            resources=resources[-MAX_RESOURCES:],
            expires=expires,
            **fields,
        )

    def finish(self, entry: FinishedEntry, after: FinishedEntry | None = None) -> None:
        """Replace the message's open entry by *entry*.

        Args:
            after: of a duplicate, its original: the last finished entry stays the one
                whose value took effect last.
        """
        self.open.pop(entry["message_id"], None)
        index = len(self.finished) if after is None else self.finished.index(after) + 1
        self.finished.insert(index, entry)

    def trim(self, oldest: float) -> None:
        """Drop what finished before *oldest*, and what exceeds the bounds."""
        kept = [entry for entry in self.finished if entry["finished_at"] >= oldest]
        self.record["finished"] = kept[-MAX_FINISHED:]
        for message_id in list(self.open)[:-MAX_OPEN]:
            del self.open[message_id]
        if (len(self.open) + len(self.finished)) * MAX_ENTRY_BYTES > MAX_RECORD_BYTES:
            excess = json_size(self.record) - MAX_RECORD_BYTES
            while excess > 0 and self.finished:
                excess -= json_size(self.finished.pop(0)) + len(",")


def _copied(record: EventRecord) -> EventRecord:
    # copy.deepcopy takes ten times as long.
    opened = {message_id: entry.copy() for message_id, entry in record["open"].items()}
    finished = [entry.copy() for entry in record["finished"]]
    resources = [*record["resources"]]
    return {**record, "open": opened, "finished": finished, "resources": resources}


def encode(record: Any) -> str:
    """A record as the stores write it."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def json_size(record: Any) -> int:
    """Bytes of *record* as the stores write it."""
    return len(encode(record).encode(errors="surrogatepass"))
