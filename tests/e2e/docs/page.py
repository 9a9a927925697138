"""docs/debugging.md as data: its entries, and what they quote."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).resolve().parents[3] / "docs/debugging.md").read_text()
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
        """What the system is said to say; ``…`` stands for anything."""
        return re.findall(r"`([^`]+)`", self.parts["You see"])

    @property
    def queries(self) -> list[str]:
        """The queries for Cloud Logging."""
        told = re.findall(r"`([^`]+)`", self.parts["Look"])
        return [text for text in told if "jsonPayload." in text]

    def is_shown_by(self, said: str, lines: list[dict] = ()) -> None:
        """Every quote stands in *said*; every query finds one of *lines*."""
        for quote in self.quotes:
            pattern = ".*?".join(re.escape(part) for part in quote.split("…"))
            assert re.search(pattern, said), f"{quote!r} is not in:\n{said}"
        assert self.unfound(lines) == []

    def unfound(self, lines: list[dict]) -> list[str]:
        """The queries that find none of *lines*."""
        return [
            query
            for query in self.queries
            if not any(finds(query, line) for line in lines)
        ]

    def also_tells(self, said: str, *words: str) -> None:
        """*words* are quoted somewhere in the entry, and stand in *said*."""
        told = " ".join(re.findall(r"`([^`]+)`", " ".join(self.parts.values())))
        for word in words:
            assert word in told, f"{word!r} is not on the page"
            assert word in said, f"{word!r} is not in:\n{said}"


def entries() -> dict[str, Entry]:
    """All of them by title, in the page's order."""
    found = {}
    for text in re.split(r"^### ", PAGE, flags=re.M)[1:]:
        title, _, rest = text.partition("\n")
        rest = rest.partition("\n## ")[0]
        parts = dict(re.findall(r"^- \*\*(.+?)\*\* (.+)$", rest, re.M))
        assert tuple(parts) == PARTS, title
        found[title] = Entry(title, parts)
    return found


def finds(query: str, line: dict[str, Any]) -> bool:
    """Whether *query*, as much of the language as the page uses, finds *line*."""
    return all(_holds(term, line) for term in query.split(" AND "))


def _holds(term: str, line: dict[str, Any]) -> bool:
    name, text = re.fullmatch(r'(?:jsonPayload\.)?(\w+)="?([^"]*)"?', term).groups()
    value = line.get(name)
    return (str(value).lower() if value is True else str(value)) == text
