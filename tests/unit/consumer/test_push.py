"""Every row of the push's table: the verdict, the record, the dead letter."""

import json
from datetime import UTC, datetime

import pytest
import requests
from google.pubsub_v1.types import PubsubMessage

from functions.consumer import delivery
from functions.consumer.dead_letter_topic import dead_letter_attributes
from functions.ledger.hashes import LedgerHashes
from functions.ledger.memory import MemoryStore
from functions.ledger.store import LedgerUnavailable
from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import (
    PRODUCT_CREATE,
    PRODUCT_VALUE,
    SUBSCRIPTION,
    ConsumerUnderTest,
    push,
)

HANDLED = {
    "type": PRODUCT_CREATE,
    "response": {"success": True, "message": "Product created successfully"},
}
SUCCESS = reply(200, {"id": 1})
REJECTION = reply(400, {"message": "Price %1 is odd", "parameters": ["x"]})
NOT_FOUND = {
    "message": "No such entity with %fieldName",
    "parameters": {"fieldName": "sku"},
}


@pytest.fixture
def consumer():
    return ConsumerUnderTest()


def error(status: int, text: str) -> dict:
    return {"error": {"statusCode": status, "body": {"error": text}}}


def test_an_event_is_handled(consumer):
    assert consumer.deliver(push()) == (200, HANDLED)
    assert [(r.method, r.path) for r in consumer.requests] == [("POST", "products")]
    assert consumer.outcomes() == ["handled"]


def test_a_redelivery_is_answered_without_a_call(consumer):
    consumer.deliver(push())

    assert consumer.deliver(push()) == (200, HANDLED)
    assert len(consumer.requests) == 1
    assert consumer.outcomes() == ["handled", "duplicate"]


def test_an_event_name_may_have_a_namespace(consumer):
    status, body = consumer.deliver(push(event=f"acme.{PRODUCT_CREATE}"))

    assert (status, body["type"]) == (200, f"acme.{PRODUCT_CREATE}")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(
            push(event="be-observer.rocket_launch"),
            "This case type is not supported: be-observer.rocket_launch",
            id="unknown event",
        ),
        pytest.param(
            push({"sku": "A"}),
            f"Invalid value for {PRODUCT_CREATE}: name: Missing data for required"
            " field.; description: Missing data for required field.",
            id="invalid value",
        ),
        pytest.param(
            push(5),
            f"Invalid value for {PRODUCT_CREATE}: value: Must be an object.",
            id="value of another type",
        ),
        pytest.param(
            push(data="bm8ganNvbg=="), "The message's data is not JSON", id="not JSON"
        ),
        pytest.param(
            push(data="W1tb" * 30_000),
            "The message's data is not JSON",
            id="nested too deeply",
        ),
        pytest.param(
            push(data="***"), "The message's data is not base64", id="not base64"
        ),
        pytest.param(
            push(data=7), "The message's data is not base64", id="data of another type"
        ),
        pytest.param(
            push(messageId=None), "The push has no messageId", id="no message id"
        ),
        pytest.param(
            {"message": [], "subscription": SUBSCRIPTION},
            "The push's message is not an object",
            id="message not an object",
        ),
        pytest.param(
            push(attributes={"ce-type": 5}),
            "The attributes are not texts",
            id="attribute not a text",
        ),
        pytest.param(
            push(attributes=["ce-type"]),
            "The attributes are not texts",
            id="attributes not an object",
        ),
    ],
)
def test_an_invalid_event_is_stored_then_acknowledged(consumer, body, reason):
    assert consumer.deliver(body) == (200, error(400, reason))
    [(_, stored_status, stored_reason)] = consumer.dead_letters.stored
    assert (stored_status, stored_reason) == (400, reason)
    assert consumer.requests == []
    assert consumer.outcomes() == ["rejected"]


HALF = "\ud800"  # of a surrogate pair: JSON can escape it, UTF-8 cannot hold it


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"orderingKey": HALF}, id="ordering key"),
        pytest.param({"messageId": HALF}, id="message id"),
        pytest.param({"attributes": {"ce-type": HALF}}, id="attribute"),
        pytest.param({"attributes": {"ce-type": PRODUCT_CREATE, HALF: "x"}}, id="name"),
        pytest.param({"publishTime": HALF}, id="publish time"),
        pytest.param({"x": HALF}, id="another field"),
    ],
)
def test_lone_surrogates_end_as_dead_letter(consumer, changes):
    status, _ = consumer.deliver(push(**changes))

    [(stored, _, reason)] = consumer.dead_letters.stored
    assert (status, reason) == (
        200,
        "The push holds lone surrogates, which are no text",
    )
    attributes = dead_letter_attributes(stored, 400, reason, datetime.now(UTC))
    assert PubsubMessage(attributes=attributes, ordering_key=stored.ordering_key)


def test_whole_surrogate_pairs_are_text(consumer):
    body = push(uid="\U0001f600")
    assert b"\\ud83d\\ude00" in json.dumps(body).encode()

    assert consumer.deliver(body) == (200, HANDLED)


def test_an_unexpected_exception_of_the_store_is_a_500():
    class BrokenStore(MemoryStore):
        def change(self, keys, update, known=None):
            raise RuntimeError("secret")

    consumer = ConsumerUnderTest(BrokenStore())

    assert consumer.deliver(push()) == (500, error(500, "Internal error"))
    assert consumer.outcomes() == ["error"]
    assert "secret" not in consumer.raw_log


def test_lone_surrogates_in_a_value_end_as_dead_letter(consumer):
    status, _ = consumer.deliver(push({**PRODUCT_VALUE, "name": HALF}))

    assert status == 200
    assert "name: " in consumer.dead_letters.stored[0][2]
    assert consumer.requests == []


def test_a_rejection_by_commerce_is_stored_then_acknowledged(consumer):
    consumer.response = REJECTION

    result = consumer.deliver(push())

    reason = "Commerce answered 400 to POST products: Price x is odd"
    assert result == (200, error(400, reason))
    assert [dead[1:] for dead in consumer.dead_letters.stored] == [(400, reason)]
    assert consumer.outcomes() == ["rejected"]


def test_a_redelivery_of_a_rejected_event_gets_the_record(consumer):
    consumer.response = REJECTION
    first = consumer.deliver(push())

    assert consumer.deliver(push()) == first
    assert (len(consumer.requests), len(consumer.dead_letters.stored)) == (1, 1)
    assert consumer.outcomes() == ["rejected", "duplicate"]


@pytest.mark.parametrize(
    ("response", "status"),
    [
        pytest.param(reply(503, {"message": "x"}), 503, id="503"),
        pytest.param(reply(500, {"message": "x"}), 500, id="500"),
        pytest.param(reply(502, b"<html>"), 502, id="502"),
        pytest.param(reply(504, b""), 504, id="504"),
        pytest.param(reply(408, b""), 408, id="408"),
        pytest.param(reply(425, b""), 425, id="425"),
        pytest.param(reply(429, {"message": "x"}), 429, id="429"),
        pytest.param(reply(401, {"message": "x"}), 401, id="401"),
        pytest.param(reply(403, {"message": "x"}), 403, id="403"),
        pytest.param(reply(404, b"<html>"), 503, id="page not found"),
        pytest.param(
            reply(302, b"", Location="https://a.example/"), 503, id="redirect"
        ),
        pytest.param(reply(200, b"<html>"), 503, id="page instead of JSON"),
        pytest.param(reply(400, {"message": "timestamp_refused"}), 401, id="clock"),
        pytest.param(reply(400, {"message": "Deadlock found"}), 503, id="contention"),
        pytest.param(requests.ConnectionError(), 503, id="dropped connection"),
        pytest.param(requests.ReadTimeout(), 504, id="timeout"),
    ],
)
def test_a_temporary_failure_is_not_acknowledged(consumer, response, status):
    consumer.response = response

    actual, body = consumer.deliver(push())

    assert (actual, body["error"]["statusCode"]) == (status, status)
    assert consumer.dead_letters.stored == []
    assert consumer.outcomes() == ["retry"]


def test_a_failed_event_is_handled_at_its_redelivery(consumer):
    consumer.response = reply(503, {"message": "x"})
    consumer.deliver(push())
    consumer.response = SUCCESS

    assert consumer.deliver(push()) == (200, HANDLED)
    assert consumer.outcomes() == ["retry", "handled"]


def test_a_delete_of_something_absent_is_handled(consumer):
    consumer.response = reply(404, NOT_FOUND)
    event = "be-observer.catalog_product_delete"

    status, body = consumer.deliver(push({"sku": "A"}, event))

    message = "Product deleted successfully"
    assert (status, body["response"]["message"]) == (200, message)


def test_without_the_dead_letter_topic_nothing_is_acknowledged(consumer):
    consumer.response = REJECTION
    consumer.dead_letters.unavailable = True

    expected = error(503, "The dead-letter topic cannot be reached")
    assert consumer.deliver(push()) == (503, expected)
    assert consumer.outcome_entries()[0]["alarm"] is True

    consumer.dead_letters.unavailable = False
    assert consumer.deliver(push())[0] == 200
    assert len(consumer.dead_letters.stored) == 1


def test_without_its_ledger_nothing_is_called():
    class UnavailableStore:
        def get(self, key):
            raise LedgerUnavailable("unreachable")

        change = get

    consumer = ConsumerUnderTest(UnavailableStore())

    expected = error(503, "The ledger cannot be reached")
    assert consumer.deliver(push()) == (503, expected)
    assert consumer.requests == []
    assert consumer.outcome_entries()[0]["alarm"] is True


def test_another_key_than_the_ledgers_is_a_503_and_an_alarm():
    store = MemoryStore()
    ConsumerUnderTest(store).deliver(push())
    consumer = ConsumerUnderTest(store)
    consumer.ledger.hashes = LedgerHashes("o" * 32)

    message = (
        "The ledger was written with another LEDGER_KEY: set the key that this"
        " deployment has always had"
    )
    for _ in range(2):
        assert consumer.deliver(push()) == (503, error(503, message))
    assert consumer.requests == []
    assert consumer.dead_letters.stored == []
    entries = consumer.outcome_entries()
    assert [(e["alarm"], e["reason"]) for e in entries] == [(True, message)] * 2


def test_a_ledger_lost_between_two_calls_is_retried(monkeypatch):
    """The first call may have taken effect, which the record then says."""
    # As if the first call were slow: the second one needs a renewed lease.
    monkeypatch.setattr(delivery, "PROMPT_SECONDS", -1)

    class FailingStore(MemoryStore):
        fail = False

        def change(self, keys, update, known=None):
            if self.fail:
                self.fail = False
                raise LedgerUnavailable("unreachable")
            return super().change(keys, update)

    store = FailingStore()
    consumer = ConsumerUnderTest(store)

    def lose_ledger(request):
        store.fail = True
        return reply(200, {"status": "pending"})

    consumer.response = lose_ledger
    value = {"id": 8, "status": "complete"}
    body = push(value, "be-observer.sales_order_status_update")

    expected = error(503, "The ledger cannot be reached")
    assert consumer.deliver(body) == (503, expected)
    consumer.response = reply(200, {"status": "pending", "items": []})
    assert consumer.deliver(body)[0] == 200
    paths = [request.path for request in consumer.requests]
    assert paths == ["orders/8", "orders/8", "orders/8/comments", "orders/8/comments"]


def test_another_delivery_in_flight_is_a_503(consumer):
    results = []

    def deliver_meanwhile(request):
        results.append(consumer.deliver(push()))
        return SUCCESS

    consumer.response = deliver_meanwhile

    assert consumer.deliver(push()) == (200, HANDLED)
    assert results == [(503, error(503, "Another delivery of this event is in flight"))]


def test_an_exception_in_a_handler_is_a_500_without_details(consumer):
    def fail(request):
        raise RuntimeError("personal")

    consumer.response = fail

    expected = error(500, "Internal error")
    assert consumer.deliver(push()) == (500, expected)
    assert consumer.outcomes() == ["error"]
    assert "personal" not in consumer.raw_log


def test_no_call_begins_that_could_exceed_the_budget():
    consumer = ConsumerUnderTest(budget_seconds=4)

    assert consumer.deliver(push())[0] == 503
    assert consumer.requests == []


def test_a_missing_event_time_is_replaced(consumer):
    """By the publish time, else by the present."""
    for number, times in enumerate(({}, {"publishTime": "soon"})):
        body = push(message_id=f"m{number}", uid=f"u{number}", **times)
        body["message"]["attributes"]["ce-time"] = "soon"

        assert consumer.deliver(body)[0] == 200


def test_a_push_without_source_and_uid_is_handled(consumer):
    body = push()
    for name in ("ce-source", "ce-id"):
        del body["message"]["attributes"][name]

    assert consumer.deliver(body) == (200, HANDLED)
    assert consumer.outcome_entries()[0]["uid"] == "m1"
