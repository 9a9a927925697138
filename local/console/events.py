"""The list of events and the details of one, read from the journal."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from cli.event_state import OF_OUTCOME, STATES
from cli.journal_entries import BROKER, JournalEntry
from local.commerce.call_journal import CallJournal
from local.journal import Journal

MAX_ENTRIES = 4_000  # of the journal; older events are found by their uid
MAX_ROWS = 100
MAX_CALLS = 2_000  # of the stand-in's journal
CALL_NAMES = ("method", "route", "status")
CLOCK_SLACK_SECONDS = 1.0  # between a call at the stand-in and the consumer's log entry
# The journal does not know which entities are paused and which events are discarded.
STATUSES = tuple(state for state in STATES if state not in ("paused", "discarded"))


@dataclass
class Row:
    """One event and its current status.

    Attributes:
        key: names the row; ``#id`` of its entry where the event has no uid.
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
    status: str = "waiting"
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


def list_events(journal: Journal, wanted: Filter, limit: int = MAX_ROWS) -> list[Row]:
    """The newest events first."""
    rows: dict[str, Row] = {}
    # An event older than the newest entries is found by its full uid.
    older = journal.read(uid=wanted.uid, limit=MAX_ENTRIES) if wanted.uid else []
    newest = journal.read(limit=MAX_ENTRIES)
    first_id = newest[0].id if newest else 0
    for entry in [*(entry for entry in older if entry.id < first_id), *newest]:
        if entry.labels.get("component") not in (None, BROKER):
            continue
        uid = entry.labels.get("uid")
        key = uid or f"#{entry.id}"
        row = rows.pop(key, None) or Row(key, entry.at, uid or "")
        rows[key] = row  # the newest last
        _update(row, entry)
    matching = [row for row in reversed(rows.values()) if wanted.matches(row)]
    return matching[:limit]


def _update(row: Row, entry: JournalEntry) -> None:
    labels, stage = entry.labels, entry.stage
    row.at = entry.at
    row.event = labels.get("event") or row.event
    row.entity = labels.get("entity") or row.entity
    if labels.get("component") == BROKER:
        _update_from_broker(row, stage, labels)
    elif outcome := labels.get("outcome"):
        row.outcome = outcome
        row.status = OF_OUTCOME.get(outcome, "retrying")
        row.attempt = labels.get("attempt", row.attempt)
        row.http_status, row.ms = labels.get("status"), labels.get("ms")
        row.fields = labels.get("fields") or []
        if outcome == "duplicate" and (row.http_status or 0) >= 400:
            row.status = "rejected"  # the recorded result of an earlier delivery


def _update_from_broker(row: Row, stage: str, labels: dict[str, Any]) -> None:
    match stage:
        case "published":
            row.dead_lettered = bool(labels.get("dead_letter"))
            # A duplicate does not change what the first delivery achieved.
            if not row.dead_lettered and row.status not in ("handled", "skipped"):
                row.status, row.outcome = "waiting", ""
                row.http_status = row.ms = None
                row.fields = []
        case "delivered":
            row.attempt = labels.get("attempt")
            if row.status not in ("handled", "skipped"):
                row.status = "in flight"
        case "answered":
            # Without a response no function logged an outcome.
            if labels.get("status") is None:
                row.status, row.outcome = "retrying", "retry"
        case "exhausted":
            row.status = "exhausted"


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
        if entry.id == number and entry.labels.get("outcome") == "rejected":
            return entry
    return None


def commerce_calls(
    stand_in_calls: CallJournal, journal: Journal, uid: str
) -> list[dict[str, Any]]:
    """The stand-in's requests and responses for *uid*, oldest first.

    The functions log a call by its route alone. Of the stand-in's requests with the
    same route and status during the delivery, the one that contains most of the event's
    value is taken, and of several the last.
    """
    candidates = stand_in_calls.read_calls(limit=MAX_CALLS)
    leaves = _leaves(payload(journal, uid))
    taken: set[int] = set()
    calls = []
    for entry in journal.read(uid=uid):
        if "component" in entry.labels:
            continue
        start = entry.at - (entry.labels.get("ms") or 0) / 1000 - CLOCK_SLACK_SECONDS
        for call in entry.labels.get("calls", ()):
            matching = [
                one
                for one in candidates
                if all(one[name] == call[name] for name in CALL_NAMES)
                and start <= one["at"] <= entry.at + CLOCK_SLACK_SECONDS
                and one["id"] not in taken
            ]
            if matching:
                best = max(matching, key=lambda one: (_overlap(leaves, one), one["at"]))
                taken.add(best["id"])
                calls.append(best)
    return calls


def parse(text: str) -> Any:
    """*text* as JSON, or as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _leaves(value: Any) -> set[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*(_leaves(one) for one in value))
    return {str(value)} if value not in (None, True, False, "") else set()


def _overlap(leaves: set[str], request: dict[str, Any]) -> int:
    text = request["path"] + json.dumps(request["body"], ensure_ascii=False)
    return sum(leaf in text for leaf in leaves)
