"""docs/operations.md: its tables of log entries and statuses."""

from cli import event_state
from functions.log import SEVERITIES
from tests.support import markdown

PAGE = markdown.read("docs/operations.md")
ENTRIES = markdown.section(PAGE, "Log entries")
STAGES = {"received", "published", "batch", "delivered", "call", "outcome"}
OUTCOMES = {"handled", "duplicate", "skipped", "rejected", "retry", "error"}
STATUSES = set(event_state.STATES)


def test_every_stage_is_listed_with_its_severity():
    [severities] = [
        rows for heading, *rows in markdown.tables(ENTRIES) if "severity" in heading
    ]

    assert {row[0].strip("`") for row in severities} == STAGES
    assert all(row[2].split(";")[0] in SEVERITIES for row in severities)


def test_every_outcome_is_listed():
    assert markdown.code(markdown.column(ENTRIES, "`outcome`")) == OUTCOMES


def test_every_status_of_an_event_is_listed():
    text = markdown.section(PAGE, "trace")

    assert markdown.code(markdown.column(text, "status (`now`)")) == STATUSES
