"""The events that a journal or logs are about: one row each, with its current state."""

import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.backoff import estimated_next_attempt
from cli.event_state import (
    STATES,
    Observation,
    State,
    current_state,
    logged_observation,
)
from cli.journal_entries import BROKER, JournalEntry
from cli.times import timestamp_of

# Neither journal nor logs know which events are discarded.
STATUSES = tuple(state for state in STATES if state != "discarded")
PENDING_FILTER = "pending"
NOT_FINAL: frozenset[State] = frozenset({"waiting", "in flight", "retrying", "paused"})


@dataclass
class Row:
    """One event and its current status.

    Attributes:
        key: names the row; ``#id`` of its entry where ingest rejected the request, or
            the event has no uid.
        at: seconds since 1970, of the newest entry.
        posted: of the oldest one.
        status: one of ``STATUSES``.
        outcome: of the last delivery.
        http_status: of the last delivery, or of ingest where it rejected the event.
        fields: paths of invalid fields, where ingest rejected the event.
        dead_lettered: it is in the dead-letter topic, as far as the journal knows.
        next_attempt: of a retrying event, in seconds since 1970, where it is known.
    """

    key: str
    at: float
    posted: float
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
    next_attempt: float | None = None


@dataclass(frozen=True)
class Filter:
    """Which rows to list; an empty field matches all.

    Attributes:
        status: a status, or PENDING_FILTER for those that are not final.
        uid: part of it, case-insensitive.
        since: posted then or later; seconds since 1970.
        until: posted before.
    """

    entity: str = ""
    event: str = ""
    status: str = ""
    uid: str = ""
    since: float = 0.0
    until: float = math.inf

    def matches(self, row: Row) -> bool:
        """Whether *row* is to be listed."""
        return (
            self.entity in ("", row.entity)
            and self.event in ("", row.event)
            and (
                self.status in ("", row.status)
                or (self.status == PENDING_FILTER and row.status in NOT_FINAL)
            )
            and self.since <= row.posted < self.until
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
    entries: Iterable[JournalEntry],
    wanted: Filter,
    paused: Container[str] = (),
    *,
    estimated: bool = False,
) -> Iterator[Row]:
    """The events that *entries* are about, the newest first.

    A request that ingest rejected has a row of its own, whatever its uid.

    Args:
        entries: oldest first.
        paused: entities that are not delivered.
        estimated: no entry has the time of the next attempt: compute it.
    """
    known: dict[str, _Known] = {}
    for entry in entries:
        if entry.labels.get("component") not in (None, BROKER):
            continue
        uid = entry.labels.get("uid", "")
        key = f"#{entry.id}" if not uid or is_rejection(entry) else uid
        event = known.pop(key, None) or _Known(Row(key, entry.at, entry.at, uid))
        known[key] = event  # the newest last
        _update(event, entry)
    for event in reversed(known.values()):
        row = event.row
        is_paused = row.entity in paused
        row.status = current_state(
            event.observations, event.exhausted, paused=is_paused
        ).state
        if row.status != "retrying":
            row.next_attempt = None
        elif estimated and row.attempt:
            row.next_attempt = estimated_next_attempt(row.at, row.attempt)
        if wanted.matches(row):
            yield row


def is_rejection(entry: JournalEntry) -> bool:
    """Whether it is about a request that ingest did not publish."""
    labels = entry.labels
    return (
        entry.stage in ("published", "batch")
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
        case "answered":
            row.next_attempt = labels.get("next_attempt")
            if labels.get("status") is None:
                row.outcome = "retry"
