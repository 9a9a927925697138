"""The proof: what took effect, held against what was accepted; pure.

Each accepted event took effect exactly once or is a dead letter with a reason, in order
per id. An idempotent call whose answer was lost may have been sent again: the same once
more, with nothing in between, leaves the same state and counts once. Of stock that
events of several SKUs set, the newest level wins: an older one may be overtaken, but
must not come after a newer one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Accepted:
    """An event that ingest answered 200 to, in the order of their publishing.

    Attributes:
        effects: what it does: by the thing's name the tag that no other event leaves
            there.
        once: a happening, of which even the same again would be a second one.
        newest_wins: of its things the newest event counts, whatever the order.
        time: ``ce-time``.
        wrong: Commerce is right to refuse it.
    """

    uid: str
    effects: Mapping[str, str]
    once: bool = False
    newest_wins: bool = False
    time: str = ""
    wrong: bool = False


@dataclass(frozen=True)
class Violation:
    """A promise that was broken, of which thing, and by which event's tag or uid."""

    kind: str
    thing: str
    what: str


LOST = "lost"
TWICE = "twice"
OUT_OF_ORDER = "out of order"
NO_REASON = "dead letter without reason"
NEEDLESS = "dead letter of an event that is right"
UNKNOWN_LETTER = "dead letter of nothing accepted"
REFUSED_YET_DONE = "dead letter that took effect"
UNKNOWN = "effect of nothing accepted"


def violations(
    accepted: Sequence[Accepted],
    effects: Iterable[tuple[str, str]],
    letters: Iterable[tuple[str, str]],
) -> list[Violation]:
    """All that is wrong; nothing is good.

    Args:
        accepted: each once, however often its sender repeated it.
        effects: thing and tag of all that took effect, in order.
        letters: uid and reason of the dead letters.
    """
    reasons = list(letters)
    refused = {uid for uid, _ in reasons}
    found = _of_letters(accepted, reasons)
    things: dict[str, list[Accepted]] = defaultdict(list)
    for event in accepted:
        for thing in event.effects:
            things[thing].append(event)
    done: dict[str, list[str]] = defaultdict(list)
    for thing, tag in effects:
        done[thing].append(tag)
    for thing in sorted(things.keys() | done.keys()):
        found += _of_thing(thing, things[thing], done[thing], refused)
    return found


def _of_letters(
    accepted: Sequence[Accepted], letters: list[tuple[str, str]]
) -> list[Violation]:
    wrong = {event.uid: event.wrong for event in accepted}
    found = [
        Violation(NO_REASON, "", uid) for uid, reason in letters if not reason.strip()
    ]
    for uid in dict.fromkeys(uid for uid, _ in letters):
        if uid not in wrong:
            found.append(Violation(UNKNOWN_LETTER, "", uid))
        elif not wrong[uid]:
            found.append(Violation(NEEDLESS, "", uid))
    return found


def _of_thing(
    thing: str, events: list[Accepted], done: list[str], refused: set[str]
) -> list[Violation]:
    by_tag = {event.effects[thing]: event for event in events}
    found = []
    known = []
    for tag in done:
        if tag not in by_tag:
            found.append(Violation(UNKNOWN, thing, tag))
        elif by_tag[tag].uid in refused:
            found.append(Violation(REFUSED_YET_DONE, thing, tag))
        else:
            known.append(tag)
    known = [
        tag
        for number, tag in enumerate(known)
        if by_tag[tag].once or known[number - 1 : number] != [tag]
    ]
    found += [
        Violation(TWICE, thing, tag)
        for tag, times in Counter(known).items()
        if times > 1
    ]
    if any(event.newest_wins for event in events):
        events = sorted(events, key=lambda event: event.time)
        wanted = [e.effects[thing] for e in events if e.uid not in refused]
        lost = wanted[-1:]
    else:
        wanted = [e.effects[thing] for e in events if e.uid not in refused]
        lost = wanted
    found += [Violation(LOST, thing, tag) for tag in lost if tag not in known]
    places = {tag: place for place, tag in enumerate(wanted)}
    first = list(dict.fromkeys(known))
    return found + [
        Violation(OUT_OF_ORDER, thing, after)
        for before, after in zip(first, first[1:], strict=False)
        if places[after] < places[before]
    ]
