"""The console's list of events and their details, from the journal."""

import itertools
import sqlite3

import pytest

from cli.event_list import Filter
from local.commerce.call_journal import CallJournal
from local.commerce.http_messages import RestRequest
from local.console import events
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


def listed(journal: Journal, **wanted: str) -> list[tuple]:
    rows = events.read_events(journal, Filter(**wanted))
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
    [row] = events.read_events(journal, Filter())
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
    rejected, _ = events.read_events(journal, Filter())
    assert events.rejection(journal, rejected.key).labels["uid"] == "u"


def test_pending_events_of_a_paused_entity_are_paused(journal):
    for uid in ("waits", "retried", "done"):
        publish(journal, uid)
    finish(journal, "retried", "retry", status=503)
    finish(journal, "done", "handled", status=200)

    rows = events.read_events(journal, Filter(status="paused"), paused={"product"})

    assert {row.uid for row in rows} == {"waits", "retried"}
    assert events.read_events(journal, Filter(), paused={"order"})[0].uid == "done"
    assert listed(journal, status="paused") == []


def test_a_redelivered_rejection_stays_rejected(journal):
    publish(journal, "u")
    finish(journal, "u", "duplicate", status=404)

    assert listed(journal)[0][1] == "rejected"


def test_a_rejection_without_uid_has_its_own_row(journal):
    for status in (401, 400):
        journal.observe("published", outcome="rejected", status=status)

    first, second = events.read_events(journal, Filter())

    assert (first.uid, first.http_status, second.http_status) == ("", 400, 401)
    assert events.rejection(journal, first.key).labels["status"] == 400
    assert events.rejection(journal, second.key).labels["status"] == 401


@pytest.mark.parametrize(("outcome", "status"), [("rejected", 207), ("retry", 503)])
def test_an_incomplete_batch_has_its_own_row(journal, outcome, status):
    journal.observe("batch", outcome=outcome, status=status, rejected=1)

    [row] = events.read_events(journal, Filter())

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


def test_rows_are_bounded_and_an_old_uid_is_found(journal, monkeypatch):
    monkeypatch.setattr(events, "MAX_ENTRIES", 40)
    publish(journal, "old")
    finish(journal, "old", "handled", status=200)
    for number in range(60):
        publish(journal, f"new-{number}")

    assert len(events.read_events(journal, Filter(), limit=10)) == 10
    assert listed(journal, uid="old") == [("old", "handled", 1, 200, False)]
    assert len(listed(journal, uid="new-5")) == 11


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

    [row] = events.read_events(journal, Filter(status="retrying"))
    assert (row.next_attempt, row.attempt) == (500.0, 3)
    assert events.read_events(journal, Filter(status="pending")) == [row]

    finish(journal, "u", "handled", status=200, attempt=4)
    [row] = events.read_events(journal, Filter())
    assert (row.status, row.next_attempt) == ("handled", None)
    assert events.read_events(journal, Filter(status="pending")) == []


def test_rows_are_listed_by_the_time_of_posting(journal):
    publish(journal, "first")
    publish(journal, "second")
    finish(journal, "first", "handled", status=200)

    assert [row[0] for row in listed(journal, since=101.0)] == ["second"]
    assert [row[0] for row in listed(journal, until=101.0)] == ["first"]
