"""Each rule says where it is written, and every one there is has its name."""

import inspect
import re
from pathlib import Path

import pytest

from local.commerce.routes import ROUTES
from local.commerce.rules import RULES, Rules
from tests import machine
from tests.local.commerce.wrong import CASES

CITED = re.compile(r"\bQ\d+\b|\bnotes, |\bmagento2?[#/,]")
SOURCES = sorted(Path(inspect.getfile(Rules)).parent.glob("*.py"))


def cited(text: str) -> set[str]:
    return set(re.findall(r"\bQ\d+\b", text))


@pytest.mark.parametrize("name", RULES)
def test_each_rule_cites_a_line(name):
    rule = RULES[name]

    assert rule.says
    assert rule.place.strip()
    assert rule.quote.strip()


@pytest.mark.adobe
@pytest.mark.parametrize("name", RULES)
def test_the_line_is_there_and_says_so(name):
    rule = RULES[name]
    text = (machine.reference().parent / "commerce.md").read_text()

    lines = [line for line in _passages(text) if line.startswith(rule.place)]

    assert len(lines) == 1, "one line begins like that"
    assert rule.quote in lines[0]


def _passages(text: str) -> list[str]:
    """Lines with those that go on, indented, after them."""
    return re.sub(r"\n +", " ", text).splitlines()


def test_every_switch_is_a_rule():
    assert set(Rules.__dataclass_fields__) <= set(RULES)


def test_what_the_code_cites_are_rules_and_rules_are_cited_by_code():
    ours = {q for rule in RULES.values() for q in cited(rule.place)}
    code = {q for path in SOURCES if path.name != "rules.py"
            for q in cited(path.read_text())}  # fmt: skip

    assert code == ours


@pytest.mark.parametrize(
    "route", ROUTES, ids=lambda route: f"{route.method} {route.name}"
)
def test_each_operation_says_where_its_behaviour_is_written(route):
    module = inspect.getmodule(route.operation)
    told = route.operation.__doc__
    if route.method == "GET":  # a look-up shows what the others wrote
        told += module.__doc__

    assert CITED.search(told)


def test_for_each_rule_there_is_a_handler_that_breaks_it():
    assert set(CASES) == set(RULES)
