"""While the outcome of a newer level is unknown, an older one waits."""

import pytest

from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import STOCK_UPDATE, ConsumerUnderTest, push

SUCCESS = reply(200, [])
LOST = reply(500, {"message": "Internal error"})
NO_EFFECT = reply(503, {"message": "Maintenance"})
REJECTION = reply(400, {"message": "No such entity"})


@pytest.fixture
def consumer():
    return ConsumerUnderTest()


def level(quantity: int, second: int) -> dict:
    """The push of an event that sets one level, posted in that second."""
    rows = [
        {"sku": sku, "source": "default", "quantity": quantity, "outOfStock": False}
        for sku in ("A", "B")
    ]
    name, time = f"m{second}", f"2026-01-01T00:00:{second:02d}"
    return push(
        rows,
        STOCK_UPDATE,
        uid=name,
        message_id=name,
        time=f"{time}.000000Z",
        publishTime=f"{time}.001Z",
    )


@pytest.mark.parametrize("retries", [[], [NO_EFFECT], [NO_EFFECT] * 2], ids=len)
def test_an_older_level_is_not_applied_after_a_newer_one(consumer, retries):
    """Also after attempts of the newer one that are known to have had no effect."""
    for response in (LOST, *retries):
        consumer.response = response
        assert consumer.deliver(level(2, second=2))[0] >= 500
    consumer.response = SUCCESS
    calls = len(consumer.requests)

    assert consumer.deliver(level(1, second=1))[0] == 503
    consumer.clock.now += 600  # a lease, and nearly the longest backoff
    assert consumer.deliver(level(1, second=1))[0] == 503
    assert len(consumer.requests) == calls
    assert consumer.deliver(level(2, second=2))[0] == 200
    assert consumer.deliver(level(1, second=1))[0] == 200
    assert len(consumer.requests) == calls + 1


def test_a_newer_level_that_is_not_redelivered_blocks_none(consumer):
    consumer.response = LOST
    consumer.deliver(level(2, second=2))
    consumer.response = SUCCESS
    consumer.clock.now += 700

    assert consumer.deliver(level(1, second=1))[0] == 200


def test_a_newer_level_is_sent_after_the_older_ones_lease(consumer):
    consumer.response = LOST
    consumer.deliver(level(1, second=1))
    consumer.response = SUCCESS
    assert consumer.deliver(level(2, second=2))[0] == 503
    consumer.clock.now += 60

    assert consumer.deliver(level(2, second=2))[0] == 200


def test_a_rejected_newer_level_lets_the_older_one_pass(consumer):
    consumer.response = LOST
    consumer.deliver(level(2, second=2))
    consumer.response = REJECTION
    assert consumer.deliver(level(2, second=2))[0] == 200

    consumer.response = SUCCESS
    assert consumer.deliver(level(1, second=1))[0] == 200
    assert "response" in consumer.deliver(level(1, second=1))[1]
