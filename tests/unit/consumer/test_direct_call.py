"""A direct call, as by curl: same handlers, the handler's own status, no ledger."""

import pytest

from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import (
    PRODUCT_CREATE,
    PRODUCT_VALUE,
    STOCK_UPDATE,
    ConsumerUnderTest,
)

MISSING = "Invalid request parameters: missing parameter(s) '{}'"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def consumer():
    return ConsumerUnderTest()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PRODUCT_VALUE, id="bare"),
        pytest.param({"value": PRODUCT_VALUE}, id="wrapped"),
    ],
)
def test_each_call_is_handled(consumer, data):
    for _ in range(2):
        status, body = consumer.deliver({"type": PRODUCT_CREATE, "data": data})

        message = "Product created successfully"
        assert (status, body["response"]) == (
            200,
            {"success": True, "message": message},
        )
    assert len(consumer.requests) == 2


def test_stock_is_applied_without_watermarks(consumer):
    row = {"sku": "A", "source": "default", "quantity": 1, "outOfStock": False}

    for _ in range(2):
        status, _ = consumer.deliver({"type": STOCK_UPDATE, "data": [row]})
        assert status == 200
    assert len(consumer.requests) == 2


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param({}, MISSING.format("type,data"), id="empty object"),
        pytest.param(
            {"type": "", "data": ""}, MISSING.format("type,data"), id="empty texts"
        ),
        pytest.param({"type": PRODUCT_CREATE}, MISSING.format("data"), id="no data"),
        pytest.param({"data": PRODUCT_VALUE}, MISSING.format("type"), id="no type"),
        pytest.param([1], MISSING.format("type,data"), id="list"),
        pytest.param(b"\xff no json", MISSING.format("type,data"), id="not JSON"),
        pytest.param(b"[" * 100_000, MISSING.format("type,data"), id="nested deeply"),
        pytest.param(
            {"type": "X", "data": 0}, "This case type is not supported: X", id="unknown"
        ),
        pytest.param(
            {"type": 5, "data": 0}, "This case type is not supported: int", id="number"
        ),
        pytest.param(
            {"type": PRODUCT_CREATE, "data": {"value": PRODUCT_VALUE, "key": 1}},
            f"Invalid value for {PRODUCT_CREATE}: sku: Missing data for required"
            " field.; name: Missing data for required field.;"
            " description: Missing data for required field.",
            id="value is not the only key",
        ),
    ],
)
def test_an_invalid_call_is_a_400_without_dead_letter(consumer, body, text):
    result = consumer.deliver(body)

    assert result == (400, {"error": {"statusCode": 400, "body": {"error": text}}})
    assert (consumer.dead_letters.stored, consumer.requests) == ([], [])
    [entry] = consumer.entries
    assert (entry["severity"], entry["stage"]) == ("WARNING", "outcome")
    assert (entry["outcome"], entry["status"]) == ("rejected", 400)
    assert entry["http_status"] == 400


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_the_status_is_the_handlers_own(consumer, status):
    consumer.response = reply(status, {"message": "No such entity"})
    body = {"type": PRODUCT_CREATE, "data": PRODUCT_VALUE}

    actual, document = consumer.deliver(body)

    assert (actual, document["error"]["statusCode"]) == (status, status)
    assert consumer.dead_letters.stored == []


def test_an_exception_is_a_500(consumer):
    def fail(request):
        raise RuntimeError

    consumer.response = fail

    assert consumer.deliver({"type": PRODUCT_CREATE, "data": PRODUCT_VALUE})[0] == 500


def test_the_callers_trace_is_logged_and_sent_along(consumer):
    body = {"type": PRODUCT_CREATE, "data": PRODUCT_VALUE}

    consumer.deliver(body, TRACEPARENT)

    sent = consumer.requests[0].headers["traceparent"]
    assert sent[:35] == TRACEPARENT[:35]
    [entry] = consumer.entries
    assert [call["span_id"] for call in entry["calls"]] == [sent[36:52]]
    assert entry["logging.googleapis.com/spanId"] == TRACEPARENT[36:52]
    assert [call["route"] for call in entry["calls"]] == ["products"]
