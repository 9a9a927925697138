"""A model of the ledger, written from docs/ledger.md and not from the rules' code."""

from dataclasses import dataclass, field
from typing import Any

from functions.ledger.decisions import Outcome
from tests.support.ledger_kit import LEASE_SECONDS

MAX_BACKOFF_SECONDS = 600


@dataclass(frozen=True)
class Message:
    """One message of an event; a message never changes."""

    message_id: str
    uid: str
    content: str
    time: str
    idempotent: bool = True
    webhook_id: str | None = None


@dataclass
class Attempt:
    """The newest attempt at a message without a final result."""

    message: Message
    number: int
    started: float
    owner: object | None
    expires: float
    unknown_since: float | None
    ambiguous: int

    def is_live(self, now: float) -> bool:
        """Whether its delivery may still be calling Commerce."""
        return self.owner is not None and self.expires > now


@dataclass
class Final:
    """A message with a final result."""

    message: Message
    outcome: Outcome
    time: str


@dataclass
class Row:
    """What is known about a SKU at a source."""

    applied: tuple[str, str] | None = None  # time and uid
    lease: tuple[Message, object, float] | None = None  # with its expiry


@dataclass
class Model:
    """What the ledger must decide.

    A decision is a tuple: ``("result", outcome, is_duplicate)``, ``("in flight",)`` or
    ``("act", attempt, unknown since, ambiguous attempts)``.
    """

    waiting: dict[str, dict[str, Attempt]] = field(default_factory=dict)
    finals: dict[str, list[Final]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def deliver(self, message: Message, owner: object, now: float) -> tuple[Any, ...]:
        """Decide about a delivery of *message*; *owner* is the delivery."""
        waiting = self.waiting.setdefault(message.uid, {})
        finals = self.finals.setdefault(message.uid, [])
        for final in finals:
            if final.message == message:
                return ("result", final.outcome, False)
        if self.is_in_flight(message.uid, now):
            return ("in flight",)
        original = self._original(message, finals, waiting)
        if original is not None:
            waiting.pop(message.message_id, None)
            copy = Final(message, original.outcome, message.time)
            finals.insert(finals.index(original) + 1, copy)
            return ("result", original.outcome, True)
        earlier = waiting.get(message.message_id)
        since = [
            attempt.started if attempt.unknown_since is None else attempt.unknown_since
            for attempt in waiting.values()
            if attempt.message.content == message.content
            and (attempt.unknown_since is not None or attempt.owner is not None)
        ]
        attempt = waiting[message.message_id] = Attempt(
            message,
            earlier.number + 1 if earlier else 1,
            now,
            owner,
            now + LEASE_SECONDS,
            min(since, default=None),
            earlier.ambiguous if earlier else 0,
        )
        return ("act", attempt.number, attempt.unknown_since, attempt.ambiguous)

    @staticmethod
    def _original(
        message: Message, finals: list[Final], waiting: dict[str, Attempt]
    ) -> Final | None:
        """What *message* is a duplicate of."""
        successes = [
            final
            for final in finals
            if final.outcome.status < 300 and final.message.content == message.content
        ]
        if message.webhook_id:
            for final in reversed(successes):
                if final.message.webhook_id == message.webhook_id:
                    return final
        if not successes:
            return None
        last = successes[-1]
        if not message.idempotent:
            return last
        changes = any(
            attempt.message.content != message.content
            and attempt.message.time > last.time
            for attempt in waiting.values()
        )
        return last if last is finals[-1] and not changes else None

    def attempt_of(self, message: Message, owner: object) -> Attempt | None:
        """The attempt of delivery *owner*; None when it was taken over."""
        attempt = self.waiting[message.uid].get(message.message_id)
        return attempt if attempt and attempt.owner is owner else None

    def renew(self, message: Message, owner: object, now: float) -> bool:
        """Whether the delivery still has its lease, which is extended."""
        if attempt := self.attempt_of(message, owner):
            attempt.expires = now + LEASE_SECONDS
        return attempt is not None

    def complete(self, message: Message, owner: object, outcome: Outcome) -> bool:
        """Whether *outcome* counts."""
        attempt = self.attempt_of(message, owner)
        if attempt is None:
            return False
        waiting = self.waiting[message.uid]
        if not outcome.final:
            if outcome.outcome_unknown and attempt.unknown_since is None:
                attempt.unknown_since = attempt.started
            attempt.ambiguous += outcome.ambiguous
            attempt.owner = None
            return True
        reposts = [
            each.message
            for each in waiting.values()
            if each.message.content == message.content
            and each is not attempt
            and outcome.status < 300
        ]
        for each in [message, *reposts]:
            del waiting[each.message_id]
            self.finals[message.uid].append(Final(each, outcome, message.time))
        return True

    def acquire_rows(
        self, message: Message, owner: object, names: list[str], now: float
    ) -> list[str] | None:
        """The verdict for each row; None when the delivery must wait."""
        if self.attempt_of(message, owner) is None:
            return None
        verdicts = [self._verdict(self.row(name), message, now) for name in names]
        if "wait" in verdicts:
            return None
        self.renew(message, owner, now)
        for name, verdict in zip(names, verdicts, strict=True):
            if verdict == "send":
                self.row(name).lease = (message, owner, now + LEASE_SECONDS)
        return verdicts

    @staticmethod
    def _verdict(row: Row, message: Message, now: float) -> str:
        if row.applied == (message.time, message.uid):
            return "applied"
        if row.applied and row.applied[0] > message.time:
            return "outdated"
        if row.lease and row.lease[0] != message:
            other, _, expires = row.lease
            if other.time > message.time:
                expires += MAX_BACKOFF_SECONDS
            if expires > now:
                return "wait"
        return "send"

    def settle_rows(
        self, message: Message, owner: object, applied: list[str], released: list[str]
    ) -> None:
        """Rows that were applied, and rows that certainly were not."""
        for name in [*applied, *released]:
            row = self.row(name)
            if row.lease and row.lease[:2] == (message, owner):
                row.lease = None
            newer = row.applied and row.applied[0] > message.time
            if name in applied and not newer:
                row.applied = (message.time, message.uid)

    def row(self, name: str) -> Row:
        """The row called *name*."""
        return self.rows.setdefault(name, Row())

    def is_in_flight(self, uid: str, now: float) -> bool:
        """Whether a delivery of *uid* may be calling Commerce."""
        return any(each.is_live(now) for each in self.waiting.get(uid, {}).values())

    def forget(self, uid: str, now: float) -> bool:
        """Whether *uid* may be forgotten, which it then is."""
        if self.is_in_flight(uid, now):
            return False
        self.waiting[uid], self.finals[uid] = {}, []
        return True

    def newest(self, uid: str) -> str | None:
        """Event time of the newest event of *uid* that was handled."""
        finals = self.finals.get(uid, [])
        times = (final.time for final in finals if final.outcome.status < 300)
        return max(times, default=None)
