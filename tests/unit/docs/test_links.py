"""Links, paths and commands on the pages lead somewhere."""

import re

import pytest

from tests.support import markdown
from tests.support.markdown import ROOT

PAGES = [str(path.relative_to(ROOT)) for path in markdown.pages()]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
FOLDERS = "functions|docs|local|cli|terraform|bench|tests|tools"
# What a reader creates, and what a deployment writes.
CREATED = {"terraform/terraform.tfvars", "terraform/terraform.tfstate"}


@pytest.mark.parametrize("page", PAGES)
def test_links_and_anchors_exist(page):
    broken = []
    for target, fragment in markdown.links(markdown.read(page)):
        path = ((ROOT / page).parent / target) if target else ROOT / page
        exists = path.exists()
        if exists and fragment:
            exists = fragment in markdown.anchors(path.read_text())
        if not exists:
            broken.append(f"{target}#{fragment}")

    assert broken == []


@pytest.mark.parametrize("page", PAGES)
def test_named_files_exist(page):
    """Paths are relative to the repository's root, or to the page."""
    paths = set(re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", markdown.read(page)))
    folders = (ROOT, (ROOT / page).parent)

    assert [
        path
        for path in sorted(paths - CREATED)
        if not any((folder / path).exists() for folder in folders)
    ] == []


@pytest.mark.parametrize("page", PAGES)
def test_make_commands_are_targets(page):
    assert markdown.make_targets(markdown.read(page)) - TARGETS == set()


def test_commands_need_no_activated_environment():
    text = "\n".join(map(markdown.read, PAGES))

    assert re.findall(r"(?<!bin/)python -m cli.*", text) == []
