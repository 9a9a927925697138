"""The proof: effects and dead letters compared with the accepted events; pure.

Each accepted event took effect exactly once or is a dead letter with a reason, in order
per resource. An idempotent call whose response was lost may be sent again: the same
effect again, with nothing in between, counts once. Of stock that events of several SKUs
set, the newest level wins: an older event may be skipped, but must not be applied after
a newer one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Accepted:
    """An event that ingest answered with 200, in the order of publishing.

    Attributes:
        effects: by resource, the tag that only this event leaves there.
        idempotent: the same effect again, at once, is none.
        newest_wins: of its resources the newest event counts, whatever the order.
        time: ``ce-time``.
        invalid: Commerce is right to reject it.
    """

    uid: str
    effects: Mapping[str, str]
    idempotent: bool = True
    newest_wins: bool = False
    time: str = ""
    invalid: bool = False


@dataclass(frozen=True)
class Violation:
    """A broken promise: its kind, the resource, and an event's tag or uid."""

    kind: str
    resource: str
    event: str


LOST = "lost"
TWICE = "twice"
OUT_OF_ORDER = "out of order"
NO_REASON = "dead letter without reason"
NEEDLESS = "dead letter of a valid event"
UNKNOWN_DEAD_LETTER = "dead letter of no accepted event"
REJECTED_YET_APPLIED = "dead letter that took effect"
UNKNOWN_EFFECT = "effect of no accepted event"


def violations(
    accepted: Sequence[Accepted],
    effects: Iterable[tuple[str, str]],
    dead_letters: Iterable[tuple[str, str]],
    outdated: Collection[str] | None = None,
) -> list[Violation]:
    """All broken promises; empty is good.

    Args:
        accepted: each once, however often its sender posted it.
        effects: resource and tag of every effect, in order.
        dead_letters: uid and reason.
        outdated: uids that a consumer skipped as outdated; each other event must have
            taken effect, also where the newest wins. None where this is not known.
    """
    dead_letters, effects = list(dead_letters), list(effects)
    rejected = {uid for uid, _ in dead_letters}
    violations = _of_dead_letters(accepted, dead_letters)
    events: dict[str, list[Accepted]] = defaultdict(list)
    for event in accepted:
        for resource in event.effects:
            events[resource].append(event)
    tags: dict[str, list[str]] = defaultdict(list)
    for resource, tag in effects:
        tags[resource].append(tag)
    for resource in sorted(events.keys() | tags.keys()):
        violations += _of_resource(resource, events[resource], tags[resource], rejected)
    if outdated is not None:
        ended = {*outdated, *rejected, *(tag for _, tag in effects)}
        lost = {violation.event for violation in violations if violation.kind == LOST}
        violations += [
            Violation(LOST, resource, tag)
            for event in accepted
            for resource, tag in event.effects.items()
            if event.uid not in ended and tag not in ended | lost
        ]
    return violations


def _of_dead_letters(
    accepted: Sequence[Accepted], dead_letters: list[tuple[str, str]]
) -> list[Violation]:
    invalid = {event.uid: event.invalid for event in accepted}
    violations = [
        Violation(NO_REASON, "", uid)
        for uid, reason in dead_letters
        if not reason.strip()
    ]
    for uid in dict.fromkeys(uid for uid, _ in dead_letters):
        if uid not in invalid:
            violations.append(Violation(UNKNOWN_DEAD_LETTER, "", uid))
        elif not invalid[uid]:
            violations.append(Violation(NEEDLESS, "", uid))
    return violations


def _of_resource(
    resource: str, events: list[Accepted], tags: list[str], rejected: set[str]
) -> list[Violation]:
    by_tag = {event.effects[resource]: event for event in events}
    violations, applied = [], []
    for tag in tags:
        if tag not in by_tag:
            violations.append(Violation(UNKNOWN_EFFECT, resource, tag))
        elif by_tag[tag].uid in rejected:
            violations.append(Violation(REJECTED_YET_APPLIED, resource, tag))
        elif not (by_tag[tag].idempotent and applied[-1:] == [tag]):
            applied.append(tag)
    violations += [
        Violation(TWICE, resource, tag)
        for tag, times in Counter(applied).items()
        if times > 1
    ]
    newest_wins = any(event.newest_wins for event in events)
    if newest_wins:
        events = sorted(events, key=lambda event: event.time)
    expected = [e.effects[resource] for e in events if e.uid not in rejected]
    required = expected[-1:] if newest_wins else expected
    violations += [
        Violation(LOST, resource, tag) for tag in required if tag not in applied
    ]
    position = {tag: number for number, tag in enumerate(expected)}
    first = list(dict.fromkeys(applied))
    return violations + [
        Violation(OUT_OF_ORDER, resource, after)
        for before, after in zip(first, first[1:], strict=False)
        if position[after] < position[before]
    ]
