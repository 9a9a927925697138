"""The id of a signed request: its repetition is answered without a call."""

import pytest

from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import STOCK_UPDATE, ConsumerUnderTest, push


@pytest.fixture
def consumer():
    consumer = ConsumerUnderTest()
    consumer.response = reply(200, [])
    return consumer


def level(quantity, number, webhook_id):
    """A push of that *number*, with or without the attribute ``webhook-id``."""
    row = {"sku": "A", "source": "d", "quantity": quantity, "outOfStock": False}
    body = push(
        [row],
        STOCK_UPDATE,
        message_id=f"m{number}",
        time=f"2026-01-01T00:00:0{number}Z",
        publishTime=f"2026-01-01T00:00:0{number}.001Z",
    )
    if webhook_id is not None:
        body["message"]["attributes"]["webhook-id"] = webhook_id
    return body


def quantities(consumer):
    return [r.body["sourceItems"][0]["quantity"] for r in consumer.requests]


def test_a_repeated_signed_request_is_a_duplicate(consumer):
    """It could undo the newer level."""
    for number, quantity in enumerate((1, 2, 1)):
        assert consumer.deliver(level(quantity, number, f"msg_{quantity}"))[0] == 200

    assert consumer.outcomes() == ["handled", "handled", "duplicate"]
    assert quantities(consumer) == [1, 2]


@pytest.mark.parametrize("webhook_id", [None, ""], ids=["absent", "empty"])
def test_without_a_signed_id_the_third_value_is_a_change(consumer, webhook_id):
    for number, quantity in enumerate((1, 2, 1)):
        assert consumer.deliver(level(quantity, number, webhook_id))[0] == 200

    assert consumer.outcomes() == ["handled"] * 3
    assert quantities(consumer) == [1, 2, 1]


def test_a_new_request_may_set_an_earlier_value(consumer):
    for number, quantity in enumerate((1, 2, 1)):
        assert consumer.deliver(level(quantity, number, f"msg_{number}"))[0] == 200

    assert quantities(consumer) == [1, 2, 1]
