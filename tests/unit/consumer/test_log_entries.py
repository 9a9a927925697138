"""What a delivery logs: one entry with its calls, and failed calls at once."""

import pytest
import requests

from functions.handlers import product
from tests.support.commerce_adapter import SAAS, TOKEN_DOCUMENT, reply
from tests.support.consumer_kit import (
    PRODUCT_VALUE,
    ConsumerUnderTest,
    push,
)

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
ORDER_STATUS = push(
    {"id": 8, "status": "complete"}, "be-observer.sales_order_status_update"
)


def summary(entry):
    return entry["severity"], entry["stage"], entry["message"]


def without_ms(calls):
    return [
        {name: call[name] for name in call if name not in ("ms", "span_id")}
        for call in calls
    ]


def test_a_delivery_is_one_entry_with_its_calls():
    consumer = ConsumerUnderTest()

    consumer.deliver(ORDER_STATUS)

    [entry] = consumer.entries
    assert summary(entry) == ("INFO", "outcome", "event handled")
    assert without_ms(entry["calls"]) == [
        {"method": "GET", "route": "orders/{id}", "status": 200},
        {"method": "POST", "route": "orders/{id}/comments", "status": 200},
    ]
    assert all(call["ms"] >= 0 for call in entry["calls"])


def test_an_entry_has_the_documented_fields():
    consumer = ConsumerUnderTest()

    consumer.deliver(push())

    [entry] = consumer.entries
    assert entry.keys() == {
        *("severity", "message", "time", "stage", "event", "entity", "uid"),
        *("message_id", "attempt", "outcome", "status", "http_status", "ms"),
        *("age_ms", "calls"),
    }
    assert (entry["message_id"], entry["attempt"]) == ("m1", 1)
    assert (entry["outcome"], entry["status"]) == ("handled", 200)
    assert entry["http_status"] == 200
    assert entry["age_ms"] > 0


@pytest.mark.parametrize(
    ("response", "status"),
    [
        pytest.param(reply(500, {"message": "No"}), 500, id="status"),
        pytest.param(requests.ReadTimeout(), None, id="no response"),
    ],
)
def test_a_failed_call_is_also_a_warning_at_once(response, status):
    consumer = ConsumerUnderTest()
    consumer.response = response

    consumer.deliver(push())

    call, outcome = consumer.entries
    assert summary(call) == ("WARNING", "call", "POST products")
    assert call.get("status") == status
    assert summary(outcome) == ("ERROR", "outcome", "event retry")
    [logged] = outcome["calls"]
    assert (logged["status"], logged["ms"]) == (status, call["ms"])


def test_a_failed_token_request_is_a_call_too():
    consumer = ConsumerUnderTest(base=SAAS)
    consumer.response = lambda request: reply(500) if not request.path else reply()

    consumer.deliver(push())

    call, outcome = consumer.entries
    assert summary(call) == ("WARNING", "call", "POST ims/token/v3")
    assert [c["route"] for c in outcome["calls"]] == ["ims/token/v3"]


def test_at_debug_the_delivery_and_each_call_are_logged():
    consumer = ConsumerUnderTest(log_level="DEBUG")

    consumer.deliver(push())

    assert [summary(entry) for entry in consumer.entries] == [
        ("DEBUG", "delivered", "event delivered"),
        ("DEBUG", "call", "POST products"),
        ("INFO", "outcome", "event handled"),
    ]


def test_a_duplicate_has_no_calls():
    consumer = ConsumerUnderTest()
    consumer.deliver(push())
    consumer.deliver(push())

    assert "calls" in consumer.entries[0]
    assert "calls" not in consumer.entries[1]


@pytest.mark.parametrize(
    ("response", "severity"),
    [
        pytest.param(reply(200, {}), "INFO", id="handled"),
        pytest.param(
            reply(400, {"message": "No such entity"}), "WARNING", id="rejected"
        ),
        pytest.param(reply(503, {"message": "No"}), "ERROR", id="retry"),
    ],
)
def test_the_severity_depends_on_the_outcome(response, severity):
    consumer = ConsumerUnderTest()
    consumer.response = response

    consumer.deliver(push())

    [entry] = consumer.outcome_entries()
    assert entry["severity"] == severity


def test_an_exception_is_logged_with_its_location(monkeypatch):
    def fail(value, settings):
        raise KeyError(value["sku"])

    monkeypatch.setattr(product, "new_product", fail)
    consumer = ConsumerUnderTest()

    consumer.deliver(push())

    error, outcome = consumer.entries
    assert summary(error)[:2] == ("ERROR", "call")
    assert error["message"].startswith(f"KeyError in {fail.__qualname__} line ")
    assert summary(outcome) == ("ERROR", "outcome", "event error")


def test_each_call_is_sent_and_logged_with_its_own_span_id():
    consumer = ConsumerUnderTest(log_level="DEBUG")
    body = push(event="be-observer.catalog_product_update")
    body["message"]["attributes"]["traceparent"] = TRACEPARENT

    consumer.deliver(body)
    consumer.deliver(push(uid="without-trace"))

    sent = [request.headers["traceparent"].split("-") for request in consumer.requests]
    logged = [
        call["span_id"]
        for entry in consumer.entries
        if entry["stage"] == "outcome"
        for call in entry["calls"]
    ]
    assert [span_id for _, _, span_id, _ in sent] == logged
    assert len({SPAN_ID, *logged}) == len(logged) + 1
    assert sent[0][1] == TRACE_ID != sent[-1][1]
    calls = [entry for entry in consumer.entries if entry["stage"] == "call"]
    assert [entry["span_id"] for entry in calls] == logged


def test_the_trace_is_in_every_entry_and_request():
    consumer = ConsumerUnderTest(log_level="DEBUG")
    body = push()
    body["message"]["attributes"]["traceparent"] = TRACEPARENT

    consumer.deliver(body)

    [request] = consumer.requests
    assert request.headers["traceparent"].startswith(f"00-{TRACE_ID}-")
    for entry in consumer.entries:
        trace = entry["logging.googleapis.com/trace"]
        assert trace == f"projects/p/traces/{TRACE_ID}"
        assert entry["logging.googleapis.com/spanId"] == SPAN_ID


def test_only_our_own_sentences_are_logged_as_reason():
    consumer = ConsumerUnderTest()

    def deliver_meanwhile(request):
        consumer.deliver(push())
        return reply(503, {"message": "No"})

    consumer.response = deliver_meanwhile

    consumer.deliver(push())

    reasons = [entry.get("reason") for entry in consumer.outcome_entries()]
    assert reasons == ["Another delivery of this event is in flight", None]


STACK = {"message": "No such entity", "trace": "STACK"}


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(reply(200, {"id": 1}), id="handled"),
        pytest.param(reply(400, STACK), id="rejected"),
        pytest.param(reply(500, STACK), id="retry"),
        pytest.param(reply(200, b"<html>STACK"), id="page"),
        pytest.param(requests.ConnectionError("STACK"), id="dropped"),
    ],
)
@pytest.mark.parametrize("base", [SAAS, None], ids=["ims", "oauth1"])
def test_no_value_or_secret_is_logged_or_answered(response, base):
    consumer = ConsumerUnderTest(log_level="DEBUG", **({"base": base} if base else {}))
    token = reply(200, TOKEN_DOCUMENT)
    consumer.response = lambda request: response if request.path else token
    personal = {"sku": "SKU-PII", "name": "NAME-PII", "description": "TEXT-PII"}

    _, body = consumer.deliver(push({**PRODUCT_VALUE, **personal}))

    everything = consumer.raw_log + str(body)
    secrets = ("consumer-secret", "access-token", "client-secret", "OAuth ", "Bearer")
    words = ("-PII", "STACK", *secrets)
    assert [word for word in words if word in everything] == []
