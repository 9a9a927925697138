"""The lines in the terminal."""

import io

import pytest

from local.journal import Entry
from local.terminal import Terminal

LABELS = {
    "event": "be-observer.catalog_product_create",
    "entity": "product",
    "uid": "erp-1",
}


def line(stage: str, **labels) -> str:
    out = io.StringIO()
    Terminal(out).entry(Entry(1, 0.0, stage, {**LABELS, **labels}))
    return out.getvalue()[10:]  # without the time of day


@pytest.mark.parametrize(
    ("stage", "labels", "expected"),
    [
        pytest.param("received", {}, "received", id="received"),
        pytest.param("published", {"ms": 3.2, "status": 200}, "published", id="stored"),
        pytest.param("attempt", {"attempt": 2}, "delivered, attempt 2", id="delivered"),
        pytest.param("outcome", {"outcome": "handled"}, "handled", id="handled"),
        pytest.param("outcome", {"outcome": "retry"}, "retrying", id="retrying"),
        pytest.param("outcome", {"outcome": "refused"}, "refused", id="refused"),
    ],
)
def test_each_stage_has_its_line(stage, labels, expected):
    words = [
        word for part in line(stage, **labels).split("  ") if (word := part.strip())
    ]

    assert words[:4] == [expected, "product", "catalog_product_create", "uid=erp-1"]


def test_an_outcome_tells_time_status_and_answer():
    told = line("outcome", outcome="refused", status=400, ms=12.5, answer="Bad price")

    assert told.endswith("uid=erp-1  12.5 ms  400  Bad price\n")


def test_what_rooms_saw_themselves_is_not_said_twice():
    assert line("published", room="broker") == ""


def test_no_colours_where_nobody_sees_them():
    assert "\x1b" not in line("outcome", outcome="handled")
