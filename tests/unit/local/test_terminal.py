"""The lines in the terminal."""

import io

from cli.journal_entries import JournalEntry
from local.terminal import Terminal

LABELS = {
    "event": "be-observer.catalog_product_create",
    "entity": "product",
    "uid": "erp-1",
}
BROKER = {"component": "broker"}


def line(stage: str, verbose: bool = False, **labels) -> str:
    out = io.StringIO()
    Terminal(out, verbose).show(JournalEntry(1, 0.0, stage, {**LABELS, **labels}))
    return out.getvalue()[10:]  # without the time of day


def test_each_stage_has_its_line(subtests):
    for name, stage, labels, first in [
        ("published", "published", BROKER, "published"),
        ("delivered", "delivered", {**BROKER, "attempt": 2}, "delivered, attempt 2"),
        ("handled", "outcome", {"outcome": "handled"}, "handled"),
        ("retrying", "outcome", {"outcome": "retry"}, "retrying"),
        ("rejected", "outcome", {"outcome": "rejected"}, "rejected"),
        ("exhausted", "exhausted", BROKER, "exhausted"),
        ("no response", "answered", BROKER, "retrying"),
    ]:
        with subtests.test(name):
            words = [
                word
                for part in line(stage, **labels).split("  ")
                if (word := part.strip())
            ]

            assert words[:4] == [
                first,
                "product",
                "catalog_product_create",
                "uid=erp-1",
            ]


def test_nothing_is_shown_twice(subtests):
    for name, stage, labels in [
        ("ingest's entry", "published", {"ms": 3.2, "status": 200}),
        ("dead letter", "published", {**BROKER, "dead_letter": True}),
        ("answered", "answered", {**BROKER, "status": 503}),
        ("stand-in", "call", {"component": "commerce"}),
    ]:
        with subtests.test(name):
            assert line(stage, **labels) == ""


def test_an_outcome_shows_time_and_status():
    text = line("outcome", outcome="rejected", status=400, ms=12.5)

    assert text.endswith("uid=erp-1  12.5 ms  400\n")


def test_a_rejection_by_ingest_shows_the_invalid_fields():
    fields = ["data.value.sku", "data.value.price"]
    text = line("published", outcome="rejected", status=400, fields=fields)

    assert text.startswith("rejected  ")
    assert text.endswith("uid=erp-1  400  data.value.sku, data.value.price\n")


def test_a_batch_shows_what_became_of_its_events():
    counts = {"accepted": 2, "rejected": 1, "failed": 0}
    text = line("batch", event="batch", outcome="rejected", status=207, **counts)

    assert text.startswith("rejected  ")
    assert "  batch  " in text
    assert text.endswith("  2 accepted, 1 rejected  207\n")


def test_the_consumers_own_reason_is_shown():
    text = line("outcome", outcome="retry", status=503, reason="Ledger unavailable")

    assert text.endswith("uid=erp-1  503  Ledger unavailable\n")


def test_exhausted_attempts_are_counted():
    text = line("exhausted", component="broker", attempt=5)

    assert text.endswith("uid=erp-1  dead-lettered after 5 delivery attempts\n")


def test_calls_are_shown_where_asked_for():
    calls = [{"method": "POST", "route": "products", "status": None, "ms": 2}]
    text = line("outcome", verbose=True, outcome="retry", calls=calls)

    assert text.startswith("  POST products  ")
    assert "uid=erp-1  2 ms  no response\n" in text


def test_control_characters_of_a_uid_are_replaced():
    text = line("outcome", outcome="handled", uid="\x1b[31mred\nline\u202e")

    assert text.endswith(
        "uid=\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"
        "line\N{REPLACEMENT CHARACTER}\n"
    )


def test_a_file_gets_no_colours():
    assert "\x1b" not in line("outcome", outcome="handled")
