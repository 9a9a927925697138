"""The list of events and the details of one, read from the journal."""

import json
import re
from collections.abc import Container
from itertools import islice
from typing import Any

from cli.event_list import Filter, Row, is_rejection, list_events
from cli.event_state import current_state, logged_observation
from cli.journal_entries import BROKER, JournalEntry
from cli.times import timestamp_of
from local.commerce.call_journal import CallJournal
from local.journal import Journal

MAX_ENTRIES = 4_000  # of the journal; older events are found by their uid
MAX_ROWS = 100


def read_events(
    journal: Journal,
    wanted: Filter,
    limit: int = MAX_ROWS,
    paused: Container[str] = (),
) -> list[Row]:
    """The newest events first.

    Args:
        paused: entities that are not delivered.
    """
    # An event older than the newest entries is found by its full uid.
    older = journal.read(uid=wanted.uid, limit=MAX_ENTRIES) if wanted.uid else []
    newest = journal.read(limit=MAX_ENTRIES)
    first_id = newest[0].id if newest else 0
    entries = [*(entry for entry in older if entry.id < first_id), *newest]
    return list(islice(list_events(entries, wanted, paused), limit))


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


def was_published(journal: Journal, body: bytes) -> bool:
    """Whether the event of *body* was published before, with this uid and value."""
    try:
        data = json.loads(body)["data"]
        uid, value = str(data["uid"]), data["value"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return False
    return any(
        parse(entry.labels["data"]) == value
        for entry in journal.read(uid=uid)
        if entry.stage == "published"
        and "data" in entry.labels
        and entry.labels.get("event") == data.get("event")
    )


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
