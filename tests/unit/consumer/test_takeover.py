"""A delivery that resumes after another took over: it neither records nor answers."""

import pytest
import requests

from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import STOCK_UPDATE, ConsumerUnderTest, push

LEASE_SECONDS = 30 + 10
SUCCESS = reply(200, {"id": 1})


@pytest.fixture
def consumer():
    return ConsumerUnderTest()


@pytest.mark.parametrize(
    "late_response",
    [
        pytest.param(SUCCESS, id="handled"),
        pytest.param(reply(400, {"message": "No such entity"}), id="rejected"),
        pytest.param(reply(429, {"message": "No"}), id="no effect"),
        pytest.param(requests.ConnectionError(), id="outcome unknown"),
    ],
)
def test_a_delivery_that_was_taken_over_is_retried(consumer, late_response):
    """What its successor recorded stands, and nothing else."""
    successors = []

    def be_taken_over(request):
        consumer.response = SUCCESS
        consumer.clock.now += LEASE_SECONDS + 1
        successors.append(consumer.deliver(push())[0])
        return late_response

    consumer.response = be_taken_over

    assert (consumer.deliver(push())[0], successors) == (503, [200])

    assert consumer.dead_letters.stored == []
    assert consumer.deliver(push())[0] == 200
    assert len(consumer.requests) == 2
    assert consumer.outcomes() == ["handled", "retry", "duplicate"]


def test_a_delivery_that_was_taken_over_sends_nothing_more(consumer):
    """Of 25 levels, 20 are sent by the first delivery and the rest by its successor."""
    rows = [
        {"sku": f"S-{n}", "source": "default", "quantity": 1, "outOfStock": False}
        for n in range(25)
    ]
    body = push(rows, STOCK_UPDATE)

    def be_taken_over(request):
        consumer.response = SUCCESS
        consumer.clock.now += LEASE_SECONDS + 1
        assert consumer.deliver(body)[0] == 200
        return SUCCESS

    consumer.response = be_taken_over

    assert consumer.deliver(body)[0] == 503

    sizes = [len(request.body["sourceItems"]) for request in consumer.requests]
    assert sizes == [20, 20, 5]
