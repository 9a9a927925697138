"""What a person does with curl: same dispatch, the handler's own status, no ledger."""

import pytest

from functions.ledger.memory import MemoryStore
from tests.commerce.server import answer
from tests.consumer.parts import PRODUCT, VALUE, Parts, Shop

MISSING = "Invalid request parameters: missing parameter(s) '{}'"


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def parts(shop):
    return Parts(shop, MemoryStore())


@pytest.mark.parametrize(
    "data",
    [pytest.param(VALUE, id="bare"), pytest.param({"value": VALUE}, id="wrapped")],
)
def test_it_is_handled_each_time(parts, shop, data):
    for _ in range(2):
        status, told = parts.deliver({"type": PRODUCT, "data": data})

        message = "Product created successfully"
        assert (status, told["response"]) == (
            200,
            {"success": True, "message": message},
        )
    assert len(shop.received) == 2


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param({}, MISSING.format("type,data"), id="nothing"),
        pytest.param({"type": "", "data": ""}, MISSING.format("type,data"), id="empty"),
        pytest.param({"type": PRODUCT}, MISSING.format("data"), id="no-data"),
        pytest.param({"data": VALUE}, MISSING.format("type"), id="no-type"),
        pytest.param([1], MISSING.format("type,data"), id="a-list"),
        pytest.param(b"\xff no json", MISSING.format("type,data"), id="no-json"),
        pytest.param(b"[" * 100_000, MISSING.format("type,data"), id="deep"),
        pytest.param(
            {"type": "X", "data": 0}, "This case type is not supported: X", id="unknown"
        ),
        pytest.param(
            {"type": 5, "data": 0}, "This case type is not supported: int", id="number"
        ),
        pytest.param(
            {"type": PRODUCT, "data": {"value": VALUE, "key": 1}},
            f"Invalid value for {PRODUCT}: sku: Missing data for required field.;"
            " name: Missing data for required field.;"
            " description: Missing data for required field.",
            id="value-is-not-the-sole-key",
        ),
    ],
)
def test_what_is_wrong_is_a_400_and_no_dead_letter(parts, shop, body, text):
    status, told = parts.deliver(body)

    assert (status, told) == (
        400,
        {"error": {"statusCode": 400, "body": {"error": text}}},
    )
    assert (parts.letters.stored, shop.received) == ([], [])
    [line] = parts.lines
    assert (line["severity"], line["stage"], line["outcome"]) == (
        "WARNING",
        "outcome",
        "rejected",
    )
    assert (line["status"], line["verdict"]) == (400, 400)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_the_status_is_the_handlers_own(parts, shop, status):
    shop.says = answer(status, {"message": "No"})

    got, told = parts.deliver({"type": PRODUCT, "data": VALUE})

    assert (got, told["error"]["statusCode"]) == (status, status)
    assert parts.letters.stored == []
