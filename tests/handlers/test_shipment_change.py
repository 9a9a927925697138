"""Shipments are changed where they are, and never made by a change."""

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from tests.handlers.shops import (
    Unsure,
    calls,
    handle,
    refused,
    sample,
    shop_of,
)

UPDATE = "sales_order_shipment_update"
THERE = {
    "entity_id": 33,
    "order_id": 8,
    "items": [{"entity_id": 19, "order_item_id": 8, "qty": 1}],
    "tracks": [
        {"entity_id": 19, "weight": 1.5, "qty": None, "description": None},
        {"entity_id": 20},
    ],
    "comments": [{"entity_id": 19, "comment": "Sent"}],
}


def test_a_shipment_is_changed_with_all_that_adobe_demands():
    commerce, asked = shop_of({"GET shipment/33": THERE, "POST shipment": {}})

    said = handle(UPDATE, sample(UPDATE), commerce)

    assert said == "Shipment updated successfully"
    assert calls(asked) == [
        ("GET", "shipment/33", None),
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


def test_a_change_of_a_shipment_that_is_not_there_makes_none():
    missing = refused(404, "The entity that was requested doesn't exist.")
    commerce, asked = shop_of({"GET shipment/33": missing})

    with pytest.raises(Rejected) as raised:
        handle(UPDATE, sample(UPDATE), commerce)

    assert raised.value.status == 404
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("there", "message"),
    [
        pytest.param(
            {**THERE, "order_id": 9}, "The order has no such shipment", id="order"
        ),
        pytest.param(
            {**THERE, "items": []},
            "1 of the items named by entityId are not the shipment's",
            id="items",
        ),
        pytest.param(
            {**THERE, "tracks": [{"entity_id": 20}]},
            "1 of the tracks named by entityId are not the shipment's",
            id="tracks",
        ),
        pytest.param(
            {**THERE, "comments": None},
            "1 of the comments named by entityId are not the shipment's",
            id="comments",
        ),
    ],
)
def test_a_change_that_would_take_from_another_is_refused(there, message):
    commerce, asked = shop_of({"GET shipment/33": there})

    with pytest.raises(Rejected) as raised:
        handle(UPDATE, sample(UPDATE), commerce)

    assert (raised.value.status, raised.value.message) == (404, message)
    assert len(asked) == 1


def test_after_a_lost_answer_a_change_is_written_again_and_makes_no_second():
    made = []

    def save(asked):
        made.append(asked.body["entity"]["entity_id"])
        return requests.ReadTimeout() if len(made) == 1 else {}

    commerce, _ = shop_of({"GET shipment/33": THERE, "POST shipment": save})
    with pytest.raises(Unavailable):
        handle(UPDATE, sample(UPDATE), commerce)

    handle(UPDATE, sample(UPDATE), commerce, Unsure())

    assert made == [33, 33]
