"""What an event costs at Firestore, counted; ``make costs`` reads the same figures."""

import json
from collections import Counter

import pytest

from tests.support.commerce_adapter import reply
from tests.support.consumer_kit import (
    PRODUCT_VALUE,
    STOCK_UPDATE,
    ConsumerUnderTest,
    push,
)
from tests.support.firestore_operations import OperationCounter
from tests.support.running import ROOT

pytestmark = pytest.mark.emulator

STATED = json.loads((ROOT / "tools" / "operations.json").read_text())
PIECE = 20  # rows in one call, by default
UNAVAILABLE = reply(503, {"message": "Maintenance"})
OTHER_VALUE = {**PRODUCT_VALUE, "name": "other"}


@pytest.fixture
def counter():
    with OperationCounter().installed() as counter:
        yield counter


@pytest.fixture
def consumer(counter, firestore_store):
    """A consumer that has handled an event, so that it has checked LEDGER_KEY."""
    consumer = ConsumerUnderTest(firestore_store)
    assert consumer.deliver(push(uid="first", message_id="first"))[0] == 200, (
        consumer.raw_log
    )
    counter.take()
    return consumer


def again(body, attempt=2):
    return {**body, "deliveryAttempt": attempt}


def stock(count, **message):
    row = {"source": "default", "quantity": 1, "outOfStock": False}
    rows = [{**row, "sku": f"S{number}"} for number in range(count)]
    return push(rows, STOCK_UPDATE, orderingKey="", **message)


def total(**times):
    """The stated figures, *times* each."""
    counts = Counter()
    for name, count in times.items():
        for operation, each in STATED[name].items():
            counts[operation] += count * each
    return dict(+counts)


def test_an_event_costs_at_most_one_read_and_two_writes(consumer, counter):
    assert consumer.deliver(push())[0] == 200

    assert counter.take() == total(inbound=1)
    assert STATED["inbound"].get("reads", 0) <= 1
    assert STATED["inbound"]["writes"] <= 2


def test_a_retry_is_counted(consumer, counter):
    consumer.response = UNAVAILABLE
    assert consumer.deliver(push())[0] == 503
    assert counter.take() == total(inbound=1)
    consumer.response = reply(200, {"id": 1})

    assert consumer.deliver(again(push()))[0] == 200

    assert counter.take() == total(retry=1)


def test_a_redelivery_of_a_result_is_counted(consumer, counter):
    consumer.deliver(push())
    counter.take()

    assert consumer.deliver(again(push()))[0] == 200

    assert counter.take() == total(redelivery=1)


@pytest.mark.parametrize(
    ("name", "value"), [("duplicate", PRODUCT_VALUE), ("same_uid", OTHER_VALUE)]
)
def test_another_message_of_a_uid_is_counted(consumer, counter, name, value):
    consumer.deliver(push())
    counter.take()

    assert consumer.deliver(push(value, message_id="m2"))[0] == 200

    assert counter.take() == total(**{name: 1})


def test_a_rejection_is_counted(consumer, counter):

    def reject(request):
        consumer.clock.now += 0.3  # as a call takes
        return reply(400, {"message": "No such entity"})

    consumer.response = reject
    consumer.deliver(push())
    assert consumer.outcomes()[-1] == "rejected"

    assert counter.take() == total(rejected=1)


@pytest.mark.parametrize("rows", [1, PIECE, 2 * PIECE])
def test_stock_is_counted_by_calls_and_rows(consumer, counter, rows):
    calls = -(-rows // PIECE)

    assert consumer.deliver(stock(rows))[0] == 200
    assert counter.take() == total(
        stock=1, stock_call=calls, stock_row=rows, stock_new_row=rows
    )

    newer = stock(rows, uid="16", message_id="m2", time="2026-01-01T00:00:00.000500Z")
    assert consumer.deliver(newer)[0] == 200
    assert counter.take() == total(stock=1, stock_call=calls, stock_row=rows)
