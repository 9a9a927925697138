"""The details of one event, read from the journal."""

import json
import re
from dataclasses import dataclass
from typing import Any

from cli.event_list import is_rejection
from cli.event_names import closest_names
from cli.event_state import current_state, logged_observation
from cli.journal_entries import BROKER, REQUEST, JournalEntry
from cli.times import timestamp_of
from functions.events.catalog import find
from local.commerce.call_journal import CallJournal
from local.journal import Journal
from local.rejected_requests import MAX_BODY_BYTES

EVENT_NAME = re.compile(r'"event"\s*:\s*"([^"\\]{1,200})"')
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


def posted_body(journal: Journal, uid: str) -> str:
    """A body that posts the newest message of *uid* again; "" where there is none."""
    for entry in reversed(journal.read(uid=uid)):
        if entry.stage == "published" and "data" in entry.labels:
            value = parse(entry.labels["data"])
            if isinstance(value, str):  # it was cut
                return ""
            event = entry.labels.get("event", "")
            if find(event, "inbound") is None:
                return ""  # only Commerce sends the others
            data = {"uid": uid, "event": event, "value": value}
            return json.dumps({"data": data}, ensure_ascii=False)
    return ""


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
    entry = journal.entry(int(key[1:]))
    if entry and (is_rejection(entry) or "uid" not in entry.labels):
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


@dataclass(frozen=True)
class RejectedRequest:
    """A request that ingest rejected, as it was received.

    Attributes:
        body: its beginning; all of it unless ``is_cut``.
        size: of the whole body, in bytes, as far as ingest read it.
        error: ingest's sentence.
        errors: ingest's messages by the field's path.
        hint: what the operator can check where the caller is not known.
        event: the event's name, as far as the body has one.
        closest: known names of events that it may mean, where it is unknown.
    """

    body: str
    size: int
    is_cut: bool
    error: str
    errors: dict[str, list[str]]
    hint: str
    event: str
    closest: list[str]


def rejected_request(journal: Journal, request_id: str) -> RejectedRequest | None:
    """The request with *request_id*; None where it is not recorded."""
    for entry in journal.read(message_id=request_id) if request_id else ():
        if entry.labels.get("component") != REQUEST:
            continue
        labels = entry.labels
        response = labels.get("response") or {}
        body, size = labels["body"], labels["body_bytes"]
        errors = response.get("errors")
        event = _event_name(body)
        is_known = not event or find(event) is not None
        return RejectedRequest(
            body,
            size,
            size > MAX_BODY_BYTES,
            str(response.get("error", "")),
            errors if isinstance(errors, dict) else {},
            labels.get("hint", ""),
            event,
            [] if is_known else closest_names(event),
        )
    return None


def _event_name(body: str) -> str:
    """The name of the event in *body*, which need not be valid JSON."""
    match = EVENT_NAME.search(body)
    return match[1] if match else ""
