"""The ledger as consumer and ingest use it: the rules, over a store, by the clock."""

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from functions.ledger import rules
from functions.ledger.decisions import Answered, Busy, Claimed, Delivery, Outcome
from functions.ledger.store import Store
from functions.ledger.things import (
    happened,
    mark_applied,
    mark_claim,
    mark_released,
    newest,
)

DAY = 86_400.0


def hashed(kind: str, *parts: str) -> str:
    """The name under which *parts* are kept; from it nobody reads an e-mail address."""
    return hashlib.sha256("\n".join((kind, *parts)).encode()).hexdigest()


def event_key(source: str, uid: str) -> str:
    """Key of an event's record: a uid is one caller's."""
    return "event-" + hashed("event", source, uid)


def uid_hash(uid: str) -> str:
    """What event records carry of a uid, whoever the caller was."""
    return hashed("uid", uid)


def thing_hash(name: str) -> str:
    """What records carry of an ordering key, or of a SKU and source."""
    return hashed("thing", name)


def thing_key(thing: str) -> str:
    """Key of a thing's record."""
    return "thing-" + thing


@dataclass(frozen=True)
class Claim:
    """A delivery that may act, and the name it acts under."""

    key: str
    delivery: Delivery
    claimed: Claimed


class Ledger:
    """Says of each delivery whether it may act, and remembers what came of it.

    Args:
        store: keeps the records.
        lease_seconds: how long a claim holds unless renewed.
        keep_days: how long a record is kept after its last change.
        clock: seconds since 1970.

    All methods raise LedgerUnavailable when the store does.
    """

    def __init__(
        self,
        store: Store,
        lease_seconds: float,
        keep_days: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self._lease = lease_seconds
        self._keep = keep_days * DAY
        self._clock = clock

    def claim(
        self, source: str, uid: str, delivery: Delivery
    ) -> Answered | Busy | Claim:
        """Claim *delivery*, or say why not."""
        key, holder, now = event_key(source, uid), uuid.uuid4().hex, self._clock()

        def by(records):
            record, decision = rules.claim(
                records[0], delivery, holder, now, self._lease, self._keep
            )
            return [record], decision

        decision = self.store.change([key], by)
        if isinstance(decision, Claimed):
            return Claim(key, delivery, decision)
        return decision

    def renew(self, claim: Claim) -> bool:
        """Lengthen the lease; False when another delivery has taken over."""
        now = self._clock()

        def by(records):
            record, held = rules.renew(
                records[0],
                claim.delivery.message_id,
                claim.claimed.holder,
                now,
                self._lease,
            )
            return [record], held

        return self.store.change([claim.key], by)

    def settle(self, claim: Claim, outcome: Outcome) -> bool:
        """Record *outcome*; False, and nothing is recorded, when taken over."""
        now, delivery = self._clock(), claim.delivery
        keys = [claim.key]
        if delivery.thing and outcome.final and outcome.status < 300:
            keys.append(thing_key(delivery.thing))

        def by(records):
            record, held = rules.settle(
                records[0], delivery, claim.claimed.holder, outcome, now, self._keep
            )
            things = [happened(r, delivery, now + self._keep) for r in records[1:]]
            return [record, *(things if held else records[1:])], held

        return self.store.change(keys, by)

    def claim_marks(self, claim: Claim, names: list[str]) -> list[str] | None:
        """Claim the marks of *names* (each ``stock:SKU@source``).

        Returns:
            For each, ``send`` or ``drop``; None, and nothing is claimed, when one of
            them is just being written by another event, or another delivery of this
            one has taken over.
        """
        now, delivery, holder = self._clock(), claim.delivery, claim.claimed.holder
        things = [thing_hash(name) for name in names]

        def by(records):
            # Together with the marks, so that nobody claims any who was taken over.
            event, held = rules.renew(
                records[0], delivery.message_id, holder, now, self._lease
            )
            claimed = [
                mark_claim(record, delivery, holder, thing, now, self._lease)
                for record, thing in zip(records[1:], things, strict=True)
            ]
            if not held or any(verdict == "wait" for _, verdict in claimed):
                return records, None
            return [event, *self._kept(r for r, _ in claimed)], [v for _, v in claimed]

        keys = [claim.key, *(thing_key(thing) for thing in things)]
        return self.store.change(keys, by)

    def apply_marks(self, claim: Claim, names: list[str]) -> None:
        """Record that the rows of *names* took effect."""
        things = [thing_hash(name) for name in names]

        def by(records):
            pairs = zip(records, things, strict=True)
            holder = claim.claimed.holder
            marks = (mark_applied(r, claim.delivery, holder, t) for r, t in pairs)
            return self._kept(marks), None

        self.store.change([thing_key(thing) for thing in things], by)

    def release_marks(self, claim: Claim, names: list[str]) -> None:
        """Give up the claims on *names*, known not to have been applied."""

        def by(records):
            holder = claim.claimed.holder
            marks = (mark_released(r, claim.delivery, holder) for r in records)
            return self._kept(marks), None

        self.store.change([thing_key(thing_hash(name)) for name in names], by)

    def newest(self, ordering_key: str) -> str | None:
        """ce-time of the newest event of *ordering_key* that took effect."""
        return newest(self.store.get(thing_key(thing_hash(ordering_key))))

    def forget_uid(self, uid: str) -> tuple[int, int]:
        """Forget all events of *uid*, whoever the caller was.

        Returns:
            How many records are gone, and how many stay since one is under way.
        """
        found = self.store.find("uid", uid_hash(uid))
        return self._forget(found, lambda record: None)

    def forget_thing(self, name: str) -> tuple[int, int]:
        """Forget what happened to *name*: an ordering key, or ``stock:SKU@source``.

        Returns:
            How many records held something of it, and how many still do since it is
            under way.
        """
        thing = thing_hash(name)

        def without(record):
            return rules.forget(record, thing) if record["kind"] == "event" else None

        return self._forget(self.store.find("things", thing), without)

    def _forget(self, found, without) -> tuple[int, int]:
        now = self._clock()

        def by(records):
            record = records[0]
            if record is None:
                return [None], True
            # What is forgotten amid a call could be done a second time.
            if rules.at_work(record, now):
                return records, False
            return [without(record)], True

        gone = [self.store.change([key], by) for key, _ in found]
        return gone.count(True), gone.count(False)

    def _kept(self, marks) -> list[dict | None]:
        expires = self._clock() + self._keep
        return [{**mark, "expires": expires} if mark else None for mark in marks]
