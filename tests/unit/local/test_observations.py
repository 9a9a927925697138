"""What functions, broker and stand-in report becomes journal entries."""

import sqlite3

import pytest

from local import observations
from local.journal import Journal

DEAD_LETTERS = "projects/p/topics/commerce-dead-letters"


@pytest.fixture
def journal():
    db = sqlite3.connect(":memory:", isolation_level=None)
    yield Journal(db, clock=lambda: 5.0)
    db.close()


def entries(journal: Journal) -> list[tuple]:
    return [(entry.stage, entry.at, entry.labels) for entry in journal.read()]


def test_a_log_entry_keeps_its_time_and_fields(journal):
    observe = observations.of_functions(journal)

    observe(
        {
            "severity": "INFO",
            "message": "event handled",
            "time": "2026-01-01T00:00:00.500000Z",
            "stage": "outcome",
            "outcome": "handled",
            "calls": [{"method": "GET", "route": "orders/{id}", "status": 200}],
            "logging.googleapis.com/trace": "t",
        }
    )

    [(stage, at, labels)] = entries(journal)
    assert (stage, at) == ("outcome", 1767225600.5)
    assert set(labels) == {"message", "outcome", "calls"}


@pytest.mark.parametrize("stage", ["received", "delivered"])
def test_debug_entries_that_the_broker_reports_too_are_left_out(journal, stage):
    observations.of_functions(journal)({"severity": "DEBUG", "stage": stage})

    assert entries(journal) == []


def test_a_rejection_by_ingest_is_stored(journal):
    observations.of_functions(journal)({"stage": "published", "outcome": "rejected"})

    assert entries(journal) == [("published", 5.0, {"outcome": "rejected"})]


def test_an_accepted_batch_is_not_stored(journal):
    """The broker reports each of its events."""
    observe = observations.of_functions(journal)
    observe({"stage": "batch", "status": 200})
    observe({"stage": "batch", "status": 207, "outcome": "rejected"})

    [(_, _, labels)] = entries(journal)
    assert (labels["status"], labels["event"]) == (207, "batch")


def test_the_broker_shows_a_delivery_in_flight(journal):
    observe = observations.of_broker(journal, DEAD_LETTERS)
    delivery = {"uid": "u", "message_id": "1", "attempt": 2}

    observe("pushed", **delivery)
    observe("answered", status=503, error=None, next_attempt=6.0, **delivery)

    delivery["component"] = "broker"
    assert entries(journal) == [
        ("delivered", 5.0, delivery),
        ("answered", 5.0, {**delivery, "status": 503, "next_attempt": 6.0}),
    ]


def test_payloads_are_bounded_and_dead_letters_marked(journal, monkeypatch):
    monkeypatch.setattr(observations, "MAX_PAYLOAD_BYTES", 4)
    observe = observations.of_broker(journal, DEAD_LETTERS)

    observe("published", data=b'{"a": 1}', topic="projects/p/topics/commerce-order")
    observe("published", data=b"{}", topic=DEAD_LETTERS)
    observe("dead-lettered", attempt=100)

    first, second, third = entries(journal)
    assert first[2]["data"] == '{"a"'
    assert "dead_letter" not in first[2]
    assert second[2]["dead_letter"] is True
    assert third[0] == "exhausted"


def test_calls_of_the_stand_in_name_their_component(journal):
    observations.of_stand_in(journal)("call", method="GET", status=200)

    labels = {"component": "commerce", "method": "GET", "status": 200}
    assert entries(journal) == [("call", 5.0, labels)]
