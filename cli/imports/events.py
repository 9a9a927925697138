"""Validates rows and groups them into events, and events into batches, by lane.

All events of one resource are in one lane, whose batches are sent one after the other.
Rows, uids, groups and lanes follow from the file and the options alone, so that
``--resume`` can count what was sent.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cli.imports.source import Row
from cli.imports.values import Values
from functions.events.catalog import Event, InvalidValue
from functions.events.message import json_bytes
from functions.ingest.envelope import MAX_ERRORS, InvalidEvent, validate_item

BATCH_EVENTS = 100
MAX_BATCH_BYTES = 250_000  # far below the 1 MiB that ingest accepts by default
ROOT = "data.0."  # of an item in the errors of its validation


class RejectedRow(Exception):
    """A row that makes no valid event.

    Attributes:
        error: one sentence.
        errors: messages by field.
    """

    def __init__(self, error: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.errors = errors or {}


class NewEvent(NamedTuple):
    """An event to be posted.

    Attributes:
        rows: numbers of the rows that it holds.
        keys: ordering keys of its rows.
        content: JSON of an item of ``data``.
    """

    uid: str
    rows: list[int]
    keys: frozenset[str]
    content: bytes


class Batch(NamedTuple):
    """Events to be posted in one request, in a lane's order."""

    lane: int
    events: list[NewEvent]


@dataclass
class _Lane:
    events: list[NewEvent] = field(default_factory=list)  # of the next batch
    size: int = 0
    keys: set[str] = field(default_factory=set)  # of these events
    unordered: bool = False  # one of them has no ordering key
    rows: list[tuple[int, str, Any]] = field(default_factory=list)  # of the next event


class Builder:
    """Makes batches of rows.

    Args:
        import_id: the beginning of each uid.
        event: of all rows; None for rows that are events as in ``data``.
        rows_per_event: where the value is a list.
        max_batch_bytes: of the events of a batch, unless it has only one.
    """

    def __init__(
        self,
        import_id: str,
        event: Event | None,
        values: Values | None,
        lanes: int,
        rows_per_event: int,
        max_batch_bytes: int = MAX_BATCH_BYTES,
    ) -> None:
        self._import_id = import_id
        self._event = event
        self._name = event.name if event else ""
        self._values = values
        self._lanes = [_Lane() for _ in range(lanes)]
        self._rows_per_event = rows_per_event
        self._max_batch_bytes = max_batch_bytes

    def add(self, row: Row) -> Iterator[Batch]:
        """The batches that *row* completes.

        Raises:
            RejectedRow: it is invalid.
        """
        if row.error:
            raise RejectedRow(row.error)
        if self._event is None or self._values is None:
            yield from self._add_whole(row)
            return
        value = self._value(self._event, self._values, row.content)
        key = self._event.ordering_key(value)
        number = self._lane_of(key)
        if not self._event.schema.many:
            uid = self._uid(row.number)
            event = _new_event(uid, self._event.name, value, [row.number], {key})
            yield from self._add_event(number, event)
            return
        lane = self._lanes[number]
        lane.rows += [(row.number, key, one) for one in value]
        if len(lane.rows) >= self._rows_per_event:
            yield from self._close_event(number)

    def finish(self) -> Iterator[Batch]:
        """The last batch of each lane."""
        for number, lane in enumerate(self._lanes):
            if lane.rows:
                yield from self._close_event(number)
            if self._lanes[number].events:
                yield self._close_batch(number)

    @staticmethod
    def _value(event: Event, values: Values, content: Any) -> Any:
        """The valid value of a row: a list with one item where values are lists."""
        try:
            if isinstance(content, list):
                value = values.of_cells(content)
            elif isinstance(content, dict):
                value = values.of_object(content)
            else:
                raise RejectedRow("The row is no object")
            return event.load([value] if event.schema.many else value)
        except InvalidValue as invalid:
            errors = {
                path.removeprefix("0.") if event.schema.many else path: messages
                for path, messages in invalid.errors.items()
            }
            raise RejectedRow(f"Invalid value for {event.name}", errors) from None
        except ValueError as error:
            raise RejectedRow(str(error)) from None

    def _add_whole(self, row: Row) -> Iterator[Batch]:
        data = row.content
        if isinstance(data, dict) and isinstance(data.get("data"), dict):
            data = data["data"]  # a whole request body
        if not isinstance(data, dict):
            raise RejectedRow("The row is no object with event and value")
        data = {"uid": self._uid(row.number), **data}
        try:
            json_bytes(data)
            posted = validate_item(data, 0, MAX_ERRORS)
        except InvalidEvent as invalid:
            errors = {
                path.removeprefix(ROOT).removeprefix("value."): messages
                for path, messages in invalid.errors.items()
            }
            raise RejectedRow(invalid.error.replace(ROOT, ""), errors) from None
        except (ValueError, RecursionError) as error:
            raise RejectedRow(f"The row is not valid JSON: {error}") from None
        items = posted.value if posted.event.schema.many else [posted.value]
        # Of a list that ingest publishes without ordering key, the items'.
        keys = {
            posted.event.ordering_key([item] if posted.event.schema.many else item)
            for item in items
        }
        event = _new_event(posted.uid, posted.name, posted.value, [row.number], keys)
        # Lists may have resources in common: they share a lane.
        lane = posted.event.entity if posted.event.schema.many else keys.pop()
        yield from self._add_event(self._lane_of(lane), event)

    def _add_event(self, number: int, event: NewEvent) -> Iterator[Batch]:
        lane = self._lanes[number]
        too_large = lane.size + len(event.content) > self._max_batch_bytes
        # Lists without ordering key are ordered by time alone: that of their request.
        unordered = lane.unordered or len(event.keys) > 1
        same_resource = not lane.keys.isdisjoint(event.keys)
        if lane.events and (too_large or (unordered and same_resource)):
            yield self._close_batch(number)
            lane = self._lanes[number]
        lane.unordered |= len(event.keys) > 1
        lane.events.append(event)
        lane.size += len(event.content)
        lane.keys |= event.keys
        if len(lane.events) == BATCH_EVENTS:
            yield self._close_batch(number)

    def _close_event(self, number: int) -> Iterator[Batch]:
        lane = self._lanes[number]
        rows, lane.rows = lane.rows, []
        numbers = [row for row, _, _ in rows]
        keys = {key for _, key, _ in rows}
        value = [one for _, _, one in rows]
        uid = self._uid(numbers[0])
        event = _new_event(uid, self._name, value, numbers, keys)
        yield from self._add_event(number, event)

    def _close_batch(self, number: int) -> Batch:
        events = self._lanes[number].events
        self._lanes[number] = _Lane(rows=self._lanes[number].rows)
        return Batch(number, events)

    def _lane_of(self, key: str) -> int:
        # Not hash(): it differs from process to process.
        return zlib.crc32(key.encode()) % len(self._lanes)

    def _uid(self, row: int) -> str:
        return f"{self._import_id}-{row}"


def _new_event(
    uid: str, name: str, value: Any, rows: list[int], keys: set[str]
) -> NewEvent:
    content = json_bytes({"uid": uid, "event": name, "value": value})
    return NewEvent(uid, rows, frozenset(keys), content)
