"""Shipments are made once."""

import copy

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from functions.handlers import DirectCall
from functions.handlers.shipment import is_same
from tests.handlers.shops import (
    Unsure,
    calls,
    handle,
    refused,
    sample,
    shop_of,
    written,
)

CREATE = "sales_order_shipment_create"
ALL_SHIPPED = (
    "Shipment Document Validation Error(s):\n"
    "The order does not allow a shipment to be created."
)


class Order:
    """Order 8 at Commerce with two pieces left to ship.

    Attributes:
        lose: what happens to the answer of the next shipment: None, ``after`` it was
            made, ``late`` (it is made after the next look) or ``before``.
    """

    def __init__(self, left=2):
        self.left = left
        self.shipments = []
        self.lose = None
        self.late = None
        self.answers = {
            "GET shipments": self.look,
            "POST order/8/ship": self.ship,
        }

    def look(self, asked):
        found = {"items": copy.deepcopy(self.shipments)}
        if self.late is not None:
            self.made(self.late)
            self.late = None
        return found

    def made(self, body):
        items = body["items"] or [{"order_item_id": 8, "qty": self.left}]
        self.left -= sum(item["qty"] for item in items)
        self.shipments.append(
            {
                "entity_id": 33 + len(self.shipments),
                "order_id": 8,
                "created_at": written(),
                "items": items,
                "tracks": body["tracks"],
                "comments": [body["comment"]] if "comment" in body else [],
            }
        )

    def ship(self, asked):
        if self.lose == "before":
            self.lose = None
            return requests.ReadTimeout()
        if self.lose == "late":
            self.lose, self.late = None, asked.body
            return requests.ReadTimeout()
        if self.left < sum(item["qty"] for item in asked.body["items"] or [{"qty": 1}]):
            return refused(400, ALL_SHIPPED)
        self.made(asked.body)
        if self.lose == "after":
            self.lose = None
            return requests.ReadTimeout()
        return self.shipments[-1]["entity_id"]


def test_a_shipment_is_made_from_the_source_where_commerce_reads_it():
    order = Order()
    commerce, asked = shop_of(order.answers)

    said = handle(CREATE, sample(CREATE), commerce)

    assert said == "Shipment created successfully"
    assert calls(asked) == [
        (
            "POST",
            "order/8/ship",
            {
                "items": [{"order_item_id": 8, "qty": 1}],
                "tracks": [
                    {
                        "track_number": "JD0099",
                        "title": "Parcel to the door",
                        "carrier_code": "custom",
                    }
                ],
                "comment": {
                    "comment": "Left the warehouse this morning.",
                    "is_visible_on_front": 1,
                },
                "arguments": {"extension_attributes": {"source_code": "default"}},
            },
        )
    ]


def test_no_items_ship_all_that_is_left():
    order = Order()
    commerce, asked = shop_of(order.answers)

    handle(CREATE, sample(CREATE, items=[]), commerce)

    assert asked[0].body["items"] == []
    assert order.left == 0


def test_an_empty_comment_is_left_out():
    commerce, asked = shop_of(Order().answers)
    comment = {"comment": " ", "visibleOnFront": True}

    handle(CREATE, sample(CREATE, comment=comment), commerce)

    assert "comment" not in asked[0].body


@pytest.mark.parametrize("visible", [True, False])
def test_the_customer_is_told_where_that_is_set(visible):
    commerce, asked = shop_of(Order().answers, COMMERCE_SHIPMENT_NOTIFY="true")
    comment = {"comment": "Sent", "visibleOnFront": visible}

    handle(CREATE, sample(CREATE, comment=comment), commerce)

    body = asked[0].body
    assert (body["notify"], body["appendComment"]) == (True, visible)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="a part"),
        pytest.param({"items": [{"orderItemId": 8, "qty": 2}]}, id="the whole"),
        pytest.param({"items": []}, id="all that is left"),
        pytest.param({"items": [], "tracks": []}, id="without parcels"),
    ],
)
def test_after_a_lost_answer_nothing_is_shipped_again(changes):
    order = Order()
    order.lose = "after"
    commerce, asked = shop_of(order.answers)
    with pytest.raises(Unavailable) as raised:
        handle(CREATE, sample(CREATE, **changes), commerce)
    assert raised.value.effect_unknown

    said = handle(CREATE, sample(CREATE, **changes), commerce, Unsure())

    assert said == "Shipment created successfully"
    assert len(order.shipments) == 1
    assert [call[:2] for call in calls(asked)] == [
        ("POST", "order/8/ship"),
        ("GET", "shipments"),
    ]


def test_after_a_lost_request_it_is_shipped():
    order = Order()
    order.lose = "before"
    commerce, asked = shop_of(order.answers)
    with pytest.raises(Unavailable):
        handle(CREATE, sample(CREATE), commerce)

    handle(CREATE, sample(CREATE), commerce, Unsure())

    assert len(order.shipments) == 1
    assert asked[1].query == {
        "searchCriteria[filterGroups][0][filters][0][field]": "order_id",
        "searchCriteria[filterGroups][0][filters][0][value]": "8",
        "searchCriteria[filterGroups][0][filters][0][conditionType]": "eq",
        "searchCriteria[sortOrders][0][field]": "entity_id",
        "searchCriteria[sortOrders][0][direction]": "DESC",
        "searchCriteria[pageSize]": "50",
    }


def test_an_attempt_still_at_work_when_we_looked_is_found_by_the_second_look():
    order = Order()
    order.lose = "late"
    commerce, asked = shop_of(order.answers)
    value = sample(CREATE, items=[])
    with pytest.raises(Unavailable):
        handle(CREATE, value, commerce)

    said = handle(CREATE, value, commerce, Unsure())

    assert said == "Shipment created successfully"
    assert len(order.shipments) == 1
    assert [call[0] for call in calls(asked)] == ["POST", "GET", "POST", "GET"]


def test_a_full_order_is_refused_where_no_attempt_of_ours_is_known():
    commerce, asked = shop_of(Order(left=0).answers)

    with pytest.raises(Rejected) as raised:
        handle(CREATE, sample(CREATE), commerce, DirectCall())

    assert raised.value.message == (
        "Commerce answered 400 to POST order/{orderId}/ship: Shipment Document"
        " Validation Error(s): The order does not allow a shipment to be created."
    )
    assert len(asked) == 1


def test_a_full_order_is_refused_where_the_shipment_is_another():
    order = Order()
    commerce, _ = shop_of(order.answers)
    handle(CREATE, sample(CREATE, items=[], tracks=[]), commerce)

    with pytest.raises(Rejected):
        handle(CREATE, sample(CREATE), commerce, Unsure())


def test_a_like_shipment_of_long_ago_is_not_taken_for_ours():
    order = Order()
    commerce, _ = shop_of(order.answers)
    handle(CREATE, sample(CREATE), commerce)
    order.shipments[0]["created_at"] = written(3600)

    handle(CREATE, sample(CREATE), commerce, Unsure())

    assert len(order.shipments) == 2


MADE = {
    "items": [{"order_item_id": 8, "qty": 1}],
    "tracks": [{"track_number": "JD0099", "carrier_code": "custom", "title": "x"}],
    "comments": [{"comment": "Left the warehouse this morning."}],
}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param(
            {"items": [*MADE["items"], {"order_item_id": 9, "qty": 1.0}]},
            True,
            id="with the parts of a bundle",
        ),
        pytest.param(
            {"items": [{"order_item_id": 8, "qty": 2}]}, False, id="another quantity"
        ),
        pytest.param(
            {"items": [{"order_item_id": 9, "qty": 1}]}, False, id="another item"
        ),
        pytest.param({"items": None}, False, id="no items"),
        pytest.param({"tracks": []}, False, id="no parcel"),
        pytest.param({"tracks": MADE["tracks"] * 2}, False, id="more parcels"),
        pytest.param(
            {"tracks": [{"track_number": "JD0100", "carrier_code": "custom"}]},
            False,
            id="another parcel",
        ),
        pytest.param({"comments": []}, False, id="no comment"),
        pytest.param(
            {"comments": [{}, *MADE["comments"]]}, True, id="among other comments"
        ),
    ],
)
def test_a_shipment_is_known_again_by_items_parcels_and_comment(changes, same):
    assert is_same(sample(CREATE), {**MADE, **changes}) is same


# change
