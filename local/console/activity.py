"""Figures of the last minutes, from the journal: outcomes, latency, backlog."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cli.event_list import is_rejection
from cli.journal_entries import BROKER, JournalEntry

MINUTES = 15
MINUTE_SECONDS = 60
KEPT_MINUTES = 2 * MINUTES  # entries of several processes are not quite in order


@dataclass
class Minute:
    """What happened in one minute.

    Attributes:
        outcomes: deliveries by their outcome, and requests that ingest rejected.
        latencies: from the request at ingest to the end of the delivery that handled
            the event, in milliseconds.
        published: messages by entity.
        finished: messages that are delivered no more, by entity.
        dead_lettered: new dead letters.
        removed: dead letters that were replayed or discarded.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    published: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)
    dead_lettered: int = 0
    removed: int = 0

    def latency(self, share: float) -> float | None:
        """The latency that *share* of the events do not exceed; None without events."""
        if not self.latencies:
            return None
        return percentile(self.latencies, share)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of *values* that is not exceeded by *share* of them.

    Args:
        share: above 0, at most 1.
    """
    return sorted(values)[math.ceil(share * len(values)) - 1]


class Activity:
    """The last minutes of a journal."""

    def __init__(self) -> None:
        self._minutes: dict[int, Minute] = {}

    def add(self, entry: JournalEntry) -> None:
        """Take in the next entry."""
        labels, stage = entry.labels, entry.stage
        component, entity = labels.get("component"), labels.get("entity", "")
        if component is None:
            if stage == "outcome" or is_rejection(entry):
                self._add_outcome(entry)
        elif stage == "discarded":
            self._minute(entry).removed += 1
        elif component != BROKER:
            return
        elif stage == "published":
            minute = self._minute(entry)
            if labels.get("dead_letter"):
                minute.dead_lettered += 1
                return
            minute.published[entity] += 1
            minute.removed += bool(labels.get("replayed"))
        elif stage == "exhausted" or (
            stage == "answered" and 200 <= (labels.get("status") or 0) < 300
        ):
            self._minute(entry).finished[entity] += 1

    def _add_outcome(self, entry: JournalEntry) -> None:
        minute, labels = self._minute(entry), entry.labels
        minute.outcomes[labels.get("outcome", "")] += 1
        age_ms = labels.get("age_ms")
        if labels.get("outcome") == "handled" and isinstance(age_ms, int | float):
            minute.latencies.append(age_ms)

    def _minute(self, entry: JournalEntry) -> Minute:
        number = int(entry.at // MINUTE_SECONDS)
        if number not in self._minutes:
            self._minutes[number] = Minute()
            for old in [n for n in self._minutes if n <= number - KEPT_MINUTES]:
                del self._minutes[old]
        return self._minutes[number]

    def last_minutes(self, now: float) -> list[tuple[int, Minute]]:
        """Start (seconds since 1970) and content of the last minutes, oldest first.

        Args:
            now: seconds since 1970; the last minute is the one that contains it.
        """
        last = int(now // MINUTE_SECONDS)
        numbers = range(last - MINUTES + 1, last + 1)
        empty = Minute()
        return [(n * MINUTE_SECONDS, self._minutes.get(n, empty)) for n in numbers]

    def backlog(self, now: float, current: Mapping[str, int]) -> dict[str, list[int]]:
        """Undelivered messages by entity at the end of each of the last minutes.

        Args:
            current: the numbers now.
        """
        minutes = [minute for _, minute in self.last_minutes(now)]
        return {
            entity: _backwards(
                count, [m.published[entity] - m.finished[entity] for m in minutes]
            )
            for entity, count in current.items()
        }

    def dead_letters(self, now: float, current: int) -> list[int]:
        """Dead letters at the end of each of the last minutes.

        Args:
            current: their number now.
        """
        minutes = [minute for _, minute in self.last_minutes(now)]
        return _backwards(current, [m.dead_lettered - m.removed for m in minutes])


def _backwards(current: int, changes: list[int]) -> list[int]:
    """The value after each of *changes*, the last of which leads to *current*."""
    values = [current]
    for change in reversed(changes[1:]):
        # What was counted in another minute, or not at all, may lead below zero.
        values.append(max(0, values[-1] - change))
    return values[::-1]
