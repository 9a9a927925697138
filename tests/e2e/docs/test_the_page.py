"""docs/debugging.md as a whole: its tables, its entries, its links."""

import re
import time
from importlib import import_module
from pathlib import Path

import requests

from tests.consumer.parts import push
from tests.docs.debugging import page
from tests.docs.debugging.parts import (
    ENTRIES,
    EVENT,
    TRIED,
    UPDATE,
    lines_of,
    product,
    signed,
)
from tests.running import ROOT
from tests.serving import url


def column(heading: str) -> set[str]:
    """What stands in code in the first column of the table that begins so."""
    table = page.PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (.+?) \|", table, re.M)
    return set(re.findall(r"`([^`]+)`", " ".join(cells)))


def test_what_a_line_says_is_all_on_the_page(stack, lonely, astray):
    """Every field and stage that was written in all of this, and no other."""
    stack.send(UPDATE, product("A", price="9.5"), "lines-1")
    stack.taken(UPDATE, product("LINES"), "lines-2")
    stack.life("lines-2", "handled")
    requests.post(url(astray), json=push(uid="lines-3"), timeout=60)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {**signed(EVENT, time.time()), "traceparent": trace}
    requests.post(url(lonely), EVENT, headers=headers, timeout=30)
    theirs = [line for line in stack.lines() if "room" not in line]
    lines = [*theirs, *lines_of(lonely.said()), *lines_of(astray.said())]
    written = {name for line in lines for name, value in line.items() if value}

    assert written == column("field")
    assert {line["stage"] for line in lines if "stage" in line} == column("`stage`")
    assert {line["outcome"] for line in theirs if line.get("outcome")} < set(
        re.findall(r"`(\w+)`", page.PAGE.partition("| `outcome` | consumer |")[2])
    )


def test_every_entry_is_tried():
    # Who runs this file alone has yet to hear what the others try.
    for path in Path(__file__).parent.glob("test_*.py"):
        import_module(f"{__package__}.{path.stem}")

    assert TRIED == set(ENTRIES)
    assert len(ENTRIES) >= 12


def test_every_link_on_the_page_leads_somewhere():
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.PAGE):
        text = (ROOT / "docs" / target).read_text() if target else page.PAGE
        slugs = {
            re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.M)
        }
        assert not anchor or anchor in slugs, f"{target}#{anchor}"


def test_the_readme_leads_to_the_page():
    assert "(docs/debugging.md)" in (ROOT / "README.md").read_text()
