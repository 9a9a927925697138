"""Which event of ours an event of Commerce becomes, and its message."""

import contextlib
import json
import random

import pytest

from functions.commerce_events.adobe_event import (
    AdobeEvent,
    NotPublishable,
    is_created,
)
from functions.events import samples
from functions.events.catalog import OUTBOUND_EVENTS
from tests.support import machine
from tests.support.adobe_deliveries import PREFIX, PRODUCT, PROVIDER, VALUE, delivery
from tests.support.random_json import random_json

RECEIVED = "2026-03-10T00:00:00.000000Z"
# Routes of Adobe's kit by the events they are to us.
KIT_ROUTES = {
    "product-commerce/updated": "commerce.product.updated",
    "product-commerce/deleted": "commerce.product.deleted",
    "customer-commerce/updated": "commerce.customer.updated",
    "customer-commerce/deleted": "commerce.customer.deleted",
    "customer-commerce/group-updated": "commerce.customer-group.updated",
    "customer-commerce/group-deleted": "commerce.customer-group.deleted",
    "order-commerce/created": "commerce.order.created",
    "stock-commerce/updated": "commerce.stock.updated",
}


def message_of(event):
    return AdobeEvent(event).message(RECEIVED, None)


def dates(created, updated, **more):
    return {"created_at": created, "updated_at": updated, **more}


def test_each_sample_is_routed_to_its_event(subtests):
    for name in OUTBOUND_EVENTS:
        with subtests.test(name=name):
            value = samples.value(name)
            event, message = message_of(delivery(OUTBOUND_EVENTS[name].source, value))

            assert event.name == name
            assert json.loads(message.data) == event.load(value)
            assert message.attributes["entity"] == event.entity
            assert message.ordering_key.startswith(f"{event.entity}:")


def test_a_message_carries_what_adobe_sent():
    event, message = message_of(delivery())

    assert message.attributes == {
        "ce-specversion": "1.0",
        "ce-id": "e-1",
        "ce-type": "commerce.product.updated",
        "ce-source": f"/commerce/{PROVIDER}",
        "ce-time": "2026-03-09T14:02:31.500000Z",
        "content-type": "application/json",
        "entity": "outbound-product",
    }
    assert message.ordering_key == "outbound-product:lamp 2"
    assert json.loads(message.data) == VALUE


@pytest.mark.adobe
def test_adobes_samples_take_the_kits_routes():
    path = machine.reference() / "commerce-events-samples.json"
    routed = {
        sample["routed_to"]: message_of(
            delivery(sample["event"].removeprefix(PREFIX), sample["value"])
        )[0].name
        for sample in json.loads(path.read_text())
    }

    assert routed == KIT_ROUTES


def test_created_or_updated(subtests):
    """``_isNew`` wins; then equal instants; what cannot be read is an update."""
    for value, created in [
        (dates("2024-08-05 14:34:19", "2024-08-05 14:34:19"), True),
        (dates("2024-08-05 14:34:19", "2024-08-05T14:34:19Z"), True),
        (dates("2024-08-05 16:34:19+02:00", "2024-08-05 14:34:19"), True),
        (dates("2024-08-05 14:34:19", "2024-08-05 14:34:20"), False),
        (dates("yesterday", "yesterday"), False),
        (dates("", ""), False),
        (dates(None, None), False),
        (dates(1722868459, 1722868459), False),
        (dates("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59"), False),
        ({"created_at": "2024-08-05 14:34:19"}, False),
        ({}, False),
        (None, False),
        (dates("2024-08-05", "2024-08-06", _isNew=True), True),
        (dates("2024-08-05", "2024-08-06", _isNew="1"), True),
        (dates("2024-08-05", "2024-08-05", _isNew=False), False),
        (dates("2024-08-05", "2024-08-05", _isNew=""), False),
        (dates("2024-08-05", "2024-08-05", _isNew=0), False),
        (dates("2024-08-05", "2024-08-05", _isNew=None), True),
        (dates("2024-08-05", "2024-08-05", _isNew="perhaps"), True),
    ]:
        with subtests.test(value=value):
            assert is_created(value) is created


@pytest.mark.parametrize(
    "event_type",
    [
        "com.adobe.commerce.observer.customer_group_save_commit_after",
        "com.adobe.commerce.my_app-1.observer.customer_group_save_commit_after",
        "observer.customer_group_save_commit_after",
    ],
)
def test_a_namespace_is_stripped(event_type):
    event, _ = message_of(delivery(value={"customer_group_id": 5}, type=event_type))

    assert event.name == "commerce.customer-group.updated"


def test_an_unknown_type_is_not_publishable(subtests):
    for event_type in [
        "com.adobe.commerce.observer.catalog_category_save_commit_after",
        "com.adobe.commerce.observer.catalog_product_save_commit_after.more",
        "commerce.product.updated",
        "be-observer.catalog_product_update",
        "x" * 100_000,
        "\ud800",
        None,
        5,
        ["observer.customer_group_save_commit_after"],
    ]:
        with subtests.test(event_type=event_type):
            event = AdobeEvent(delivery(type=event_type))

            with pytest.raises(NotPublishable, match="Unknown event type") as error:
                event.message(RECEIVED, None)
            assert error.value.event is None
            assert len(event.dead_letter(RECEIVED, None).attributes["ce-type"]) <= 200


def test_older_shapes_are_understood():
    """Fields at the top of data, deprecated names, and a wrapper around the event."""
    new = message_of(delivery())[1]
    old_names = delivery(
        eventid=None, event_id="e-1", recipientclientid=None, recipient_client_id="c"
    )
    inner = delivery(eventid=None, recipientclientid=None)
    wrapped = {"event_id": "e-1", "event": inner, "recipient_client_id": "c"}

    assert message_of(delivery(data=VALUE))[1] == new
    for event in (old_names, wrapped):
        assert message_of(event)[1] == new
        assert AdobeEvent(event).client_id == "c"


def test_the_cloud_events_id_is_the_last_choice():
    assert message_of(delivery(eventid=None))[1].attributes["ce-id"] == "cloud-event-id"


def test_an_invalid_id_is_not_publishable(subtests):
    for event_id in ["a\n", "x" * 257, "é" * 129, 5, {}, "\ud800"]:
        with subtests.test(event_id=event_id):
            event = AdobeEvent(delivery(eventid=event_id))

            with pytest.raises(NotPublishable, match="eventid must be text"):
                event.message(RECEIVED, None)
            assert "ce-id" not in event.dead_letter(RECEIVED, None).attributes


def test_the_source_names_the_provider(subtests):
    for source, expected in [
        ("urn:uuid:abc", "/commerce/abc"),
        ("abc", "/commerce/abc"),
        (None, "/commerce/unknown"),
        (5, "/commerce/unknown"),
        ("a b", "/commerce/sha256:"),
        ("x" * 129, "/commerce/sha256:"),
    ]:
        with subtests.test(source=source):
            event = AdobeEvent({**delivery(), "source": source})

            assert event.source.startswith(expected)


def test_an_event_without_a_time_has_that_of_its_delivery(subtests):
    for time in [None, "", "yesterday", "2026-03-09 14:02:31", 5]:
        with subtests.test(time=time):
            assert AdobeEvent({**delivery(), "time": time}).time(RECEIVED) == RECEIVED


def test_an_invalid_value_is_not_publishable(subtests):
    for value, reason in [
        ({}, "sku: Missing data for required field."),
        ({"sku": None}, "sku: Field may not be null."),
        (None, "value: Must be an object."),
        ([], "value: Must be an object."),
        ({"sku": "a", "x": float("nan")}, "it holds what is not JSON"),
        ({"sku": "a", "x": "\ud800"}, "it holds what is not JSON"),
    ]:
        with subtests.test(value=value):
            event = AdobeEvent(delivery(value=value))

            with pytest.raises(NotPublishable) as error:
                event.message(RECEIVED, None)
            assert (
                error.value.reason
                == f"Invalid value for commerce.product.updated: {reason}"
            )
            assert error.value.event.entity == "outbound-product"
            assert (
                json.loads(event.dead_letter(RECEIVED, None).data)["type"]
                == PREFIX + PRODUCT
            )


def test_an_event_without_data_is_not_publishable():
    """The kit answers a deleted customer without data with 500, for 24 hours."""
    event = delivery("observer.customer_delete_commit_after", data=None)

    with pytest.raises(NotPublishable, match="Must be an object"):
        message_of(event)


@pytest.mark.parametrize("seed", range(3))
def test_no_content_is_an_unexpected_error(seed):
    chooser = random.Random(seed)  # noqa: S311 repeatable
    keys = [*delivery(), "event", "value", "sku", "_isNew"]
    for _ in range(50):
        fields = random_json(chooser, keys, ["", "a", "é", "\0", "\ud800", PREFIX])
        if isinstance(fields, dict):
            fields = {**delivery(), **fields}
        event = AdobeEvent(fields)
        with contextlib.suppress(NotPublishable):
            event.message(RECEIVED, None)
        attributes = event.dead_letter(RECEIVED, None).attributes
        assert all(isinstance(text, str) for text in attributes.values())


def test_any_json_is_read(subtests):
    for delivered in [None, 5, "text", [], {}, {"event": 5}]:
        with subtests.test(delivered=delivered):
            event = AdobeEvent(delivered)

            with pytest.raises(NotPublishable):
                event.message(RECEIVED, None)
            assert json.loads(event.dead_letter(RECEIVED, None).data) == delivered
