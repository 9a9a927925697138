"""The lines in the terminal."""

import io

import pytest

from cli.happened import Entry
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
        pytest.param("outcome", {"outcome": "rejected"}, "rejected", id="rejected"),
    ],
)
def test_each_stage_has_its_line(stage, labels, expected):
    words = [
        word for part in line(stage, **labels).split("  ") if (word := part.strip())
    ]

    assert words[:4] == [expected, "product", "catalog_product_create", "uid=erp-1"]


def test_an_outcome_tells_time_and_status():
    told = line("outcome", outcome="rejected", status=400, ms=12.5)

    assert told.endswith("uid=erp-1  12.5 ms  400\n")


def test_what_ingest_refuses_tells_the_fields_at_fault():
    fields = ["data.value.sku", "data.value.price"]
    told = line("received", outcome="rejected", status=400, fields=fields)

    assert told.startswith("refused  ")
    assert told.endswith("uid=erp-1  400  data.value.sku, data.value.price\n")


def test_what_the_consumer_says_itself_is_told():
    told = line("outcome", outcome="retry", status=503, answer="The ledger is away")

    assert told.endswith("uid=erp-1  503  The ledger is away\n")


def test_what_is_out_of_tries_is_said_though_only_the_broker_knows():
    told = line("dead-lettered", room="broker", attempt=5)

    assert told.startswith("dead-lettered  ")
    assert told.endswith("uid=erp-1  out of tries, after 5\n")


def test_what_rooms_saw_themselves_is_not_said_twice():
    assert line("published", room="broker") == ""


def test_a_strangers_uid_cannot_command_the_terminal():
    told = line("received", uid="\x1b[31mred\nline\u202e")

    assert told.endswith(
        "uid=\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"
        "line\N{REPLACEMENT CHARACTER}\n"
    )


def test_no_colours_where_nobody_sees_them():
    assert "\x1b" not in line("outcome", outcome="handled")
