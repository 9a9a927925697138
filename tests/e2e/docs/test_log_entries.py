"""What the functions log is on docs/operations.md, and the README shows real output."""

import re
import time

import requests

from tests.support import markdown
from tests.support.consumer_kit import PRODUCT_CREATE, push
from tests.support.debugging_stack import (
    EVENT,
    UPDATE,
    log_entries,
    product,
    signature_headers,
)
from tests.support.serving import url

ENTRIES = markdown.section(markdown.read("docs/operations.md"), "Log entries")
README = markdown.read("README.md")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def listed(heading: str) -> set[str]:
    """The code in the page's column *heading*."""
    return markdown.code(markdown.column(ENTRIES, heading))


def test_every_field_that_is_logged_is_listed(ingest_alone, consumer_alone):
    requests.post(url(consumer_alone), json=push(uid="entry-1"), timeout=60)
    headers = signature_headers(EVENT, time.time()) | {"traceparent": TRACEPARENT}
    requests.post(url(ingest_alone), EVENT, headers=headers, timeout=30)
    logged = log_entries(ingest_alone.output()) + log_entries(consumer_alone.output())
    fields = {name for entry in logged for name in entry}

    assert fields
    assert fields - listed("field") == set()
    assert {one["stage"] for one in logged if "stage" in one} <= listed("`stage`")
    outcomes = {one["outcome"] for one in logged if "outcome" in one}
    assert outcomes <= listed("`outcome`")


def test_stages_of_the_stack_are_listed(stack):
    stack.send(UPDATE, product("A", price="9.5"), "entry-2")
    stack.publish(UPDATE, product("ENTRY"), "entry-3")
    stack.trace("entry-3", "handled")
    logged = [
        entry
        for entry in stack.log_entries()
        if entry.get("uid") in ("entry-2", "entry-3") and "component" not in entry
    ]

    assert {entry["stage"] for entry in logged} <= listed("`stage`")
    assert {"published", "outcome"} <= {entry["stage"] for entry in logged}


def test_readme_shows_what_the_terminal_shows(stack):
    """The second column and the entity of each line, in the same order."""
    stack.publish(PRODUCT_CREATE, product("README"), "readme-1")
    stack.outcome("readme-1", "handled")
    lines = re.findall(r"^\d\d:\d\d:\d\d  .*uid=readme-1\b.*$", stack.output(), re.M)
    shown = re.findall(r"^\d\d:\d\d:\d\d  .*$", README, re.M)

    assert shown
    assert [re.split(r"  +", line)[1:4] for line in shown] == [
        re.split(r"  +", line)[1:4] for line in lines
    ]
