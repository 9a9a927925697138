"""Tells the life of an event: received, published, each try with its answer, outcome.

Locally from the stack's journal; everywhere from the ledger, which knows the newest try
of each message and its outcome, and from the dead letters. In the cloud each single
try stands in Cloud Logging.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli import journal
from cli.letters import Letter, moment
from cli.where import DEAD_LETTERS, Where
from functions.ledger import rules
from functions.ledger.ledger import uid_hash
from functions.ledger.store import Store

STATES = {
    "handled": "handled",
    "duplicate": "handled",
    "rejected": "rejected",
    "retry": "retrying",
    "error": "retrying",
}


@dataclass(frozen=True)
class Step:
    """One thing that happened to an event.

    Attributes:
        at: in ``functions.timestamps.timestamp``'s form.
        stage: ``received``, ``published``, ``attempt``, ``call``, ``outcome``,
            ``dead-lettered``, or ``out of tries``.
        told_by: ``journal``, ``ledger``, ``dead letters`` or ``logs``.
        labels: of the one vocabulary, as far as they are known.
    """

    at: str
    stage: str
    told_by: str
    labels: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Life:
    """What is known of one uid.

    Attributes:
        steps: oldest first.
        state: ``waiting`` (not delivered yet), ``under way``, ``retrying``,
            ``out of tries``, ``handled`` or ``refused``: the newest of its messages.
        status: of the last answer, where there was one.
        answer: its sentence.
        dead_letters: message ids of those that wait.
    """

    steps: list[Step]
    state: str
    status: int | None
    answer: str
    dead_letters: list[str]


def life(
    where: Where,
    uid: str,
    letters: Sequence[Letter] = (),
    logged: Sequence[Step] = (),
    clock: Callable[[], float] = time.time,
) -> Life | None:
    """Everything known of *uid*; None when that is nothing.

    Args:
        letters: the dead letters of that uid.
        logged: what :func:`cli.logs.logs` found.

    Raises:
        LedgerUnavailable: it cannot be asked.
    """
    known = list(_ledger(where.store, uid, clock()))
    told = _answered([*_journal(where, uid), *logged], known)
    # The ledger has the newest try only; where each was told of, that is better.
    ended = {s.labels.get("message_id") for s in told if s.stage == "outcome"}
    waiting = {letter.message_id for letter in letters}
    steps = [s for s in told if s.labels.get("message_id") not in waiting]
    steps += [s for s in known if s.labels["message_id"] not in ended]
    steps += [
        Step(letter.since, "dead-lettered", "dead letters", _labels_of(letter))
        for letter in letters
    ]
    if not steps:
        return None
    newest = _newest(known, told, letters)
    return Life(
        _in_order(steps),
        newest["state"],
        newest.get("status"),
        newest.get("answer") or "",
        [letter.message_id for letter in letters],
    )


def _newest(
    known: list[Step], told: list[Step], letters: Sequence[Letter]
) -> dict[str, Any]:
    """``state``, and where there was one the answer, of the newest message."""
    # What is refused before the ledger is asked stands in the other lists only.
    states = [s for s in known if "state" in s.labels] or [
        Step(s.at, s.stage, s.told_by, {"state": _state(s), **s.labels})
        for s in told
        if s.stage in ("received", "outcome")
    ]
    delivered = {s.labels.get("message_id") for s in [*states, *known]}
    states += [
        Step(s.at, s.stage, s.told_by, {"state": "waiting"})
        for s in told
        if s.stage == "published" and s.labels.get("message_id") not in delivered
    ]
    newest = max(states, key=lambda step: step.at, default=None)
    given_up = [s.at for s in told if s.stage == "out of tries"]
    given_up += [letter.since for letter in letters if letter.by == "pubsub"]
    if newest is None:
        if given_up:
            return {"state": "out of tries"}
        return {"state": "rejected" if letters else "waiting"}
    over = newest.labels["state"] in ("waiting", "retrying") and newest.at <= max(
        given_up, default=""
    )
    return {**newest.labels, "state": "out of tries"} if over else newest.labels


def _in_order(steps: list[Step]) -> list[Step]:
    """*steps* by time; but what was dead-lettered stands behind why.

    The consumer stores a dead letter before it tells of the refusal.
    """
    ordered: list[Step] = []
    held: list[Step] = []  # dead-lettered, and the refusal not told of yet
    for step in sorted(steps, key=lambda step: step.at):
        ended = step.labels.get("outcome") == "rejected" or step.stage == "out of tries"
        if step.stage == "dead-lettered" and not _explained(ordered):
            held.append(step)
            continue
        ordered.append(step)
        if ended:
            ordered += held
            held = []
    return ordered + held


def _explained(ordered: list[Step]) -> bool:
    """Whether the last of *ordered* says why a dead letter would follow."""
    if not ordered:
        return False
    last = ordered[-1]
    return last.labels.get("outcome") == "rejected" or last.stage == "out of tries"


def _state(step: Step) -> str:
    """What the event is in from *step* on; ingest may have refused it at once."""
    return STATES.get(step.labels.get("outcome"), "waiting")


def _journal(where: Where, uid: str) -> list[Step]:
    if where.state is None:
        return []
    return [
        Step(moment(entry.at), entry.stage, "journal", entry.labels)
        for entry in journal.entries(where.state, uid, where.topic(DEAD_LETTERS))
    ]


def _answered(told: list[Step], known: list[Step]) -> list[Step]:
    """*told*, with each message's last answer, whose words only the ledger has."""
    words = {
        (labels["message_id"], labels["status"]): labels["answer"]
        for step in known
        if "status" in (labels := step.labels)
    }
    answered = []
    for step in reversed(told):
        about = (step.labels.get("message_id"), step.labels.get("status"))
        if step.stage == "outcome" and (answer := words.pop(about, "")):
            step = Step(
                step.at, step.stage, step.told_by, {**step.labels, "answer": answer}
            )
        answered.append(step)
    return answered[::-1]


def _ledger(store: Store | None, uid: str, now: float) -> Iterator[Step]:
    if store is None:
        return
    for _, record in store.find("uid", uid_hash(uid)):
        for message_id, entry in record["open"].items():
            yield from _opened(record, message_id, entry, now)
        for entry in record["finished"]:
            yield from _finished(record, entry)


def _opened(record: dict, message_id: str, entry: dict, now: float) -> Iterator[Step]:
    labels = _entry_labels(record, message_id, entry)
    under_way = rules.state(entry, now) == "under way"
    yield Step(entry["time"], "received", "ledger", labels)
    tried = {
        **labels,
        "attempt": entry["attempts"],
        "state": "under way" if under_way else "retrying",
        **_answer(entry),
    }
    yield Step(moment(entry["began"]), "attempt", "ledger", tried)


def _finished(record: dict, entry: dict) -> Iterator[Step]:
    labels = _entry_labels(record, entry["message"], entry)
    word = "handled" if entry["status"] < 300 else "rejected"
    yield Step(entry["time"], "received", "ledger", labels)
    ended = {**labels, "outcome": word, "state": word, **_answer(entry)}
    yield Step(moment(entry["at"]), "outcome", "ledger", ended)


def _entry_labels(record: dict, message_id: str, entry: dict) -> dict[str, Any]:
    return {
        "event": entry["event"],
        "entity": record.get("entity"),
        "message_id": message_id,
    }


def _answer(entry: dict) -> dict[str, Any]:
    if entry.get("status") is None:
        return {}
    return {"status": entry["status"], "answer": entry.get("answer") or ""}


def _labels_of(letter: Letter) -> dict[str, Any]:
    return {
        "event": letter.event,
        "entity": letter.entity,
        "message_id": letter.message_id,
        "attempt": letter.attempts,
        "status": letter.status,
        "answer": letter.reason,
    }
