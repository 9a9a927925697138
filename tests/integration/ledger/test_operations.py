"""What an event costs at Firestore, counted; ``make costs`` reads the same figures."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from functions.timestamps import timestamp
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
def consumer(request, counter, firestore_store):
    """A consumer that has handled an event, so that it has checked LEDGER_KEY.

    Its parameter is ECHO_SECONDS, 0 for a deployment without outbound events.
    """
    echo_seconds = getattr(request, "param", 0)
    consumer = ConsumerUnderTest(firestore_store, echo_seconds=echo_seconds)
    first = {**PRODUCT_VALUE, "sku": "first"}
    assert consumer.deliver(push(first, uid="first", message_id="first"))[0] == 200
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


@pytest.mark.parametrize("rows", [1, 2 * PIECE])
def test_stock_is_counted_by_calls_and_rows(consumer, counter, rows):
    calls = -(-rows // PIECE)

    assert consumer.deliver(stock(rows))[0] == 200
    assert counter.take() == total(
        stock=1, stock_call=calls, stock_row=rows, stock_new_row=rows
    )

    newer = stock(rows, uid="16", message_id="m2", time="2026-01-01T00:00:00.000500Z")
    assert consumer.deliver(newer)[0] == 200
    assert counter.take() == total(stock=1, stock_call=calls, stock_row=rows)


# With outbound events. What our own change costs is in each scenario's name.

noting = pytest.mark.parametrize("consumer", [600], indirect=True)
UPDATED, SAVED = "be-observer.catalog_product_update", "commerce.product.updated"
CUSTOMER_SAVED, LEVEL_SAVED = "commerce.customer.updated", "commerce.stock.updated"


def report(consumer, value, uid, event=SAVED):
    """Deliver an event of Commerce that has just happened."""
    moment = timestamp(datetime.fromtimestamp(consumer.clock.now, UTC))
    times = {"time": moment, "publishTime": moment}
    body = push(value, event, uid=uid, message_id=uid, source="/commerce/p", **times)
    assert consumer.deliver(body)[0] == 200
    return consumer.outcomes()[-1]


@noting
def test_a_note_of_our_own_change_is_counted(consumer, counter):
    consumer.deliver(push(PRODUCT_VALUE, UPDATED))
    assert counter.take() == total(inbound=1, note=1, new_resource=1)

    consumer.deliver(push(OTHER_VALUE, UPDATED, uid="16", message_id="m2"))
    assert counter.take() == total(inbound=1, note=1)


@noting
def test_a_creation_is_counted(consumer, counter):
    """The first event of a customer is also looked up by the e-mail address."""
    value = {"email": "a@x.example", "name": "A", "lastname": "B"}
    customer = {"id": "15", "email": "a@x.example", "firstname": "A", "lastname": "B"}
    other = {**customer, "id": "16", "email": "b@x.example"}
    consumer.response = reply(200, {"id": 15})
    consumer.deliver(push(value, "be-observer.customer_create"))
    assert counter.take() == total(inbound=1, note=1, created_id=1, new_resource=1)

    first = {"outbound": 1, "outbound_creation": 1, "new_resource": 1}
    assert report(consumer, other, "e1", CUSTOMER_SAVED) == "handled"
    assert counter.take() == total(**first)

    assert report(consumer, customer, "e2", CUSTOMER_SAVED) == "handled"
    assert counter.take() == total(**first, own_creation=1)

    assert report(consumer, customer, "e3", CUSTOMER_SAVED) == "skipped"
    assert counter.take() == total(outbound=1)


@noting
def test_a_note_of_stock_costs_nothing(consumer, counter):
    assert consumer.deliver(stock(PIECE))[0] == 200

    expected = total(stock=1, stock_call=1, stock_row=PIECE, stock_new_row=PIECE)
    assert counter.take() == expected


@noting
def test_an_event_of_commerce_is_counted(consumer, counter):
    product = {"id": "27", "sku": "a", "name": "n"}
    assert report(consumer, product, "e1") == "handled"
    assert counter.take() == total(outbound=1, new_resource=1)

    consumer.deliver(push(OTHER_VALUE, UPDATED))
    counter.take()
    own = {**product, "name": "other", "price": "1", "description": "d"}
    assert report(consumer, own, "e2") == "skipped"
    assert counter.take() == total(outbound=1)


@noting
def test_an_event_of_stock_is_counted(consumer, counter):
    report(consumer, {"id": "27", "sku": "S0"}, "e1")
    counter.take()
    item = {"product_id": "27", "qty": "5", "is_in_stock": "1"}
    assert report(consumer, item, "e2", LEVEL_SAVED) == "handled"
    assert counter.take() == total(outbound=1, outbound_stock=1, new_resource=1)

    consumer.deliver(stock(1))
    counter.take()
    assert report(consumer, {**item, "qty": "1"}, "e3", LEVEL_SAVED) == "skipped"
    assert counter.take() == total(outbound=1, outbound_stock=1, own_level=1)
