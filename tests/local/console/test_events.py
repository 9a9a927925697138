"""The console's rows and lives, from the journal."""

import sqlite3

import pytest

from local.console import events
from local.console.events import Wanted
from local.journal import Journal

DEAD = "projects/p/topics/dead"
EVENT = "be-observer.catalog_product_create"


@pytest.fixture
def journal(tmp_path):
    db = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    yield Journal(db)
    db.close()


def received(journal: Journal, uid: str) -> None:
    journal.observe("received", event=EVENT, entity="product", uid=uid)
    published(journal, uid, "projects/p/topics/product")


def published(journal: Journal, uid: str, topic: str, data: str = "") -> None:
    more = {"data": data} if data else {}
    journal.observe("published", room="broker", uid=uid, topic=topic, **more)


def ended(journal: Journal, uid: str, outcome: str, **more) -> None:
    journal.observe("attempt", uid=uid, attempt=more.pop("attempt", 1))
    journal.observe("outcome", uid=uid, outcome=outcome, **more)


def shown(journal: Journal, **wanted: str) -> list[tuple]:
    found = events.rows(journal, Wanted(**wanted), DEAD)
    return [(row.uid, row.outcome, row.attempt, row.status, row.dead) for row in found]


def test_each_event_has_one_row_as_it_stands_newest_first(journal):
    received(journal, "waits")
    received(journal, "handled")
    received(journal, "rejected")
    received(journal, "retried")
    ended(journal, "handled", "handled", status=200, ms=1.5)
    ended(journal, "retried", "retry", status=503, attempt=7)
    published(journal, "rejected", DEAD)
    ended(journal, "rejected", "rejected", status=400)

    assert shown(journal) == [
        ("rejected", "rejected", 1, 400, True),
        ("retried", "retry", 7, 503, False),
        ("handled", "handled", 1, 200, False),
        ("waits", "under way", None, None, False),
    ]


def test_a_delivery_to_nobody_is_a_retry(journal):
    received(journal, "u")
    journal.observe("answered", room="broker", uid="u", attempt=3)

    assert shown(journal) == [("u", "retry", 3, None, False)]


def test_what_ran_out_of_tries_is_a_dead_letter(journal):
    received(journal, "u")
    ended(journal, "u", "retry", status=503, attempt=100)
    journal.observe("dead-lettered", room="broker", uid="u")

    assert shown(journal) == [("u", "rejected", 100, 503, True)]


def test_a_replayed_event_is_under_way_again(journal):
    received(journal, "u")
    published(journal, "u", DEAD)
    ended(journal, "u", "rejected", status=400)
    published(journal, "u", "projects/p/topics/product")

    [(_, outcome, _, _, dead)] = shown(journal)
    assert (outcome, dead) == ("under way", False)

    ended(journal, "u", "handled", status=200)
    assert shown(journal) == [("u", "handled", 1, 200, False)]


def test_a_second_posting_of_a_handled_event_does_not_undo_it(journal):
    received(journal, "u")
    ended(journal, "u", "handled", status=200)
    published(journal, "u", "projects/p/topics/product")

    assert shown(journal)[0][1] == "handled"


def test_what_ingest_refused_without_a_uid_has_a_row_of_its_own(journal):
    for status in (401, 400):
        journal.observe("received", outcome="rejected", status=status)

    first, second = events.rows(journal, Wanted(), DEAD)

    assert (first.uid, first.status, second.status) == ("", 400, 401)
    assert events.refusal(journal, first.key).labels["status"] == 400
    assert events.refusal(journal, second.key).labels["status"] == 401


def test_rows_are_filtered_by_all_that_is_asked(journal):
    received(journal, "ERP-1")
    received(journal, "erp-2")
    journal.observe("received", event="be-observer.customer_delete", entity="customer")
    ended(journal, "erp-2", "handled", status=200)

    assert len(shown(journal)) == 3
    assert [row[0] for row in shown(journal, uid="erp")] == ["erp-2", "ERP-1"]
    assert [row[0] for row in shown(journal, uid="P-2", entity="product")] == ["erp-2"]
    assert [row[0] for row in shown(journal, event=EVENT, outcome="handled")] == [
        "erp-2"
    ]
    assert shown(journal, entity="customer", outcome="handled") == []


def test_the_rows_are_bounded_and_an_old_uid_is_still_found(journal):
    received(journal, "old")
    ended(journal, "old", "handled", status=200)
    for number in range(events.LOOKED_AT // 2):
        received(journal, f"new-{number}")

    assert len(shown(journal)) == events.ROWS
    assert shown(journal, uid="old") == [("old", "handled", 1, 200, False)]
    assert len(shown(journal, uid="new-1")) == events.ROWS


def test_the_payload_is_the_newest_message_s(journal):
    assert events.payload(journal, "u") is None
    published(journal, "u", "t", '{"a": 1}')
    published(journal, "u", "t", '{"a": 2}')
    assert events.payload(journal, "u") == {"a": 2}
    published(journal, "u", "t", '{"a": ')
    assert events.payload(journal, "u") == '{"a": '


class Requests:
    """The stand-in's side, with *asked* in its journal."""

    def __init__(self, *asked: dict) -> None:
        self._asked = asked

    def read_calls(self, limit: int) -> list[dict]:
        return list(self._asked)[:limit]


def asked(number: int, at: float, sku: str, status: int = 200) -> dict:
    what = {"id": number, "at": at, "method": "POST", "route": "products"}
    return {**what, "status": status, "path": "/V1/products", "body": {"sku": sku}}


def test_of_several_requests_at_once_the_one_with_the_value_is_shown(tmp_path):
    db = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    journal = Journal(db, clock=lambda: 100.0)
    published(journal, "u", "t", '{"sku": "MINE"}')
    for status in (503, 200):
        journal.observe(
            "call", uid="u", message="POST products", status=status, ms=20.0
        )
    requests = Requests(
        asked(1, 99.9, "MINE", 503),
        asked(2, 99.9, "OTHER", 503),
        asked(3, 99.95, "OTHER"),
        asked(4, 99.99, "MINE"),
        asked(5, 99.99, "OTHER"),
        asked(6, 50.0, "MINE"),
    )

    found = events.exchanges(requests, journal, "u")
    db.close()

    assert [one["id"] for one in found] == [1, 4]
