"""docs/architecture.md and docs/decisions name what exists."""

import ast
import re

import pytest

from functions.ledger import rules
from tests.support import markdown
from tests.support.markdown import ROOT

PAGE = markdown.read("docs/architecture.md")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
QUESTIONS = (
    "a new event",
    "an authentication rule",
    "how a 409 of Commerce is treated",
    "the retry span",
    "what is logged",
)


def definitions() -> set[str]:
    """The names of all classes and functions of ``functions/``, methods with both."""
    defined = set()
    for path in (ROOT / "functions").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                members = [n for n in node.body if isinstance(n, ast.FunctionDef)]
                defined |= {f"{node.name}.{member.name}" for member in members}
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                defined.add(node.name)
    return defined


def test_modules_on_the_path_exist():
    text = markdown.section(PAGE, "The path of one event")
    modules = re.findall(r"`([a-z_]+/[a-z0-9_]+\.py)`", text)

    assert len(modules) > 15
    assert [m for m in modules if not (ROOT / "functions" / m).is_file()] == []


def test_names_on_the_path_exist():
    text = markdown.section(PAGE, "The path of one event")
    code_names = set(re.findall(r"`([A-Z]\w+(?:\.\w+)?|read_event|check_\w+)`", text))

    assert code_names
    assert code_names - definitions() == set()


def test_state_diagram_has_the_states_of_the_rules():
    """The states are the first words of the table in the docstring of the rules."""
    table = rules.__doc__.split("====\n")[1].split("\n====")[0]
    states = {line[:10].strip() for line in table.splitlines()} - {""}
    diagram = markdown.section(PAGE, "States of the ledger")

    assert set(re.findall(r'state "([\w ]+)" as', diagram)) == states


@pytest.mark.parametrize("question", QUESTIONS)
def test_where_to_change_what_answers(question):
    section = markdown.section(PAGE, "Where to change what")
    [answer] = [row[1] for row in markdown.tables(section)[0] if question in row[0]]

    files = re.findall(r"`([\w/]+\.(?:py|json|tf|tfvars))`", answer)
    assert files


def test_decision_has_its_four_sections(subtests):
    assert DECISIONS
    for page in DECISIONS:
        with subtests.test(page=page):
            headings = re.findall(r"^## (.+)$", page.read_text(), re.M)

            assert headings == ["Status", "Context", "Decision", "Consequences"]


def test_every_decision_is_in_the_index():
    index = markdown.read("docs/decisions/README.md")
    listed = {target for target, _ in markdown.links(index)}

    assert {page.name for page in DECISIONS} <= listed
