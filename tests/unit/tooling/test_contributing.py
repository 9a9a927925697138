"""CONTRIBUTING.md and SECURITY.md name commands, links and paths that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_links_have_targets(page):
    links = re.findall(r"\]\((?!https:)([^)#]+)", (ROOT / page).read_text())

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_contributing_names_existing_commands():
    commands = re.findall(
        r"(?:^|`)make ([a-z][a-z-]*)", (ROOT / "CONTRIBUTING.md").read_text(), re.M
    )

    assert {"install", "test-fast", "lint", "test", "check"} <= set(commands) <= TARGETS


def test_contributing_names_existing_files():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`((?:functions|local)/[\w./]*\.(?:py|json))`", page)

    assert len(paths) > 4
    assert [path for path in paths if not (ROOT / path).is_file()] == []
