"""The soak's check notices every fault, and a small soak finds none."""

import json
import re
import subprocess
import sys

from functions.events import catalog
from local.processes import ROOT
from tests.e2e.bench.soak_command import small_soak, soak
from tests.support import adobe_kit_events

A, B, C = ({"uid": name, "effects": {"product:P": name}} for name in "abc")
INVALID = {"uid": "w", "effects": {"product:P": "w"}, "invalid": True}
COMMENT = {"uid": "text", "effects": {"order:1": "text"}, "idempotent": False}
OLD = {
    "uid": "old",
    "effects": {"stock:S": "1", "stock:T": "1"},
    "newest_wins": True,
    "time": "01",
}
NEW = {
    "uid": "new",
    "effects": {"stock:S": "2", "stock:U": "2"},
    "newest_wins": True,
    "time": "02",
}
INVALID_STOCK = {
    "uid": "wrong",
    "effects": {"stock:S": "3"},
    "newest_wins": True,
    "time": "03",
    "invalid": True,
}
P, S = "product:P", "stock:S"
OLD_STATE, STATE = (
    {"uid": name, "effects": {P: name}, "newest_wins": True, "time": time}
    for name, time in (("o", "01"), ("n", "02"))
)


PUSH_FAULTS = ("delivered again later", "responses lost", "never arrived")


def applied(*tags: str, resource: str = P) -> list[tuple[str, str]]:
    return [(resource, tag) for tag in tags]


# Name: accepted events, effects, dead letters, violations; before these where the
# consumers report them, the events that they skipped as outdated.
CASES = {
    "each once": ([A, B, C], applied(*"abc"), [], []),
    "the same again at once": ([A, B, C], applied(*"aabbbc"), [], []),
    "one rejected": ([A, INVALID, C], applied(*"ac"), [("w", "404 no")], []),
    "rejected twice": ([INVALID], [], [("w", "404 no")] * 2, []),
    "a comment": ([COMMENT], [("order:1", "text")], [], []),
    "nothing": ([], [], [], []),
    "stock that was overtaken": (
        [OLD, NEW],
        [(S, "2"), ("stock:U", "2"), ("stock:T", "1")],
        [],
        [],
    ),
    "stock in order of time": (
        [NEW, OLD],
        [(S, "1"), ("stock:T", "1"), (S, "2"), ("stock:U", "2")],
        [],
        [],
    ),
    "the newest stock rejected": (
        [OLD, INVALID_STOCK],
        [(S, "1"), ("stock:T", "1")],
        [("wrong", "400 no")],
        [],
    ),
    "one lost": ([A, B, C], applied(*"ac"), [], [("lost", P, "b")]),
    "the last one lost": ([A, B, C], applied(*"ab"), [], [("lost", P, "c")]),
    "an old state again": ([A, B], applied(*"aba"), [], [("twice", P, "a")]),
    "a comment twice": (
        [COMMENT],
        applied("text", "text", resource="order:1"),
        [],
        [("twice", "order:1", "text")],
    ),
    "out of order": ([A, B, C], applied(*"acb"), [], [("out of order", P, "b")]),
    "no reason": (
        [A, INVALID],
        applied("a"),
        [("w", " ")],
        [("dead letter without reason", "", "w")],
    ),
    "dead letter of a valid event": (
        [A, B],
        applied("a"),
        [("b", "404 no")],
        [("dead letter of a valid event", "", "b")],
    ),
    "neither applied nor rejected": (
        [A, INVALID],
        applied("a"),
        [],
        [("lost", P, "w")],
    ),
    "dead letter of no event": (
        [A],
        applied("a"),
        [("x", "404 no")],
        [("dead letter of no accepted event", "", "x")],
    ),
    "rejected and applied": (
        [A, INVALID],
        applied(*"aw"),
        [("w", "404 no")],
        [("dead letter that took effect", P, "w")],
    ),
    "an unknown effect": (
        [A],
        applied(*"ax"),
        [],
        [("effect of no accepted event", P, "x")],
    ),
    "an effect on another resource": (
        [A],
        [*applied("a"), ("product:Q", "a")],
        [],
        [("effect of no accepted event", "product:Q", "a")],
    ),
    "older stock after newer": (
        [OLD, NEW],
        [("stock:T", "1"), ("stock:U", "2"), (S, "2"), (S, "1")],
        [],
        [("out of order", S, "1")],
    ),
    "an event that was skipped as outdated": (
        [OLD_STATE, STATE],
        [(P, "n")],
        [],
        ["o"],
        [],
    ),
    "an overtaken event that was not skipped": (
        [OLD_STATE, STATE],
        [(P, "n")],
        [],
        [],
        [("lost", P, "o")],
    ),
    "the newest event skipped": (
        [OLD_STATE, STATE],
        [(P, "o")],
        [],
        ["n"],
        [("lost", P, "n")],
    ),
    "the newest stock lost": (
        [OLD, NEW],
        [("stock:T", "1"), ("stock:U", "2"), (S, "1")],
        [],
        [("lost", S, "2")],
    ),
}


def test_the_check_names_every_violation():
    """As a process, for its exit status."""
    records = [
        {"accepted": accepted, "effects": effects, "dead_letters": dead_letters}
        | dict(zip(["outdated"], more, strict=False))
        for accepted, effects, dead_letters, *more, _ in CASES.values()
    ]
    done = subprocess.run(
        [sys.executable, "-m", "bench.soak", "--check"],
        cwd=ROOT,
        input="".join(json.dumps(one) + "\n" for one in records),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    checked = {
        name: [(one["kind"], one["resource"], one["event"]) for one in violations]
        for name, violations in zip(CASES, lines, strict=True)
    }
    assert checked == {name: case[-1] for name, case in CASES.items()}
    assert done.returncode == 1, done.stderr


def test_planned_events_are_valid_and_of_every_kind():
    _, output = soak("--plan", "--events", "1200", "--clients", "4")
    planned = [json.loads(line) for line in output.splitlines()]

    for each in planned:
        event = catalog.find(each["event"])
        assert event.load(each["value"]) == each["value"]
        assert (event.ordering_key(each["value"]) == "") == each["newest_wins"]
    assert len({each["uid"] for each in planned}) == len(planned) == 1200
    assert {each["event"] for each in planned} == set(adobe_kit_events.EVENTS)


def test_a_small_soak_has_no_violation(tmp_path):
    # The first kill and the first lock come after 60 pushes at the latest.
    often = ("--events", "70", "--kill-every", "40", "--lock-every", "40")
    status, counts, output = small_soak(tmp_path, *often)

    assert status == 0, output
    # Kills cut posts off; one that was not published is no promise.
    assert 65 <= counts["events accepted"] <= 70
    assert counts["events dead-lettered"] == counts["of these, invalid for Commerce"]
    assert counts["messages published"] > counts["events accepted"]
    assert counts["ledger locked"] > 0
    assert sum(counts.get(fault, 0) for fault in PUSH_FAULTS) > 1
    assert sum(count for name, count in counts.items() if name.endswith("killed")) > 0
    assert counts["violations"] == 0


def test_separate_ledgers_are_noticed(tmp_path):
    """The same events to consumers that know only their own deliveries."""
    never = ("--kill-every", "9999", "--lock-every", "9999")
    status, counts, output = small_soak(tmp_path, *never, "--separate-ledgers")

    assert status == 1
    assert counts["violations"] > 0
    assert re.search("^VIOLATION  (twice|out of order): ", output, re.M), output
