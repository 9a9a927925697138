"""Links, paths and commands on the pages lead somewhere."""

import re

from tests.support import markdown
from tests.support.markdown import ROOT

PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in markdown.pages()}
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
FOLDERS = "functions|docs|local|cli|terraform|bench|tests|tools"
# What a reader creates, and what a deployment writes.
CREATED = {"terraform/terraform.tfvars", "terraform/terraform.tfstate"}


def test_links_and_anchors_exist():
    broken = []
    for page, text in PAGES.items():
        for target, fragment in markdown.links(text):
            path = ((ROOT / page).parent / target) if target else ROOT / page
            exists = path.exists()
            if exists and fragment:
                exists = fragment in markdown.anchors(path.read_text())
            if not exists:
                broken.append(f"{page}: {target}#{fragment}")

    assert broken == []


def test_named_files_exist():
    """Paths are relative to the repository's root, or to the page."""
    assert [
        f"{page}: {path}"
        for page, text in PAGES.items()
        for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
        if path not in CREATED
        and not (ROOT / path).exists()
        and not ((ROOT / page).parent / path).exists()
    ] == []


def test_make_commands_are_targets():
    assert {
        page: unknown
        for page, text in PAGES.items()
        if (unknown := markdown.make_targets(text) - TARGETS)
    } == {}


def test_commands_need_no_activated_environment():
    text = "\n".join(PAGES.values())

    assert re.findall(r"(?<!bin/)python -m cli.*", text) == []
