"""docs/debugging.md: its entries, and that a test produces each of them."""

import ast

from tests.support.debugging_page import ENTRIES, PARTS
from tests.support.markdown import ROOT

MIN_ENTRIES = 12


def titles_with_test() -> set[str]:
    """The titles that the tests of the page name in ``entry_of(…)``."""
    return {
        node.args[0].value
        for path in (ROOT / "tests" / "e2e" / "docs").glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "entry_of"
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_entry_has_three_parts_and_a_quote():
    assert [
        title
        for title, entry in ENTRIES.items()
        if tuple(entry.parts) != PARTS or not entry.quotes
    ] == []


def test_every_entry_has_a_test():
    assert titles_with_test() == set(ENTRIES)
    assert len(ENTRIES) >= MIN_ENTRIES
