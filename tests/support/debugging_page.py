"""docs/debugging.md as data: its entries, and what they quote."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import markdown

PAGE = markdown.read("docs/debugging.md")
PARTS = ("You see", "Look", "Do")


@dataclass(frozen=True)
class Entry:
    """One symptom.

    Attributes:
        parts: the text of each of ``PARTS``.
    """

    title: str
    parts: dict[str, str]

    @property
    def quotes(self) -> list[str]:
        """The system's texts in *You see*; ``…`` stands for anything."""
        return re.findall(r"`([^`]+)`", self.parts["You see"])

    @property
    def queries(self) -> list[str]:
        """The queries for Cloud Logging in *Look*."""
        quoted = re.findall(r"`([^`]+)`", self.parts["Look"])
        return [text for text in quoted if "jsonPayload." in text]

    def assert_shown(self, output: str, log: Iterable[dict[str, Any]] = ()) -> None:
        """Every quote is in *output*; every query matches an entry of *log*."""
        for quote in self.quotes:
            pattern = ".*?".join(re.escape(part) for part in quote.split("…"))
            assert re.search(pattern, output), f"{quote!r} is not in:\n{output}"
        assert self.unmatched_queries(log) == []

    def unmatched_queries(self, log: Iterable[dict[str, Any]]) -> list[str]:
        """The queries that match no entry of *log*."""
        entries = list(log)
        return [
            query
            for query in self.queries
            if not any(matches(query, entry) for entry in entries)
        ]

    def assert_quotes(self, output: str, *texts: str) -> None:
        """Any part quotes each of *texts*, and *output* has it."""
        quoted = " ".join(re.findall(r"`([^`]+)`", " ".join(self.parts.values())))
        for text in texts:
            assert text in quoted, f"{text!r} is not on the page"
            assert text in output, f"{text!r} is not in:\n{output}"


def read_entries() -> dict[str, Entry]:
    """All entries by title, in the page's order."""
    entries = {}
    for block in re.split(r"^### ", PAGE, flags=re.M)[1:]:
        title, _, rest = block.partition("\n")
        rest = rest.partition("\n## ")[0]
        parts = dict(re.findall(r"^- \*\*(.+?)\*\* (.+(?:\n  .+)*)", rest, re.M))
        entries[title] = Entry(title, parts)
    return entries


ENTRIES = read_entries()


def entry_of(title: str) -> pytest.MarkDecorator:
    """The test produces this entry's symptom."""
    return pytest.mark.parametrize("entry", [pytest.param(ENTRIES[title], id=title)])


def matches(query: str, entry: dict[str, Any]) -> bool:
    """Whether *query*, in the part of the language that the page uses, matches."""
    return all(_term_matches(term, entry) for term in query.split(" AND "))


def _term_matches(term: str, entry: dict[str, Any]) -> bool:
    match = re.fullmatch(r'(?:jsonPayload\.)?(\w+)="?([^"]*)"?', term)
    assert match is not None, term
    value = entry.get(match[1])
    return (str(value).lower() if value is True else str(value)) == match[2]
