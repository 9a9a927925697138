"""The soak's checker sees what is wrong, and a small soak finds nothing wrong."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.machine import ROOT
from bench.soak import check, plan
from bench.soak.check import Accepted, Violation, violations
from functions.events import catalog
from tests import kit

A, B, C = (Accepted(name, {"product:P": name}) for name in "abc")
WRONG = Accepted("w", {"product:P": "w"}, wrong=True)
COMMENT = Accepted("said", {"order:1": "said"}, once=True)
OLD = Accepted("old", {"stock:S": "1", "stock:T": "1"}, newest_wins=True, time="01")
NEW = Accepted("new", {"stock:S": "2", "stock:U": "2"}, newest_wins=True, time="02")

WRONG_STOCK = Accepted("wrong", {"stock:S": "3"}, False, True, "03", wrong=True)


def done(*tags: str, thing: str = "product:P") -> list[tuple[str, str]]:
    return [(thing, tag) for tag in tags]


@pytest.mark.parametrize(
    ("accepted", "effects", "letters"),
    [
        pytest.param([A, B, C], done(*"abc"), [], id="each once"),
        pytest.param([A, B, C], done(*"aabbbc"), [], id="the same again at once"),
        pytest.param([A, WRONG, C], done(*"ac"), [("w", "404 no")], id="one refused"),
        pytest.param([WRONG], [], [("w", "404 no")] * 2, id="refused twice"),
        pytest.param([COMMENT], [("order:1", "said")], [], id="a happening"),
        pytest.param([], [], [], id="nothing"),
        pytest.param(
            [OLD, NEW],
            [("stock:S", "2"), ("stock:U", "2"), ("stock:T", "1")],
            [],
            id="stock that was overtaken",
        ),
        pytest.param(
            [NEW, OLD],
            [("stock:S", "1"), ("stock:T", "1"), ("stock:S", "2"), ("stock:U", "2")],
            [],
            id="stock in order of time",
        ),
        pytest.param(
            [OLD, WRONG_STOCK],
            [("stock:S", "1"), ("stock:T", "1")],
            [("wrong", "400 no")],
            id="the newest stock refused",
        ),
    ],
)
def test_what_is_good_is_let_pass(accepted, effects, letters):
    assert violations(accepted, effects, letters) == []


@pytest.mark.parametrize(
    ("accepted", "effects", "letters", "found"),
    [
        pytest.param(
            [A, B, C],
            done(*"ac"),
            [],
            [Violation(check.LOST, "product:P", "b")],
            id="lost",
        ),
        pytest.param(
            [A, B, C],
            done(*"ab"),
            [],
            [Violation(check.LOST, "product:P", "c")],
            id="the last one lost",
        ),
        pytest.param(
            [A, B],
            done(*"aba"),
            [],
            [Violation(check.TWICE, "product:P", "a")],
            id="an old state came back",
        ),
        pytest.param(
            [COMMENT],
            done("said", "said", thing="order:1"),
            [],
            [Violation(check.TWICE, "order:1", "said")],
            id="a happening twice",
        ),
        pytest.param(
            [A, B, C],
            done(*"acb"),
            [],
            [Violation(check.OUT_OF_ORDER, "product:P", "b")],
            id="out of order",
        ),
        pytest.param(
            [A, WRONG],
            done("a"),
            [("w", " ")],
            [Violation(check.NO_REASON, "", "w")],
            id="dead letter without reason",
        ),
        pytest.param(
            [A, B],
            done("a"),
            [("b", "404 no")],
            [Violation(check.NEEDLESS, "", "b")],
            id="dead letter of an event that is right",
        ),
        pytest.param(
            [A, WRONG],
            done("a"),
            [],
            [Violation(check.LOST, "product:P", "w")],
            id="neither done nor refused",
        ),
        pytest.param(
            [A],
            done("a"),
            [("x", "404 no")],
            [Violation(check.UNKNOWN_LETTER, "", "x")],
            id="dead letter of nothing",
        ),
        pytest.param(
            [A, WRONG],
            done(*"aw"),
            [("w", "404 no")],
            [Violation(check.REFUSED_YET_DONE, "product:P", "w")],
            id="refused and done",
        ),
        pytest.param(
            [A],
            done(*"ax"),
            [],
            [Violation(check.UNKNOWN, "product:P", "x")],
            id="an effect that nobody asked for",
        ),
        pytest.param(
            [A],
            [*done("a"), ("product:Q", "a")],
            [],
            [Violation(check.UNKNOWN, "product:Q", "a")],
            id="an effect on another thing",
        ),
        pytest.param(
            [OLD, NEW],
            [("stock:T", "1"), ("stock:U", "2"), ("stock:S", "2"), ("stock:S", "1")],
            [],
            [Violation(check.OUT_OF_ORDER, "stock:S", "1")],
            id="older stock after newer",
        ),
        pytest.param(
            [OLD, NEW],
            [("stock:T", "1"), ("stock:U", "2"), ("stock:S", "1")],
            [],
            [Violation(check.LOST, "stock:S", "2")],
            id="the newest stock lost",
        ),
    ],
)
def test_what_is_wrong_is_caught_and_named(accepted, effects, letters, found):
    assert violations(accepted, effects, letters) == found


def test_what_clients_send_is_valid_and_of_every_kind():
    chance = random.Random(1)  # noqa: S311 no secret
    clients = [plan.Client(number, 4, chance) for number in range(4)]
    sent = [event for client in clients for event in client.events(300)]

    for each in sent:
        event = catalog.find(each.event)
        assert event.load(each.value) == each.value
        assert (event.ordering_key(each.value) == "") == each.newest_wins
    assert len({each.uid for each in sent}) == len(sent)
    assert {each.event for each in sent} == set(kit.EVENTS)


def soaked(folder: Path, *options: str) -> tuple[int, dict[str, int], str]:
    """Exit status, counts and all that a soak printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.soak", "--folder", str(folder), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    counted = re.findall(r"^ *(\d+)  (.*)$", done.stdout, re.M)
    counts = {name: int(count) for count, name in counted}
    return done.returncode, counts, done.stdout + done.stderr


SMALL = ("--events", "250", "--clients", "4", "--waiting", "50")


def test_a_small_soak_loses_nothing_and_does_nothing_twice(tmp_path):
    often = ("--kill-every", "120", "--lock-every", "100")
    status, counts, said = soaked(tmp_path, *SMALL, *often)

    assert status == 0, said
    # Kills cut posts off; one that was not published is no promise.
    assert 240 <= counts["events accepted"] <= 250
    assert counts["events dead-lettered"] == counts["of these, made to be refused"] > 0
    assert counts["messages published"] > counts["events accepted"]
    for harm in ("ledger locked", "delivered again later", "verdict lost"):
        assert counts[harm] > 0
    assert sum(count for name, count in counts.items() if name.endswith("killed")) > 0
    assert counts["violations"] == 0


def test_a_soak_without_a_shared_ledger_is_found_out(tmp_path):
    """The same events to the same consumers, of which each remembers only its own."""
    never = ("--kill-every", "9999", "--lock-every", "9999")
    status, counts, said = soaked(tmp_path, *SMALL, *never, "--forgetful")

    assert status == 1
    assert counts["violations"] > 0
    assert f"VIOLATION  {check.TWICE}: " in said
