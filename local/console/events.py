"""The newest events and the life of each, read from the journal."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from cli.happened import Entry
from local.commerce.call_journal import CallJournal
from local.journal import Journal

LOOKED_AT = 4_000  # entries of the journal; what is older is found by its uid
ROWS = 100
SLACK_SECONDS = 1.0  # between a call's end at Commerce and its line in the journal
OUTCOMES = ("under way", "handled", "duplicate", "rejected", "retry", "error")


@dataclass
class Row:
    """One event as it stands.

    Attributes:
        key: names the row; ``#id`` of its entry where the event has no uid.
        at: seconds since 1970, of the newest entry.
        outcome: one of ``OUTCOMES``.
        fields: at fault, where ingest refused it.
        dead: it lies among the dead letters, as far as the journal tells.
    """

    key: str
    at: float
    uid: str = ""
    event: str = ""
    entity: str = ""
    outcome: str = "under way"
    stage: str = ""
    attempt: int | None = None
    status: int | None = None
    ms: float | None = None
    fields: list[str] = field(default_factory=list)
    dead: bool = False


@dataclass(frozen=True)
class Wanted:
    """Which rows to show; what is empty does not matter."""

    entity: str = ""
    event: str = ""
    outcome: str = ""
    uid: str = ""

    def takes(self, row: Row) -> bool:
        """Whether *row* is meant."""
        return (
            self.entity in ("", row.entity)
            and self.event in ("", row.event)
            and self.outcome in ("", row.outcome)
            and self.uid.casefold() in row.uid.casefold()
        )


def rows(
    journal: Journal, wanted: Wanted, dead_letters: str, most: int = ROWS
) -> list[Row]:
    """The newest events first.

    Args:
        dead_letters: full name of the topic of dead letters.
    """
    found: dict[str, Row] = {}
    # A uid that is given in full may be older than what is looked at without one.
    old = journal.read(uid=wanted.uid, most=LOOKED_AT) if wanted.uid else []
    new = journal.read(most=LOOKED_AT)
    first = new[0].id if new else 0
    for entry in [*(entry for entry in old if entry.id < first), *new]:
        if entry.labels.get("room") == "commerce" or entry.stage == "restarted":
            continue
        name = entry.labels.get("uid")
        key = name or f"#{entry.id}"
        row = found.pop(key, None) or Row(key, entry.at, name or "")
        found[key] = row  # the newest last
        _take(row, entry, dead_letters)
    newest = (row for row in reversed(found.values()) if wanted.takes(row))
    return [row for row, _ in zip(newest, range(most), strict=False)]


def _take(row: Row, entry: Entry, dead_letters: str) -> None:
    """Bring *row* up to what *entry* says."""
    labels, stage = entry.labels, entry.stage
    row.at = entry.at
    row.event = labels.get("event") or row.event
    row.entity = labels.get("entity") or row.entity
    if labels.get("room") == "broker":
        _take_broker(row, stage, labels, dead_letters)
        return
    if stage == "received":
        row.outcome, row.status, row.ms, row.dead = "under way", None, None, False
        row.fields = labels.get("fields") or []
    row.stage = stage
    row.attempt = labels.get("attempt", row.attempt)
    if stage != "published":
        row.status = labels.get("status", row.status)
        row.ms = labels.get("ms", row.ms)
    if stage == "attempt":
        row.status = row.ms = None
        row.outcome = "under way"
    row.outcome = labels.get("outcome", row.outcome)


def _take_broker(row: Row, stage: str, labels: dict, dead_letters: str) -> None:
    if stage == "published":
        row.dead = labels.get("topic") == dead_letters
        if not row.dead and row.outcome not in ("handled", "duplicate"):
            row.outcome, row.stage = "under way", "published"
    elif stage == "dead-lettered":
        row.dead, row.outcome = True, "rejected"
    elif stage == "answered" and labels.get("status") is None:
        # Nobody was there, so no function tells of it.
        row.outcome, row.attempt = "retry", labels.get("attempt")


def payload(journal: Journal, uid: str) -> Any:
    """The value of the newest message of *uid*, as JSON where it is; None if gone."""
    for entry in reversed(journal.read(uid=uid)):
        if entry.stage == "published" and "data" in entry.labels:
            return parsed(entry.labels["data"])
    return None


def refusal(journal: Journal, key: str) -> Entry | None:
    """The entry of a row without a uid; None where it is gone, or no refusal."""
    if not re.fullmatch(r"#[0-9]{1,18}", key):  # SQLite's integers end at 2**63
        return None
    number = int(key[1:])
    found = journal.read(number - 1, most=LOOKED_AT)
    meant = (entry for entry in found if entry.id == number)
    return next((e for e in meant if e.labels.get("outcome") == "rejected"), None)


def exchanges(
    requests: CallJournal, journal: Journal, uid: str
) -> list[dict[str, Any]]:
    """What Commerce was asked for *uid* and what it answered, oldest first.

    The functions tell of a call by its route alone. Of the stand-in's requests, the one
    meant is the last of that route and status before the line; of several at once, the
    one that holds most of the event's value.
    """
    asked = requests.read_calls(limit=2_000)
    leaves = _leaves(payload(journal, uid))
    taken: set[int] = set()
    found = []
    for entry in journal.read(uid=uid):
        if entry.stage != "call" or "room" in entry.labels:
            continue
        method, _, route = str(entry.labels.get("message", "")).partition(" ")
        began = entry.at - (entry.labels.get("ms") or 0) / 1000 - SLACK_SECONDS
        meant = [
            one
            for one in asked
            if one["method"] == method
            and one["route"] == route
            and one["status"] == entry.labels.get("status")
            and began <= one["at"] <= entry.at + SLACK_SECONDS
            and one["id"] not in taken
        ]
        if meant:
            best = max(meant, key=lambda one: (_held(leaves, one), one["at"]))
            taken.add(best["id"])
            found.append(best)
    return found


def parsed(text: str) -> Any:
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


def _held(leaves: set[str], request: dict[str, Any]) -> int:
    text = request["path"] + json.dumps(request["body"], ensure_ascii=False)
    return sum(leaf in text for leaf in leaves)
