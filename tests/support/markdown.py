"""The project's Markdown pages as data: headings, links, tables, commands."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
SKIPPED_FOLDERS = set(".git .local .pytest_cache .terraform .venv node_modules".split())


def pages() -> list[Path]:
    """Every Markdown file of the repository."""
    folders = [
        path
        for path in ROOT.iterdir()
        if path.is_dir() and path.name not in SKIPPED_FOLDERS
    ]
    inner = (path for folder in folders for path in folder.rglob("*.md"))
    return sorted(
        path
        for path in (*ROOT.glob("*.md"), *inner)
        if not SKIPPED_FOLDERS & set(path.relative_to(ROOT).parts)
    )


@cache
def read(path: str | Path) -> str:
    """The text of the page at *path*, relative to the repository's root."""
    return (ROOT / path).read_text()


def section(text: str, heading: str) -> str:
    """The part of *text* under *heading* (without ``#``), without its subsections' end.

    It ends at the next heading of the same or a higher level.
    """
    match = re.search(rf"^(#+) {re.escape(heading)}$", text, re.M)
    assert match is not None, f"there is no heading {heading!r}"
    rest = text[match.end() :]
    end = re.search(rf"^#{{1,{len(match[1])}}} ", FENCED.sub(_blank, rest), re.M)
    return rest[: end.start()] if end else rest


def anchors(text: str) -> set[str]:
    """The fragments of *text*'s headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def links(text: str) -> Iterator[tuple[str, str]]:
    """Target and fragment of each relative link outside of code."""
    prose = re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose):
        link = target[0] or target[1]
        if not re.match(r"[a-z]+:", link):
            path, _, fragment = link.partition("#")
            yield path, fragment


def tables(text: str) -> list[list[list[str]]]:
    """The tables of *text*: rows of cells, the heading first."""
    matches = []
    for lines in re.findall(r"(?:^\|.*\|\n?)+", FENCED.sub("", text), re.M):
        rows = [
            [
                cell.strip().replace("\\|", "|")
                for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])
            ]
            for line in lines.splitlines()
        ]
        matches.append([rows[0], *rows[2:]])
    return matches


def column(text: str, heading: str) -> list[str]:
    """The cells of the first table column of *text* that is called *heading*."""
    for first, *rows in tables(text):
        if heading in first:
            return [row[first.index(heading)] for row in rows]
    raise AssertionError(f"there is no table column {heading!r}")


def code(cells: list[str]) -> set[str]:
    """What is set as code in *cells*."""
    return set(re.findall(r"`([^`]+)`", " ".join(cells)))


def make_targets(text: str) -> set[str]:
    """The targets of *text*'s ``make`` commands."""
    pattern = r"(?:`|^|\(|; |\] )(?:[A-Z_]+=\S+ )*make (?:-s )?([a-z][a-z-]*)"
    return set(re.findall(pattern, text, re.M))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())
