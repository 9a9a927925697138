"""The console's list of events and their details, from the journal."""

import sqlite3

import pytest

from local.console import events
from local.console.events import Filter
from local.journal import Journal

EVENT = "be-observer.catalog_product_create"
TOPIC = "projects/p/topics/product"


@pytest.fixture
def journal():
    db = sqlite3.connect(":memory:", isolation_level=None)
    yield Journal(db, clock=lambda: 100.0)
    db.close()


def publish(journal: Journal, uid: str, **labels) -> None:
    given = {"event": EVENT, "entity": "product", "topic": TOPIC, **labels}
    journal.observe("published", component="broker", uid=uid, **given)


def dead_letter(journal: Journal, uid: str) -> None:
    publish(journal, uid, dead_letter=True)


def deliver(journal: Journal, uid: str, attempt: int = 1) -> None:
    journal.observe("delivered", component="broker", uid=uid, attempt=attempt)


def finish(journal: Journal, uid: str, outcome: str, attempt: int = 1, **more) -> None:
    deliver(journal, uid, attempt)
    journal.observe("outcome", uid=uid, outcome=outcome, attempt=attempt, **more)


def listed(journal: Journal, **wanted: str) -> list[tuple]:
    rows = events.list_events(journal, Filter(**wanted))
    return [
        (row.uid, row.status, row.attempt, row.http_status, row.dead_lettered)
        for row in rows
    ]


def test_each_event_has_one_row_newest_first(journal):
    for uid in ("waits", "runs", "handled", "skipped", "rejected", "retried"):
        publish(journal, uid)
    deliver(journal, "runs")
    finish(journal, "handled", "handled", status=200, ms=1.5)
    finish(journal, "skipped", "skipped", status=200)
    finish(journal, "retried", "retry", status=503, attempt=7)
    dead_letter(journal, "rejected")
    finish(journal, "rejected", "rejected", status=400)

    assert listed(journal) == [
        ("rejected", "rejected", 1, 400, True),
        ("retried", "retrying", 7, 503, False),
        ("skipped", "skipped", 1, 200, False),
        ("handled", "handled", 1, 200, False),
        ("runs", "in flight", 1, None, False),
        ("waits", "waiting", None, None, False),
    ]


def test_a_delivery_without_response_is_retried(journal):
    publish(journal, "u")
    deliver(journal, "u", 3)
    journal.observe("answered", component="broker", uid="u", attempt=3)

    assert listed(journal) == [("u", "retrying", 3, None, False)]


def test_exhausted_attempts_are_a_status(journal):
    publish(journal, "u")
    finish(journal, "u", "retry", status=503, attempt=100)
    journal.observe("exhausted", component="broker", uid="u")
    dead_letter(journal, "u")

    assert listed(journal) == [("u", "exhausted", 100, 503, True)]


def test_a_replayed_event_waits_again(journal):
    publish(journal, "u")
    dead_letter(journal, "u")
    finish(journal, "u", "rejected", status=400)
    publish(journal, "u")

    [(_, status, _, _, dead)] = listed(journal)
    assert (status, dead) == ("waiting", False)

    finish(journal, "u", "handled", status=200)
    assert listed(journal) == [("u", "handled", 1, 200, False)]


def test_a_repost_of_a_handled_event_stays_handled(journal):
    publish(journal, "u")
    finish(journal, "u", "handled", status=200)
    publish(journal, "u")
    deliver(journal, "u")
    assert listed(journal)[0][1] == "handled"

    finish(journal, "u", "duplicate", status=200)
    [row] = events.list_events(journal, Filter())
    assert (row.status, row.outcome) == ("handled", "duplicate")


def test_a_redelivered_rejection_stays_rejected(journal):
    publish(journal, "u")
    finish(journal, "u", "duplicate", status=404)

    assert listed(journal)[0][1] == "rejected"


def test_a_rejection_without_uid_has_its_own_row(journal):
    for status in (401, 400):
        journal.observe("published", outcome="rejected", status=status)

    first, second = events.list_events(journal, Filter())

    assert (first.uid, first.http_status, second.http_status) == ("", 400, 401)
    assert events.rejection(journal, first.key).labels["status"] == 400
    assert events.rejection(journal, second.key).labels["status"] == 401


def test_rows_match_all_filters(journal):
    publish(journal, "ERP-1")
    publish(journal, "erp-2")
    journal.observe("published", event="be-observer.customer_delete", entity="customer")
    finish(journal, "erp-2", "handled", status=200)

    assert len(listed(journal)) == 3
    assert [row[0] for row in listed(journal, uid="erp")] == ["erp-2", "ERP-1"]
    assert [row[0] for row in listed(journal, uid="P-2", entity="product")] == ["erp-2"]
    assert [row[0] for row in listed(journal, event=EVENT, status="handled")] == [
        "erp-2"
    ]
    assert listed(journal, entity="customer", status="handled") == []


def test_rows_are_bounded_and_an_old_uid_is_found(journal, monkeypatch):
    monkeypatch.setattr(events, "MAX_ENTRIES", 40)
    publish(journal, "old")
    finish(journal, "old", "handled", status=200)
    for number in range(60):
        publish(journal, f"new-{number}")

    assert len(events.list_events(journal, Filter(), limit=10)) == 10
    assert listed(journal, uid="old") == [("old", "handled", 1, 200, False)]
    assert len(listed(journal, uid="new-5")) == 11


def test_the_payload_is_that_of_the_newest_message(journal):
    assert events.payload(journal, "u") is None
    publish(journal, "u", data='{"a": 1}')
    publish(journal, "u", data='{"a": 2}')
    assert events.payload(journal, "u") == {"a": 2}
    publish(journal, "u", data='{"a": ')
    assert events.payload(journal, "u") == '{"a": '


class StandInCalls:
    """The stand-in's journal with given calls."""

    def __init__(self, *calls: dict) -> None:
        self._calls = calls

    def read_calls(self, limit: int) -> list[dict]:
        return list(self._calls)[:limit]


def call(number: int, at: float, sku: str, status: int = 200) -> dict:
    request = {"id": number, "at": at, "method": "POST", "route": "products"}
    return {**request, "status": status, "path": "/V1/products", "body": {"sku": sku}}


def test_of_calls_at_once_the_one_with_the_value_is_shown(journal):
    publish(journal, "u", data='{"sku": "MINE"}')
    calls = [
        {"method": "POST", "route": "products", "status": status, "ms": 20.0}
        for status in (503, 200)
    ]
    journal.observe("outcome", uid="u", outcome="handled", ms=50.0, calls=calls)
    stand_in = StandInCalls(
        call(1, 99.9, "MINE", 503),
        call(2, 99.9, "OTHER", 503),
        call(3, 99.95, "OTHER"),
        call(4, 99.99, "MINE"),
        call(5, 99.99, "OTHER"),
        call(6, 50.0, "MINE"),
    )

    shown = events.commerce_calls(stand_in, journal, "u")

    assert [one["id"] for one in shown] == [1, 4]
