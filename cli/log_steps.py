"""Makes an event's steps of log entries: each delivery attempt once.

What the logs contain depends on LOG_LEVEL: at DEBUG an attempt has entries of its own
for its start and for each call, at INFO only its outcome, which lists the calls. The
local broker observes starts and responses as well.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from cli.steps import Stage, Step
from functions.timestamps import timestamp

# Fields that are not part of a step: they repeat others, or are about the entry itself.
ENTRY_FIELDS = {"severity", "message", "time", "stage", "component", "data", "topic"}
ENTRY_FIELDS |= {"calls", "dead_letter", "next_attempt"}
ENTRY_FIELDS |= {"logging.googleapis.com/trace", "logging.googleapis.com/spanId"}
CALL = re.compile(r"(GET|POST|PUT|DELETE) (\S+)")


@dataclass(frozen=True)
class LogEntry:
    """An entry of a function, or an observation of the local broker.

    Attributes:
        at: in ``functions.timestamps.timestamp``'s form.
        stage: of the function's entry, or the broker's own word.
        labels: its other fields.
        by_broker: the broker observed it.
    """

    at: str
    stage: str
    labels: dict[str, Any]
    by_broker: bool = False

    @property
    def message_id(self) -> str | None:
        """Pub/Sub's id of the message."""
        return self.labels.get("message_id")

    @property
    def attempt(self) -> int | None:
        """Number of the delivery attempt."""
        return self.labels.get("attempt")

    def fields(self) -> dict[str, Any]:
        """The labels that belong to a step."""
        return {k: v for k, v in self.labels.items() if k not in ENTRY_FIELDS}


@dataclass
class _Attempt:
    """The entries about one delivery attempt."""

    entries: list[LogEntry] = field(default_factory=list)
    calls: list[LogEntry] = field(default_factory=list)
    outcome: LogEntry | None = None


def log_steps(
    entries: Iterable[LogEntry],
    recorded_in: Literal["journal", "logs"],
    dead_letter_topic: str,
) -> list[Step]:
    """The steps that *entries* are about, in no order.

    Args:
        dead_letter_topic: full name; publishing to it makes a dead letter.
    """
    steps: list[Step] = []
    published: dict[str, list[LogEntry]] = {}
    attempts: dict[tuple[str | None, int | None], _Attempt] = {}
    for entry in entries:
        if entry.by_broker and entry.stage == "exhausted":
            steps.append(Step(entry.at, "exhausted", recorded_in, entry.fields()))
        elif entry.stage == "published":
            if entry.labels.get("topic") == dead_letter_topic:
                steps.append(
                    Step(entry.at, "dead-lettered", recorded_in, entry.fields())
                )
            elif entry.message_id is None:
                steps.append(_not_published(entry, recorded_in))
            else:
                published.setdefault(entry.message_id, []).append(entry)
        elif entry.stage in ("received", "discarded"):
            stage: Stage = "received" if entry.stage == "received" else "discarded"
            steps.append(Step(entry.at, stage, recorded_in, entry.fields()))
        elif entry.message_id is not None:
            key = entry.message_id, entry.attempt
            _sort_in(attempts.setdefault(key, _Attempt()), entry)
    for same in published.values():
        steps.append(_published(same, recorded_in))
    for attempt in attempts.values():
        steps.extend(_attempt_steps(attempt, recorded_in))
    return steps


def _published(
    entries: list[LogEntry], recorded_in: Literal["journal", "logs"]
) -> Step:
    """One step of the entries of ingest and of the broker."""
    labels: dict[str, Any] = {}
    for entry in entries:
        labels |= entry.fields()
    labels.pop("status", None)  # 200 without exception
    stage: Stage = "replayed" if labels.get("replayed") else "published"
    return Step(min(e.at for e in entries), stage, recorded_in, labels)


def _not_published(entry: LogEntry, recorded_in: Literal["journal", "logs"]) -> Step:
    """A request that ingest rejected, or could not publish."""
    return Step(entry.at, "published", recorded_in, entry.fields())


def _sort_in(attempt: _Attempt, entry: LogEntry) -> None:
    if entry.stage == "outcome":
        attempt.outcome = entry
    elif entry.stage == "call" and CALL.fullmatch(str(entry.labels.get("message"))):
        attempt.calls.append(entry)
    else:
        attempt.entries.append(entry)


def _attempt_steps(
    attempt: _Attempt, recorded_in: Literal["journal", "logs"]
) -> Iterator[Step]:
    outcome = attempt.outcome
    known = [*attempt.entries, *attempt.calls, *([outcome] if outcome else [])]
    shared = {
        name: value
        for name in ("event", "entity", "uid", "message_id", "attempt")
        for value in [_first(known, name)]
        if value is not None
    }
    starts = [entry.at for entry in known]
    if outcome:
        starts.append(_earlier(outcome.at, outcome.labels.get("ms")))
    start = dict(shared)
    if error := _error(attempt.entries, outcome is not None):
        start["error"] = error
    yield Step(min(starts), "delivered", recorded_in, start)
    for at, call in _calls(attempt):
        yield Step(at, "call", recorded_in, {**shared, **call})
    if outcome:
        labels = {**shared, **outcome.fields()}
        yield Step(outcome.at, "outcome", recorded_in, labels)


def _calls(attempt: _Attempt) -> list[tuple[str, dict[str, Any]]]:
    """Each call once, with its time: of its own entry, or at the latest the next one's.

    At INFO only failed calls have an entry of their own.
    """
    logged = sorted(attempt.calls, key=lambda entry: entry.at)
    if attempt.outcome is None or "calls" not in attempt.outcome.labels:
        return [(entry.at, _call(entry)) for entry in logged]
    calls: list[tuple[str, dict[str, Any]]] = []
    at = attempt.outcome.at
    for call in reversed(attempt.outcome.labels["calls"]):
        call = {name: value for name, value in call.items() if value is not None}
        own = next((e for e in reversed(logged) if _call(e) == call), None)
        if own is not None:
            logged.remove(own)
            at = min(at, own.at)
        calls.append((at, call))
    return calls[::-1]


def _call(entry: LogEntry) -> dict[str, Any]:
    method, _, route = str(entry.labels["message"]).partition(" ")
    labels = {name: entry.labels.get(name) for name in ("status", "ms", "span_id")}
    call = {"method": method, "route": route, **labels}
    return {name: value for name, value in call.items() if value is not None}


def _error(entries: list[LogEntry], has_outcome: bool) -> str | None:
    """Why an attempt failed, as far as its outcome does not say it."""
    for entry in entries:
        if entry.labels.get("severity") == "ERROR":
            return str(entry.labels.get("message"))
        if entry.by_broker and not has_outcome:
            error = entry.labels.get("error") or entry.labels.get("status")
            if error:
                return str(error)
    return None


def _first(entries: list[LogEntry], name: str) -> Any:
    values = (entry.labels.get(name) for entry in entries)
    return next((value for value in values if value is not None), None)


def _earlier(at: str, ms: float | None) -> str:
    return timestamp(datetime.fromisoformat(at) - timedelta(milliseconds=ms or 0))
