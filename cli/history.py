"""An event's history and current state, from journal, logs, ledger and dead letters.

Locally the stack's journal has every step. Elsewhere the ledger has each message's
newest attempt and result, and Cloud Logging the single attempts.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cli.backoff import estimated_next_attempt
from cli.dead_letter import DeadLetter
from cli.deployment import Deployment
from cli.event_state import (
    PENDING,
    Observation,
    State,
    current_state,
    logged_observation,
)
from cli.journal_entries import BROKER, OF_EVENTS
from cli.journal_file import read_journal
from cli.ledger_entries import record_entries
from cli.log_steps import LogEntry, log_steps
from cli.steps import PUBLISHING, Step, in_order
from cli.times import timestamp_of
from functions.ledger.record import EventRecord
from functions.ledger.states import Entry, entry_state, last_change


@dataclass(frozen=True)
class History:
    """What is known of one uid.

    Attributes:
        steps: oldest first.
        state: the current state.
        status: of the last result, where there is one.
        message: the sentence of the last result.
        dead_letters: message ids of its dead letters.
        attempt: of a retrying event, the number of the next attempt.
        next_attempt: its earliest time; without the local stack's journal estimated
            from the ledger's last attempt and the default backoff.
    """

    steps: list[Step]
    state: State
    status: int | None
    message: str
    dead_letters: list[str]
    attempt: int | None = None
    next_attempt: str | None = None


def event_history(
    deployment: Deployment,
    uid: str,
    dead_letters: Sequence[DeadLetter] = (),
    logs: Sequence[LogEntry] = (),
    is_paused: Callable[[str], bool] = lambda entity: False,
    clock: Callable[[], float] = time.time,
) -> History | None:
    """Everything known of *uid*; None when nothing is.

    Args:
        letters: the dead letters of that uid.
        logs: entries of Cloud Logging about it.
        is_paused: whether delivery of an entity is paused; called where it matters.
        clock: seconds since 1970.

    Raises:
        LedgerUnavailable: the ledger cannot be read.
        Unreachable: the journal cannot be read.
    """
    now = clock()
    ledger = deployment.ledger
    records = ledger.events_of(uid) if ledger else []
    journal = list(_journal(deployment, uid))
    logged = [
        *log_steps(journal, "journal", deployment.dead_letter_topic),
        *log_steps(logs, "logs", deployment.dead_letter_topic),
    ]
    entries = [pair for record in records for pair in record_entries(record)]
    logged = _with_messages(logged, entries)
    listed = {dead_letter.message_id for dead_letter in dead_letters}
    steps = [step for step in logged if step.message_id not in listed]
    for record in records:
        steps += _ledger_steps(record, logged, now)
    steps += [_dead_lettered(dead_letter) for dead_letter in dead_letters]
    if not steps:
        return None
    observations = [
        *_logged_observations(logged, journal),
        *(_ledger_observation(m, entry, now) for m, entry in entries),
        *_dead_letter_observations(dead_letters),
    ]
    exhausted = [
        *(step.at for step in logged if step.stage == "exhausted"),
        *(
            dead_letter.since
            for dead_letter in dead_letters
            if dead_letter.origin == "pubsub"
        ),
    ]
    discarded = [(s.at, s.message_id) for s in logged if s.stage == "discarded"]
    state = current_state(observations, exhausted, discarded=discarded)
    if state.state in PENDING and is_paused(_entity(steps)):
        state = replace(state, state="paused")
    attempt, next_attempt = None, None
    if state.state == "retrying":
        attempt, next_attempt = _next_attempt(state.message_id, journal, entries)
    return History(
        in_order(steps),
        state.state,
        state.status,
        state.message,
        [dead_letter.message_id for dead_letter in dead_letters],
        attempt,
        next_attempt,
    )


def _next_attempt(
    message_id: str | None, journal: list[LogEntry], entries: list[tuple[str, Entry]]
) -> tuple[int | None, str | None]:
    """Number and time of the next attempt; None where it is not known."""
    for logged in reversed(journal):
        labels = logged.labels
        if logged.message_id == message_id and "next_attempt" in labels:
            return labels["attempt"] + 1, timestamp_of(labels["next_attempt"])
    for known_id, entry in entries:
        if known_id == message_id and "attempts" in entry:
            seconds = estimated_next_attempt(entry["started"], entry["attempts"])
            return entry["attempts"] + 1, timestamp_of(seconds)
    return None, None


def _entity(steps: list[Step]) -> str:
    names = (step.labels.get("entity") for step in steps)
    return next((name for name in names if name), "")


def _journal(deployment: Deployment, uid: str) -> Iterator[LogEntry]:
    for entry in read_journal(deployment.state, uid):
        component = entry.labels.get("component")
        if component in OF_EVENTS:
            at = timestamp_of(entry.at)
            yield LogEntry(at, entry.stage, entry.labels, component == BROKER)


def _with_messages(logged: list[Step], entries: list[tuple[str, Entry]]) -> list[Step]:
    """*logged*, with the sentence of each message's last result.

    Only the ledger has it: it may quote the event's value, so it is not logged.
    """
    messages = {
        (message_id, entry["status"]): entry["message"]
        for message_id, entry in entries
        if entry["message"]
    }
    steps = []
    for step in sorted(logged, key=lambda step: step.at, reverse=True):
        if step.stage == "outcome":
            key = step.labels["message_id"], step.labels.get("status")
            if message := messages.pop(key, None):
                step = replace(step, labels={**step.labels, "message": message})
        steps.append(step)
    return steps[::-1]


def _ledger_steps(
    record: EventRecord, logged: list[Step], now: float
) -> Iterator[Step]:
    """What *record* says beyond *logged*."""
    known = {
        (step.stage, step.message_id, step.labels.get("attempt")) for step in logged
    }
    published: set[tuple[str, str]] = set()
    for message_id, entry in sorted(
        record_entries(record), key=lambda pair: last_change(pair[1])
    ):
        labels: dict[str, Any] = {
            "event": entry["event"],
            "entity": record["entity"],
            "message_id": message_id,
        }
        # A replay keeps the event's time, and has a message id of its own.
        publishing = entry["time"], entry["content_hash"]
        if known.isdisjoint((s, message_id, None) for s in PUBLISHING):
            if publishing in published:
                at = timestamp_of(last_change(entry))
                yield Step(at, "replayed", "ledger", labels)
            else:
                yield Step(entry["time"], "received", "ledger", labels)
        published.add(publishing)
        if "finished_at" in entry:
            if not any(s == "outcome" and m == message_id for s, m, _ in known):
                outcome = {"outcome": entry_state(entry, now), **_result(entry)}
                at = timestamp_of(entry["finished_at"])
                yield Step(at, "outcome", "ledger", {**labels, **outcome})
        elif ("delivered", message_id, entry["attempts"]) not in known:
            attempt = {"attempt": entry["attempts"]}
            # With an owner, the result is that of the attempt before.
            result = _result(entry) if entry["owner"] is None else {}
            at = timestamp_of(entry["started"])
            yield Step(at, "delivered", "ledger", {**labels, **attempt, **result})


def _dead_lettered(dead_letter: DeadLetter) -> Step:
    labels = {
        "event": dead_letter.event,
        "entity": dead_letter.entity,
        "message_id": dead_letter.message_id,
        "attempt": dead_letter.attempts,
        "status": dead_letter.status,
        "message": dead_letter.reason,
    }
    return Step(dead_letter.since, "dead-lettered", "dead letters", labels)


def _result(entry: Entry) -> dict[str, Any]:
    if entry["status"] is None:
        return {}
    return {"status": entry["status"], "message": entry["message"] or ""}


def _logged_observations(
    logged: list[Step], journal: list[LogEntry]
) -> Iterator[Observation]:
    for step in logged:
        if observation := logged_observation(step.at, step.stage, step.labels):
            yield observation
    for entry in journal:
        if entry.by_broker and entry.stage != "published":
            if observation := logged_observation(
                entry.at, entry.stage, entry.labels, by_broker=True
            ):
                yield observation


def _ledger_observation(message_id: str, entry: Entry, now: float) -> Observation:
    return Observation(
        timestamp_of(last_change(entry)),
        message_id,
        entry_state(entry, now),
        entry["status"],
        entry["message"] or "",
    )


def _dead_letter_observations(
    dead_letters: Sequence[DeadLetter],
) -> Iterator[Observation]:
    for dead_letter in dead_letters:
        if dead_letter.origin != "pubsub":
            yield Observation(
                dead_letter.since,
                dead_letter.original_message_id or dead_letter.message_id,
                "rejected",
                dead_letter.status,
                dead_letter.reason,
            )
