"""The list of events and the details of one, read from the journal."""

import json
import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from cli.event_state import (
    STATES,
    Observation,
    State,
    current_state,
    logged_observation,
)
from cli.journal_entries import BROKER, JournalEntry
from cli.times import timestamp_of
from local.commerce.call_journal import CallJournal
from local.journal import Journal

MAX_ENTRIES = 4_000  # of the journal; older events are found by their uid
MAX_ROWS = 100
# The journal does not know which events are discarded.
STATUSES = tuple(state for state in STATES if state != "discarded")


@dataclass
class Row:
    """One event and its current status.

    Attributes:
        key: names the row; ``#id`` of its entry where ingest rejected the request, or
            the event has no uid.
        at: seconds since 1970, of the newest entry.
        status: one of ``STATUSES``.
        outcome: of the last delivery.
        http_status: of the last delivery, or of ingest where it rejected the event.
        fields: paths of invalid fields, where ingest rejected the event.
        dead_lettered: it is in the dead-letter topic, as far as the journal knows.
    """

    key: str
    at: float
    uid: str = ""
    event: str = ""
    entity: str = ""
    status: State = "waiting"
    outcome: str = ""
    attempt: int | None = None
    http_status: int | None = None
    ms: float | None = None
    fields: list[str] = field(default_factory=list)
    dead_lettered: bool = False


@dataclass(frozen=True)
class Filter:
    """Which rows to list; an empty field matches all."""

    entity: str = ""
    event: str = ""
    status: str = ""
    uid: str = ""

    def matches(self, row: Row) -> bool:
        """Whether *row* is to be listed."""
        return (
            self.entity in ("", row.entity)
            and self.event in ("", row.event)
            and self.status in ("", row.status)
            and self.uid.casefold() in row.uid.casefold()
        )


@dataclass
class _Known:
    """What the journal says of one row.

    Attributes:
        exhausted: when the delivery attempts of a message were used up.
    """

    row: Row
    observations: list[Observation] = field(default_factory=list)
    exhausted: list[str] = field(default_factory=list)


def list_events(
    journal: Journal,
    wanted: Filter,
    limit: int = MAX_ROWS,
    paused: Container[str] = (),
) -> list[Row]:
    """The newest events first.

    A request that ingest rejected has a row of its own, whatever its uid.

    Args:
        paused: entities that are not delivered.
    """
    known: dict[str, _Known] = {}
    # An event older than the newest entries is found by its full uid.
    older = journal.read(uid=wanted.uid, limit=MAX_ENTRIES) if wanted.uid else []
    newest = journal.read(limit=MAX_ENTRIES)
    first_id = newest[0].id if newest else 0
    for entry in [*(entry for entry in older if entry.id < first_id), *newest]:
        if entry.labels.get("component") not in (None, BROKER):
            continue
        uid = entry.labels.get("uid", "")
        key = f"#{entry.id}" if not uid or is_rejection(entry) else uid
        event = known.pop(key, None) or _Known(Row(key, entry.at, uid))
        known[key] = event  # the newest last
        _update(event, entry)
    rows: list[Row] = []
    for event in reversed(known.values()):
        row = event.row
        is_paused = row.entity in paused
        row.status = current_state(
            event.observations, event.exhausted, paused=is_paused
        ).state
        if wanted.matches(row):
            rows.append(row)
            if len(rows) == limit:
                break
    return rows


def is_rejection(entry: JournalEntry) -> bool:
    """Whether it is about a request that ingest did not publish."""
    labels = entry.labels
    return (
        entry.stage == "published"
        and "outcome" in labels
        and "message_id" not in labels
        and "component" not in labels
    )


def _update(event: _Known, entry: JournalEntry) -> None:
    row, labels, stage = event.row, entry.labels, entry.stage
    by_broker = labels.get("component") == BROKER
    row.at = entry.at
    row.event = labels.get("event") or row.event
    row.entity = labels.get("entity") or row.entity
    at = timestamp_of(entry.at)
    if observation := logged_observation(at, stage, labels, by_broker=by_broker):
        event.observations.append(observation)
    if by_broker:
        _update_from_broker(row, stage, labels)
        if stage == "exhausted":
            event.exhausted.append(at)
    elif outcome := labels.get("outcome"):
        row.outcome = outcome
        row.attempt = labels.get("attempt", row.attempt)
        row.http_status, row.ms = labels.get("status"), labels.get("ms")
        row.fields = labels.get("fields") or []


def _update_from_broker(row: Row, stage: str, labels: dict[str, Any]) -> None:
    match stage:
        case "published":
            row.dead_lettered = bool(labels.get("dead_letter"))
            if not row.dead_lettered:
                row.outcome, row.attempt, row.fields = "", None, []
                row.http_status = row.ms = None
        case "delivered":
            row.attempt = labels.get("attempt")
        case "answered" if labels.get("status") is None:
            row.outcome = "retry"


REPLAYED = {
    "retrying": "is published again, and retrying",
    "handled": "is handled",
    "skipped": "is skipped: it needed no change",
    "rejected": "was rejected again",
    "exhausted": "was replayed, and its delivery attempts are exhausted again",
}


def replay_notice(journal: Journal, message_id: str) -> str:
    """What became of the message that a replay published; "" for an unknown one."""
    entries = journal.read(message_id=message_id)
    if not entries:
        return ""
    observations, exhausted = [], []
    for entry in entries:
        at, by_broker = timestamp_of(entry.at), entry.labels.get("component") == BROKER
        observation = logged_observation(
            at, entry.stage, entry.labels, by_broker=by_broker
        )
        if observation:
            observations.append(observation)
        if by_broker and entry.stage == "exhausted":
            exhausted.append(at)
    current = current_state(observations, exhausted)
    status = f" ({current.status})" if current.state in ("rejected", "retrying") else ""
    uid = entries[0].labels.get("uid") or "the event"
    words = REPLAYED.get(current.state, "is published again")
    return f"Replayed: {uid} {words}{status}."


def payload(journal: Journal, uid: str) -> Any:
    """The value of the newest message of *uid*; None where it is no longer stored."""
    for entry in reversed(journal.read(uid=uid)):
        if entry.stage == "published" and "data" in entry.labels:
            return parse(entry.labels["data"])
    return None


def rejection(journal: Journal, key: str) -> JournalEntry | None:
    """The entry of a row without a uid; None where there is no such rejection."""
    if not re.fullmatch(r"#[0-9]{1,18}", key):  # SQLite's integers end at 2**63
        return None
    number = int(key[1:])
    for entry in journal.read(number - 1, limit=MAX_ENTRIES):
        if entry.id == number and (is_rejection(entry) or "uid" not in entry.labels):
            return entry if "outcome" in entry.labels else None
    return None


def commerce_calls(
    stand_in_calls: CallJournal, journal: Journal, uid: str
) -> list[dict[str, Any]]:
    """The stand-in's requests and responses for *uid*, oldest first.

    Each call is sent with a span id of its own, which the delivery's log entry and the
    stand-in record.
    """
    span_ids = [
        call["span_id"]
        for entry in journal.read(uid=uid)
        if "component" not in entry.labels
        for call in entry.labels.get("calls", ())
        if "span_id" in call
    ]
    return stand_in_calls.calls_of(span_ids)


def parse(text: str) -> Any:
    """*text* as JSON, or as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
