"""Keeps our own changes from coming back as events of Commerce.

A delivery that changes Commerce leaves a note with its lease, before the call: the
event of Commerce can arrive before the result is recorded. A delivery of an event of
Commerce compares it with the notes, and with the last event of its resource.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import Event
from functions.events.identifiers import watermark_name
from functions.handlers.own_changes import (
    CREATED_BY,
    DEFAULT_SOURCE,
    OwnChange,
    creation_name,
    own_change,
    row_fields,
)
from functions.ledger.decisions import Outcome
from functions.ledger.ledger import NO_EDITS, Edit, Edits, Lease, Ledger
from functions.ledger.own_changes import (
    Change,
    add_note,
    complete_note,
    content,
    find_note,
    note_event,
    notes_of_creation,
    remaining_notes,
    remove_note,
    set_fields,
    without_notes,
)
from functions.ledger.record import Note, ResourceRecord


class OwnChanges:
    """The notes of one delivery; that of an event of Commerce makes none.

    Args:
        settings: None where no inbound events are served.
        seconds: how long a note counts, the setting ECHO_SECONDS; 0 makes none.
        message_id: of the delivery.
    """

    def __init__(
        self,
        ledger: Ledger,
        event: Event,
        value: Any,
        settings: CommerceSettings | None,
        seconds: float,
        message_id: str,
    ) -> None:
        self._ledger = ledger
        self._seconds = seconds
        self._message_id = message_id
        self._since = ledger.clock()
        self._own: OwnChange | None = None
        self._change: Change | None = None
        self._created_id: dict[str, str] = {}  # of a creation: hash of the id, by field
        if self._seconds and settings:
            try:
                self._own = own_change(event.name, value, settings)
            except Exception:
                self._own = None  # a bug in a transform, which the handler reports
        if self._own:
            self._change = self._hashed(self._own)

    def _hashed(self, own: OwnChange) -> Change:
        fields = own.fields
        hashes = self._ledger.hashes
        return Change(
            hashes.resource(own.resource),
            None if fields is None else set_fields(hashes, fields),
        )

    def _noting(self, change: Change) -> Edit:
        until = self._ledger.clock() + self._seconds

        def note(record: ResourceRecord | None) -> ResourceRecord:
            return add_note(record, change, self._message_id, self._since, until)

        return note

    def compare(
        self, event: Event, name: str, value: Any, time: str
    ) -> "CommerceEvent | None":
        """*event* of Commerce for a comparison; None where nothing is noted."""
        if not self._seconds:
            return None
        return CommerceEvent(self._ledger, event, name, value, time)

    def edits_of_lease(self) -> Edits:
        """What is noted together with the lease."""
        if self._change is None:
            return NO_EDITS
        return {self._change.resource: self._noting(self._change)}

    def edits_of_rows(self, rows: list[dict[str, Any]]) -> Edits:
        """What is noted together with the lease of *rows* of stock."""
        if not self._seconds:
            return NO_EDITS
        hashes, edits = self._ledger.hashes, {}
        for row in rows:
            if fields := row_fields(row):
                resource = hashes.resource(watermark_name(row["sku"], row["source"]))
                change = Change(resource, set_fields(hashes, fields))
                edits[resource] = self._noting(change)
        return edits

    def created(self, document: Any) -> None:
        """See ``DeliveryContext``."""
        entity_id = document.get("id") if isinstance(document, dict) else None
        if self._own and self._own.key is None and entity_id is not None:
            name, _ = CREATED_BY[self._own.entity]
            self._created_id = set_fields(self._ledger.hashes, {name: entity_id})

    def edits_of_outcome(
        self, lease: Lease, outcome: Outcome, released: Iterable[str]
    ) -> Edits:
        """What is noted, or no longer, together with the outcome.

        Args:
            released: names of rows of stock that were not applied.
        """
        if not self._seconds:
            return NO_EDITS
        hashes = self._ledger.hashes
        unused = [hashes.resource(name) for name in released]
        succeeded = outcome.final and outcome.status < 300
        if self._change and not succeeded and not outcome.outcome_unknown:
            unused.append(self._change.resource)
        if lease.outcome_unknown_since is not None:
            unused = []  # an earlier attempt may have had an effect
        edits: dict[str, Edit] = dict.fromkeys(unused, self._remove_note)
        if succeeded and self._change and self._created_id:
            edits[self._change.resource] = self._complete_note
        return edits

    def _complete_note(self, record: ResourceRecord | None) -> ResourceRecord | None:
        return complete_note(record, self._message_id, self._created_id)

    def _remove_note(self, record: ResourceRecord | None) -> ResourceRecord | None:
        return remove_note(record, self._message_id)


class CommerceEvent:
    """An event of Commerce, compared with our own changes.

    Args:
        name: its ordering key.
        time: its event time, as in the ledger.
    """

    def __init__(
        self, ledger: Ledger, event: Event, name: str, value: Any, time: str
    ) -> None:
        self._ledger = ledger
        self._resource = ledger.hashes.resource(name)
        self._content = content(
            ledger.hashes,
            value,
            event.handler == "deleted",
            datetime.fromisoformat(time).timestamp(),
        )
        self._note: Note | None = None
        self._product = value if event.entity == "outbound-product" else None
        self._level: str | None = None  # of stock: the resource that has the notes
        self._notes_of_level: list[Note] = []
        self._may_be_new = False
        self._entity = event.entity
        self._creation = creation_name(event.entity, value)
        if event.entity == "outbound-stock":
            self._find_level(value["product_id"])

    def _find_level(self, product_id: Any) -> None:
        """Resolve the product's id to its level, where an event of it was seen."""
        records = self._ledger.find_resource(f"product-id:{product_id}")
        self._level = next((r["stock"] for _, r in records if "stock" in r), None)
        if self._level is not None:
            self._notes_of_level = self._ledger.notes(self._level)

    def is_own_change(self, record: ResourceRecord | None) -> bool:
        """Whether it only reports our own change, by its resource's *record*."""
        notes = record.get("notes", []) if record else []
        self._may_be_new = not notes and not (record and record.get("last_event"))
        if self._level is not None:
            notes = self._notes_of_level
        self._note = find_note(record, notes, self._content, self._ledger.clock())
        return self._note is not None

    def edits(self) -> Edits:
        """What is recorded after it was delivered, or skipped as our own change."""
        created = self._notes_of_creation()
        edits: dict[str, Edit] = {self._resource: self._recording(created)}
        if self._level is not None and self._notes_of_level:
            edits[self._level] = self._use_notes_of_level
        if created and self._creation:
            creation = self._ledger.hashes.resource(self._creation)
            edits[creation] = lambda record: without_notes(record, created)
        return edits

    def _notes_of_creation(self) -> list[Note]:
        """Notes by the name that the resource was created with.

        The first event of a resource brings them together with its id, before or after
        Commerce's response did. It is delivered, so that they count from the next on.
        """
        if not self._may_be_new or self._creation is None:
            return []
        name, _ = CREATED_BY[self._entity]
        notes = self._ledger.notes(self._ledger.hashes.resource(self._creation))
        return notes_of_creation(notes, name, self._content)

    def _recording(self, created: list[Note]) -> Edit:
        def record_event(record: ResourceRecord | None) -> ResourceRecord:
            changed = note_event(
                record, self._resource, self._content, self._note, created
            )
            if self._product and "id" in self._product:
                hashes, product = self._ledger.hashes, self._product
                product_id = hashes.resource(f"product-id:{product['id']}")
                changed["resources"] = [self._resource, product_id]
                level = watermark_name(product["sku"], DEFAULT_SOURCE)
                changed["stock"] = hashes.resource(level)
            return changed

        return record_event

    def _use_notes_of_level(
        self, record: ResourceRecord | None
    ) -> ResourceRecord | None:
        if record is None:
            return None
        notes = record.get("notes", [])
        return {**record, "notes": remaining_notes(notes, self._content, self._note)}
