"""An update changes an existing shipment and never creates one."""

import pytest
import requests

from functions.errors import Rejected, Unavailable
from tests.support.handler_kit import (
    FakeCommerce,
    delivery_with_unknown_outcome,
    handle,
    rejection,
    sample,
)

UPDATE = "sales_order_shipment_update"
FIELDS = {
    "fields": "order_id,items[entity_id],tracks[entity_id,weight,qty,description],"
    "comments[entity_id]"
}
CURRENT = {
    "entity_id": 33,
    "order_id": 8,
    "items": [{"entity_id": 19, "order_item_id": 8, "qty": 1}],
    "tracks": [
        {"entity_id": 19, "weight": 1.5, "qty": None, "description": None},
        {"entity_id": 20},
    ],
    "comments": [{"entity_id": 19, "comment": "Sent"}],
}


def test_an_update_sends_all_that_adobe_requires():
    commerce = FakeCommerce({"GET shipment/33": CURRENT, "POST shipment": {}})

    message = handle(UPDATE, sample(UPDATE), commerce)

    assert message == "Shipment updated successfully"
    assert commerce.calls == [
        ("GET", "shipment/33", FIELDS),
        (
            "POST",
            "shipment",
            {
                "entity": {
                    "entity_id": 33,
                    "order_id": 8,
                    "items": [
                        {
                            "entity_id": 19,
                            "parent_id": 33,
                            "order_item_id": 8,
                            "qty": 1,
                        }
                    ],
                    "tracks": [
                        {
                            "entity_id": 19,
                            "order_id": 8,
                            "parent_id": 33,
                            "weight": 1.5,
                            "qty": 0.0,
                            "description": "",
                            "track_number": "JD0100",
                            "title": "Parcel to the neighbour",
                            "carrier_code": "custom",
                        }
                    ],
                    "comments": [
                        {
                            "entity_id": 19,
                            "parent_id": 33,
                            "is_customer_notified": 0,
                            "comment": "Goes to the neighbour.",
                            "is_visible_on_front": 1,
                        }
                    ],
                    "extension_attributes": {"source_code": "default"},
                }
            },
        ),
    ]


def test_an_unknown_shipment_is_rejected_not_created():
    missing = rejection(404, "The entity that was requested doesn't exist.")
    commerce = FakeCommerce({"GET shipment/33": missing})

    with pytest.raises(Rejected) as raised:
        handle(UPDATE, sample(UPDATE), commerce)

    assert raised.value.status == 404
    assert len(commerce.requests) == 1


def test_parts_of_another_shipment_are_rejected(subtests):
    for name, current, message in [
        ("order", {**CURRENT, "order_id": 9}, "The order has no such shipment"),
        (
            "items",
            {**CURRENT, "items": []},
            "1 of the items named by entityId are not the shipment's",
        ),
        (
            "tracks",
            {**CURRENT, "tracks": [{"entity_id": 20}]},
            "1 of the tracks named by entityId are not the shipment's",
        ),
        (
            "comments",
            {**CURRENT, "comments": None},
            "1 of the comments named by entityId are not the shipment's",
        ),
    ]:
        with subtests.test(name):
            commerce = FakeCommerce({"GET shipment/33": current})

            with pytest.raises(Rejected) as raised:
                handle(UPDATE, sample(UPDATE), commerce)

            assert (raised.value.status, raised.value.message) == (404, message)
            assert len(commerce.requests) == 1


def test_after_a_lost_response_the_update_is_repeated():
    saved = []

    def save(request):
        saved.append(request.body["entity"]["entity_id"])
        return requests.ReadTimeout() if len(saved) == 1 else {}

    commerce = FakeCommerce({"GET shipment/33": CURRENT, "POST shipment": save})
    with pytest.raises(Unavailable):
        handle(UPDATE, sample(UPDATE), commerce)

    handle(UPDATE, sample(UPDATE), commerce, delivery_with_unknown_outcome())

    assert saved == [33, 33]
