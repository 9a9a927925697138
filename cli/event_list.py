"""The events that a journal or logs are about: one row each, with its current state."""

import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from cli.backoff import estimated_next_attempt
from cli.event_state import (
    PENDING,
    STATES,
    Observation,
    State,
    current_state,
    logged_observation,
)
from cli.journal_entries import (
    BROKER,
    OF_EVENTS,
    OPERATOR,
    REQUEST,
    JournalEntry,
)
from cli.search_terms import search_terms, term_matches
from cli.times import timestamp_of

STATUSES = STATES
PENDING_FILTER = "pending"
MAX_OBSERVATIONS = 1_000  # of one row; the newest message decides its state
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
        request: id of the request, where ingest rejected it and the local stack kept
            its body.
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
    request: str = ""
    dead_lettered: bool = False
    next_attempt: float | None = None


@dataclass(frozen=True)
class Filter:
    """Which rows to list; an empty field matches all.

    Attributes:
        status: a status, or PENDING_FILTER for those that are not final.
        uid: part of it, case-insensitive.
        search: part of the uid, or of an identifier in the payload (SKU, e-mail
            address, order number), case-insensitive; a number matches whole.
        since: posted then or later; seconds since 1970.
        until: posted before.
    """

    entity: str = ""
    event: str = ""
    status: str = ""
    uid: str = ""
    search: str = ""
    since: float = 0.0
    until: float = math.inf

    def matches(self, row: Row, terms: str = "") -> bool:
        """Whether *row* is to be listed.

        Args:
            terms: of its payload, as :func:`search_terms` returns them.
        """
        return (
            self.entity in ("", row.entity)
            and self.event in ("", row.event)
            and (
                self.status in ("", row.status)
                or (self.status == PENDING_FILTER and row.status in NOT_FINAL)
            )
            and self.since <= row.posted < self.until
            and (not self.uid or self.uid.casefold() in row.uid.casefold())
            and (not self.search or term_matches(self.search, row.uid, terms))
        )


@dataclass
class _Known:
    """What is known of one row.

    Attributes:
        last_id: of its newest entry.
        exhausted: when the delivery attempts of a message were used up.
        discarded: when a dead letter was removed, and its message where it is known.
        terms: of the payloads.
        is_current: the row's status follows from all observations.
    """

    row: Row
    last_id: int = 0
    observations: list[Observation] = field(default_factory=list)
    exhausted: list[str] = field(default_factory=list)
    discarded: list[tuple[str, str | None]] = field(default_factory=list)
    terms: str = ""
    is_current: bool = False

    def current_row(self) -> Row:
        """The row with the current status, as if its entity were delivered."""
        if not self.is_current:
            self.row.status = current_state(
                self.observations, self.exhausted, discarded=self.discarded
            ).state
            self.is_current = True
        return self.row


class EventIndex:
    """The events of a journal or of logs, in memory: one row each.

    A request that ingest rejected has a row of its own, whatever its uid.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}  # the newest last
        self._requests: dict[str, _Known] = {}  # rejected, whose body is not seen yet

    def __len__(self) -> int:
        return len(self._known)

    def add(self, entry: JournalEntry) -> None:
        """Take in the next entry."""
        labels = entry.labels
        if labels.get("component") == REQUEST:
            request = self._requests.pop(labels.get("message_id", ""), None)
            if request:
                request.terms = search_terms(labels.get("body", ""))
            return
        if labels.get("component") not in OF_EVENTS:
            return
        uid = labels.get("uid", "")
        if labels.get("component") == OPERATOR and uid not in self._known:
            return  # the event itself is no longer in the journal
        rejection = is_rejection(entry)
        key = f"#{entry.id}" if not uid or rejection else uid
        event = self._known.pop(key, None) or _Known(Row(key, entry.at, entry.at, uid))
        self._known[key] = event
        event.last_id = entry.id
        event.is_current = False
        _update(event, entry)
        if rejection and "request" in labels:
            self._requests[labels["request"]] = event

    def drop_before(self, entry_id: int) -> None:
        """Forget the events whose newest entry is older than *entry_id*."""
        old = []
        for key, event in self._known.items():
            if event.last_id >= entry_id:
                break
            old.append(key)
        for key in old:
            self._requests.pop(self._known.pop(key).row.request, None)

    def rows(
        self, wanted: Filter, paused: Container[str] = (), *, estimated: bool = False
    ) -> Iterator[Row]:
        """The wanted rows, the newest first; they are not to be changed.

        Args:
            paused: entities that are not delivered.
            estimated: no entry has the time of the next attempt: compute it.
        """
        for event in reversed(self._known.values()):
            row = event.current_row()
            if row.status in PENDING and row.entity in paused:
                row = replace(row, status="paused")
            if row.status != "retrying":
                if row.next_attempt is not None:
                    row = replace(row, next_attempt=None)
            elif estimated and row.attempt:
                at = estimated_next_attempt(row.at, row.attempt)
                row = replace(row, next_attempt=at)
            if wanted.matches(row, event.terms):
                yield row

    def page(
        self, wanted: Filter, start: int, limit: int, paused: Container[str] = ()
    ) -> tuple[list[Row], int]:
        """The wanted rows from number *start*, at most *limit*, and how many match."""
        if wanted == Filter():  # all match: the others need not be looked at
            return list(islice(self.rows(wanted, paused), start, start + limit)), len(
                self
            )
        rows = list(self.rows(wanted, paused))
        return rows[start : start + limit], len(rows)


def list_events(
    entries: Iterable[JournalEntry],
    wanted: Filter,
    paused: Container[str] = (),
    *,
    estimated: bool = False,
) -> Iterator[Row]:
    """The events that *entries* are about, the newest first.

    Args:
        entries: oldest first.
        paused: entities that are not delivered.
        estimated: no entry has the time of the next attempt: compute it.
    """
    index = EventIndex()
    for entry in entries:
        index.add(entry)
    return index.rows(wanted, paused, estimated=estimated)


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
        if len(event.observations) > MAX_OBSERVATIONS:  # of a uid that is posted often
            del event.observations[: -MAX_OBSERVATIONS // 2]
    if by_broker:
        _update_from_broker(row, stage, labels)
        if stage == "exhausted":
            event.exhausted.append(at)
        elif stage == "published" and not row.dead_lettered:
            event.terms = search_terms(labels.get("data", ""))
    elif stage == "discarded":
        event.discarded.append((at, labels.get("message_id")))
        row.dead_lettered = False
    elif outcome := labels.get("outcome"):
        row.outcome = outcome
        row.attempt = labels.get("attempt", row.attempt)
        row.http_status, row.ms = labels.get("status"), labels.get("ms")
        row.fields = labels.get("fields") or []
        row.request = labels.get("request", "")


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
