"""The console's list of events and their details, from the journal."""

import itertools
import json
import sqlite3
from collections.abc import Container
from typing import Any

import pytest

from cli.event_list import Filter, Row
from cli.journal_file import FORGOTTEN
from local import journal as journal_module
from local.commerce.call_journal import CallJournal
from local.commerce.http_messages import RestRequest
from local.console import events
from local.console.journal_index import JournalIndex
from local.journal import Journal

EVENT = "be-observer.catalog_product_create"
TOPIC = "projects/p/topics/product"


@pytest.fixture
def db():
    db = sqlite3.connect(":memory:", isolation_level=None)
    yield db
    db.close()


@pytest.fixture
def journal(db):
    seconds = itertools.count(100)
    return Journal(db, clock=lambda: float(next(seconds)))


def publish(journal: Journal, uid: str, **labels) -> None:
    given = {"event": EVENT, "entity": "product", "topic": TOPIC}
    given |= {"message_id": f"m-{uid}", **labels}
    journal.observe("published", component="broker", uid=uid, **given)


def dead_letter(journal: Journal, uid: str) -> None:
    publish(journal, uid, dead_letter=True, message_id=f"d-{uid}")


def deliver(journal: Journal, uid: str, attempt: int = 1, **more) -> None:
    ids = {"uid": uid, "message_id": f"m-{uid}", "attempt": attempt, **more}
    journal.observe("delivered", component="broker", **ids)


def finish(journal: Journal, uid: str, outcome: str, attempt: int = 1, **more) -> None:
    ids = {"message_id": f"m-{uid}", **more}
    deliver(journal, uid, attempt, message_id=ids["message_id"])
    journal.observe("outcome", uid=uid, outcome=outcome, attempt=attempt, **ids)


def read(journal: Journal, paused: Container[str] = (), **wanted: Any) -> list[Row]:
    index = JournalIndex(journal)
    index.refresh()
    rows, count = index.events.page(Filter(**wanted), 0, 1000, paused)
    assert count == len(rows)
    return rows


def listed(journal: Journal, **wanted: Any) -> list[tuple]:
    rows = read(journal, **wanted)
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
    ids = {"uid": "u", "message_id": "m-u"}
    journal.observe("answered", component="broker", attempt=3, **ids)

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
    publish(journal, "u", message_id="m-2")

    [(_, status, _, _, dead)] = listed(journal)
    assert (status, dead) == ("waiting", False)

    finish(journal, "u", "handled", status=200, message_id="m-2")
    assert listed(journal) == [("u", "handled", 1, 200, False)]


def test_a_repost_waits_until_it_is_recognised_as_a_duplicate(journal):
    publish(journal, "u", message_id="m1")
    finish(journal, "u", "handled", status=200, message_id="m1")
    publish(journal, "u", message_id="m2")
    assert listed(journal)[0][1] == "waiting"

    finish(journal, "u", "duplicate", status=200, message_id="m2")
    [row] = read(journal)
    assert (row.status, row.outcome) == ("handled", "duplicate")


def test_a_repost_that_ingest_rejects_has_a_row_of_its_own(journal):
    publish(journal, "u", message_id="m1")
    finish(journal, "u", "handled", status=200, message_id="m1")
    labels = {"uid": "u", "outcome": "rejected", "status": 400, "event": EVENT}
    journal.observe("published", fields=["data.value.sku"], **labels)

    assert listed(journal) == [
        ("u", "rejected", None, 400, False),
        ("u", "handled", 1, 200, False),
    ]
    rejected, _ = read(journal)
    assert events.rejection(journal, rejected.key).labels["uid"] == "u"


def test_pending_events_of_a_paused_entity_are_paused(journal):
    for uid in ("waits", "retried", "done"):
        publish(journal, uid)
    finish(journal, "retried", "retry", status=503)
    finish(journal, "done", "handled", status=200)

    rows = read(journal, {"product"}, status="paused")

    assert {row.uid for row in rows} == {"waits", "retried"}
    assert read(journal, {"order"})[0].uid == "done"
    assert listed(journal, status="paused") == []


def test_a_redelivered_rejection_stays_rejected(journal):
    publish(journal, "u")
    finish(journal, "u", "duplicate", status=404)

    assert listed(journal)[0][1] == "rejected"


def test_a_rejection_without_uid_has_its_own_row(journal):
    for status in (401, 400):
        journal.observe("published", outcome="rejected", status=status)

    first, second = read(journal)

    assert (first.uid, first.http_status, second.http_status) == ("", 400, 401)
    assert events.rejection(journal, first.key).labels["status"] == 400
    assert events.rejection(journal, second.key).labels["status"] == 401


@pytest.mark.parametrize(("outcome", "status"), [("rejected", 207), ("retry", 503)])
def test_an_incomplete_batch_has_its_own_row(journal, outcome, status):
    journal.observe("batch", outcome=outcome, status=status, rejected=1)

    [row] = read(journal)

    assert (row.uid, row.status, row.http_status) == ("", "rejected", status)
    assert events.rejection(journal, row.key).labels["rejected"] == 1


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


def test_a_page_of_rows_knows_how_many_match(journal):
    for number in range(60):
        publish(journal, f"new-{number}")
    index = JournalIndex(journal)
    index.refresh()

    rows, count = index.events.page(Filter(), 50, 25)
    assert ([row.uid for row in rows], count) == (
        [f"new-{number}" for number in range(9, -1, -1)],
        60,
    )
    rows, count = index.events.page(Filter(uid="new-5"), 10, 25)
    assert ([row.uid for row in rows], count) == (["new-5"], 11)


def test_new_entries_are_added_to_the_index(journal):
    index = JournalIndex(journal)
    for outcome in ("retry", "handled"):
        publish(journal, "u")
        finish(journal, "u", outcome, status=200)
        index.refresh()
        [row] = index.events.rows(Filter())
        assert row.outcome == outcome


def test_the_index_forgets_what_the_journal_forgets(db, monkeypatch):
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 20)
    monkeypatch.setattr(journal_module, "TRIM_EVERY", 10)
    journal = Journal(db)
    index = JournalIndex(journal)
    for number in range(60):
        publish(journal, f"u{number}")
        index.refresh()
    assert len(index.events) == 20

    db.execute("DELETE FROM journal_entry WHERE uid = 'u55'")
    journal.observe(FORGOTTEN, component="operator")
    index.refresh()
    assert "u55" not in [row.uid for row in index.events.rows(Filter())]
    assert len(index.events) == 19


def test_events_are_searched_by_identifiers_in_their_payload(journal):
    publish(journal, "a", data='{"sku": "LAMP-1", "name": "Lamp"}')
    publish(journal, "b", data='{"id": 4711, "status": "x"}')
    publish(journal, "c", data='{"email": "Jane@example.com"}')
    labels = {"outcome": "rejected", "status": 400, "request": "r1"}
    journal.observe("published", **labels)
    body = {"body": '{"data": {"value": {"sku": "LAMP-2"', "body_bytes": 40}
    journal.observe("request", component="request", message_id="r1", **body)

    def uids(text: str) -> list[str]:
        return [row.uid for row in read(journal, search=text)]

    assert uids("lamp") == ["", "a"]
    assert uids("jane@") == ["c"]
    assert (uids("4711"), uids("471")) == (["b"], [])


def test_a_discarded_dead_letter_is_shown(journal):
    publish(journal, "u")
    dead_letter(journal, "u")
    finish(journal, "u", "rejected", status=400)
    ids = {"uid": "u", "message_id": "m-u"}
    journal.observe("discarded", component="operator", **ids)

    assert listed(journal) == [("u", "discarded", 1, 400, False)]
    assert listed(journal, status="discarded")


def test_a_rejected_request_is_shown_with_its_body_and_messages(journal):
    error, errors = "Unable to publish", {"data.event": ["Unknown event type."]}
    body = '{"data": {"event": "be-observer.catalog_product_crate"}}'
    response = {"error": error, "errors": errors}
    ids = {"component": "request", "message_id": "r1", "status": 400}
    journal.observe("request", body=body, body_bytes=57, response=response, **ids)

    shown = events.rejected_request(journal, "r1")

    assert (shown.body, shown.error, shown.errors) == (body, error, errors)
    assert shown.closest[0] == "be-observer.catalog_product_create"
    assert not shown.is_cut
    assert events.rejected_request(journal, "r2") is None
    assert events.rejected_request(journal, "") is None


def test_a_body_that_posts_an_event_again(journal):
    assert events.posted_body(journal, "u") == ""
    publish(journal, "u", data='{"sku": "é"}')
    assert json.loads(events.posted_body(journal, "u")) == {
        "data": {"uid": "u", "event": EVENT, "value": {"sku": "é"}}
    }
    publish(journal, "u", data='{"sku": "cut')
    assert events.posted_body(journal, "u") == ""


def test_the_payload_is_that_of_the_newest_message(journal):
    assert events.payload(journal, "u") is None
    publish(journal, "u", data='{"a": 1}')
    publish(journal, "u", data='{"a": 2}')
    assert events.payload(journal, "u") == {"a": 2}
    publish(journal, "u", data='{"a": ')
    assert events.payload(journal, "u") == '{"a": '


def test_of_200_events_at_once_each_has_its_own_calls(journal, db):
    stand_in = CallJournal(db)
    for number in range(200):
        span_id = f"{number + 1:016x}"
        request = RestRequest(
            "POST",
            "http",
            "/rest/V1/products",
            "",
            {"traceparent": f"00-{'a' * 32}-{span_id}-01"},
            b'{"sku": "Q-%d"}' % number,
            100.0,
        )
        stand_in.add(request, None, 1.0, None)
    for number in reversed(range(200)):
        call = {"method": "POST", "route": "products", "span_id": f"{number + 1:016x}"}
        journal.observe("outcome", uid=f"u-{number}", outcome="handled", calls=[call])

    for number in range(200):
        [shown] = events.commerce_calls(stand_in, journal, f"u-{number}")
        assert shown["body"] == {"sku": f"Q-{number}"}


def test_the_notice_of_a_replay_shows_what_became_of_it(journal):
    assert events.replay_notice(journal, "m-u") == ""
    publish(journal, "u", replayed="1")
    assert events.replay_notice(journal, "m-u") == "Replayed: u is published again."
    finish(journal, "u", "rejected", status=404)
    assert (
        events.replay_notice(journal, "m-u") == "Replayed: u was rejected again (404)."
    )


def test_a_retry_has_the_time_of_its_next_attempt(journal):
    publish(journal, "u")
    finish(journal, "u", "retry", status=503, attempt=3)
    ids = {"uid": "u", "message_id": "m-u", "attempt": 3}
    journal.observe(
        "answered", status=503, component="broker", next_attempt=500.0, **ids
    )

    [row] = read(journal, status="retrying")
    assert (row.next_attempt, row.attempt) == (500.0, 3)
    assert read(journal, status="pending") == [row]

    finish(journal, "u", "handled", status=200, attempt=4)
    [row] = read(journal)
    assert (row.status, row.next_attempt) == ("handled", None)
    assert read(journal, status="pending") == []


def test_rows_are_listed_by_the_time_of_posting(journal):
    publish(journal, "first")
    publish(journal, "second")
    finish(journal, "first", "handled", status=200)

    assert [row[0] for row in listed(journal, since=101.0)] == ["second"]
    assert [row[0] for row in listed(journal, until=101.0)] == ["first"]


@pytest.mark.parametrize(
    ("uid", "value", "expected"),
    [
        ("posted", {"sku": "S"}, True),
        ("posted", {"sku": "T"}, False),
        ("other", {"sku": "S"}, False),
    ],
)
def test_an_event_published_before_is_a_duplicate(journal, uid, value, expected):
    publish(journal, "posted", data='{"sku": "S"}')
    data = {"uid": uid, "event": EVENT, "value": value}

    assert (
        events.was_published(journal, json.dumps({"data": data}).encode()) is expected
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": 1}', b"\xff", b"{}"])
def test_an_unreadable_body_is_no_duplicate(journal, body):
    assert not events.was_published(journal, body)
