"""The stand-in reports its changes as Commerce does, and delivers as Adobe does."""

import asyncio

import pytest
import requests

from functions.commerce_events.adobe_event import AdobeEvent
from functions.commerce_events.public_keys import PublicKeys
from functions.commerce_events.signature import verify
from functions.events import catalog
from local.commerce import admin
from tests.support.adobe_webhook import Webhook
from tests.support.running_stand_in import RunningStandIn

PRODUCT = {"sku": "IO-1", "name": "Lamp", "price": 5, "type_id": "simple"}
ADA = {"email": "ada@example.com", "firstname": "Ada", "lastname": "B"}
BOB = {"id": 3, "email": "bob@example.com", "firstname": "Bob", "lastname": "C"}
# One call for each change, and the event that it is to the receiver.
CHANGES = [
    ("POST", "products", {"product": PRODUCT}, "commerce.product.created"),
    ("PUT", "products/IO-1", {"product": PRODUCT}, "commerce.product.updated"),
    (
        "POST",
        "inventory/source-items",
        {
            "sourceItems": [
                {"sku": "IO-1", "source_code": "default", "quantity": 4, "status": 1}
            ]
        },
        "commerce.stock.updated",
    ),
    ("DELETE", "products/IO-1", None, "commerce.product.deleted"),
    ("POST", "customers", {"customer": ADA}, "commerce.customer.created"),
    ("PUT", "customers/3", {"customer": BOB}, "commerce.customer.updated"),
    ("DELETE", "customers/4", None, "commerce.customer.deleted"),
    (
        "POST",
        "customerGroups",
        {"group": {"code": "New", "tax_class_id": 3}},
        "commerce.customer-group.updated",
    ),
    ("DELETE", "customerGroups/19", None, "commerce.customer-group.deleted"),
    (
        "POST",
        "orders/7/comments",
        {"statusHistory": {"comment": "", "status": "pending"}},
        "commerce.order.updated",
    ),
]


@pytest.fixture(scope="module")
def _started():
    with Webhook() as webhook, RunningStandIn() as stand_in:
        stand_in.run(stand_in.stand_in.io_events.deliver_to(webhook.url))
        stand_in.stand_in.io_events.minute_seconds = 0.01
        yield stand_in, webhook


@pytest.fixture
def commerce(_started):
    stand_in, webhook = _started
    stand_in.reset()
    webhook.deliveries.clear()
    webhook.statuses.clear()
    return stand_in


@pytest.fixture
def webhook(_started):
    return _started[1]


def received(event):
    """The event of ours that the receiver makes of a delivered one."""
    return AdobeEvent(event).message("2026-01-01T00:00:00.000000Z", None)


def create_product(commerce, **fields):
    body = {"product": PRODUCT | fields}
    assert commerce.call("POST", "products", body).status == 200


def test_each_change_is_the_event_that_the_receiver_expects(commerce, webhook):
    for method, path, body, name in CHANGES:
        before = len(webhook.events)
        assert commerce.call(method, path, body).status == 200, path
        webhook.wait_for(lambda before=before: len(webhook.events) > before)
        event, _ = received(webhook.events[-1])
        assert event.name == name

    sources = {received(each)[0].source for each in webhook.events}
    placed = set(catalog.subscribed_fields()) - sources
    assert placed == set()


def test_a_value_has_the_subscribed_fields(commerce, webhook):
    create_product(
        commerce, custom_attributes=[{"attribute_code": "description", "value": "d"}]
    )
    webhook.wait_for(lambda: webhook.events)

    value = webhook.events[0]["data"]["value"]
    subscribed = catalog.subscribed_fields()[
        "observer.catalog_product_save_commit_after"
    ]
    assert set(value) == set(subscribed) - {"tax_class_id"}  # it was not set
    assert (value["price"], value["_isNew"]) == ("5.000000", True)


def test_a_rejected_call_is_no_event(commerce, webhook):
    assert commerce.call("POST", "products", {"product": {"sku": "X"}}).status == 400
    create_product(commerce)
    webhook.wait_for(lambda: webhook.events)

    assert [each["data"]["value"]["sku"] for each in webhook.events] == ["IO-1"]


def test_a_delivery_is_signed_and_has_adobes_headers(commerce, webhook):
    create_product(commerce)
    webhook.wait_for(lambda: webhook.deliveries)

    [delivery] = webhook.deliveries
    [event] = delivery.events
    asyncio.run(
        verify(delivery.content, delivery.headers, PublicKeys(commerce.address))
    )
    assert delivery.headers["x-adobe-event-id"] == event["eventid"]
    assert delivery.headers["x-adobe-event-code"] == event["type"]
    assert "x-adobe-retry-count" not in delivery.headers
    assert event["recipientclientid"] == "stand-in-client"
    unknown = commerce.address + "/prod/keys/pub-key-0.pem"
    assert requests.get(unknown, timeout=5).status_code == 404


@pytest.mark.parametrize("status", [503, 429, 500])
def test_a_failed_delivery_is_repeated_with_its_id(commerce, webhook, status):
    webhook.statuses += [status, status]
    create_product(commerce)
    webhook.wait_for(lambda: len(webhook.deliveries) == 3)

    assert len({each["eventid"] for each in webhook.events}) == 1
    counts = [each.headers.get("x-adobe-retry-count") for each in webhook.deliveries]
    assert counts == [None, "1", "2"]


@pytest.mark.parametrize("status", [401, 400, 505, 302])
def test_another_answer_is_final(commerce, webhook, status):
    webhook.statuses.append(status)
    create_product(commerce)
    create_product(commerce, sku="IO-2")
    webhook.wait_for(lambda: len(webhook.deliveries) == 2)

    [second, first] = commerce.control("GET", "events")["events"]
    assert (first["attempts"], first["status"], first["due"]) == (1, status, None)


def test_duplicates_have_one_id(commerce, webhook):
    commerce.switch(event_duplicates=True)
    create_product(commerce)
    webhook.wait_for(lambda: len(webhook.deliveries) == 2)

    assert len({each["eventid"] for each in webhook.events}) == 1


def test_batches_are_lists(commerce, webhook):
    commerce.switch(event_batches=True)
    for number in range(22):
        create_product(commerce, sku=f"IO-{number}")
    webhook.wait_for(lambda: len(webhook.events) == 22)

    sizes = [len(each.events) for each in webhook.deliveries]
    assert all(each.content.startswith(b"[") for each in webhook.deliveries)
    assert max(sizes) > 1
    assert max(sizes) <= 20


def test_a_simulated_event_is_delivered_at_once(commerce, webhook):
    webhook.statuses.append(503)
    name, value = "sales_order_save_commit_after", {"id": "12"}
    sent = commerce.control("POST", "events", {"name": name, "value": value})

    assert (sent["status"], sent["answer"], sent["attempts"]) == (503, "{}", 1)
    assert sent["event_id"] == webhook.events[0]["eventid"]
    assert webhook.events[0]["data"]["value"] == value


def test_a_person_edits_and_orders(commerce, webhook):
    def act():
        simulation = commerce.stand_in
        admin.edit_product(simulation, "IO-9", name="Sofa", price=10)
        admin.edit_product(simulation, "IO-9", name="Sofa, red")
        order_id = admin.place_order(simulation, "IO-9", 2, "a@example.com")
        admin.delete_product(simulation, "IO-9")
        return order_id

    order_id = commerce.run(_in_loop(act))
    webhook.wait_for(lambda: len(webhook.events) == 4)
    events = sorted(webhook.events, key=lambda each: each["time"])
    messages = [received(each) for each in events]

    assert [event.name for event, _ in messages] == [
        "commerce.product.created",
        "commerce.product.updated",
        "commerce.order.created",
        "commerce.product.deleted",
    ]
    assert messages[2][1].ordering_key == f"outbound-order:{order_id}"
    assert commerce.call("GET", f"orders/{order_id}").document["items"][0]["sku"] == (
        "IO-9"
    )


async def _in_loop(action):
    return action()
