"""A shipment is created once."""

import copy

import pytest
import requests

from functions.errors import Rejected, Unavailable
from functions.handlers.shipment import is_same
from tests.support.handler_kit import (
    FakeCommerce,
    FakeDelivery,
    commerce_time,
    delivery_with_unknown_outcome,
    handle,
    rejection,
    sample,
)

CREATE = "sales_order_shipment_create"
ALL_SHIPPED = (
    "Shipment Document Validation Error(s):\n"
    "The order does not allow a shipment to be created."
)


class Order:
    """Order 8 at Commerce with two items left to ship.

    Attributes:
        lose: when the response of the next shipment is lost: None, ``after`` it was
            created, ``before``, or ``late`` (it is created after the next search).
    """

    def __init__(self, left=2):
        self.left = left
        self.shipments = []
        self.lose = None
        self.late = None
        self.responses = {
            "GET shipments": self.search,
            "POST order/8/ship": self.ship,
        }

    def search(self, request):
        result = {"items": copy.deepcopy(self.shipments)}
        if self.late is not None:
            self.create(self.late)
            self.late = None
        return result

    def create(self, body):
        items = body["items"] or [{"order_item_id": 8, "qty": self.left}]
        self.left -= sum(item["qty"] for item in items)
        self.shipments.append(
            {
                "entity_id": 33 + len(self.shipments),
                "order_id": 8,
                "created_at": commerce_time(),
                "items": items,
                "tracks": body["tracks"],
                "comments": [body["comment"]] if "comment" in body else [],
            }
        )

    def ship(self, request):
        if self.lose == "before":
            self.lose = None
            return requests.ReadTimeout()
        if self.lose == "late":
            self.lose, self.late = None, request.body
            return requests.ReadTimeout()
        if self.left < sum(
            item["qty"] for item in request.body["items"] or [{"qty": 1}]
        ):
            return rejection(400, ALL_SHIPPED)
        self.create(request.body)
        if self.lose == "after":
            self.lose = None
            return requests.ReadTimeout()
        return self.shipments[-1]["entity_id"]


def test_a_shipment_names_its_source_in_arguments():
    order = Order()
    commerce = FakeCommerce(order.responses)

    message = handle(CREATE, sample(CREATE), commerce)

    assert message == "Shipment created successfully"
    assert commerce.calls == [
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
    commerce = FakeCommerce(order.responses)

    handle(CREATE, sample(CREATE, items=[]), commerce)

    assert commerce.requests[0].body["items"] == []
    assert order.left == 0


def test_an_empty_comment_is_left_out():
    commerce = FakeCommerce(Order().responses)
    comment = {"comment": " ", "visibleOnFront": True}

    handle(CREATE, sample(CREATE, comment=comment), commerce)

    assert "comment" not in commerce.requests[0].body


@pytest.mark.parametrize("visible", [True, False])
def test_notifying_the_customer_is_a_setting(visible):
    commerce = FakeCommerce(Order().responses, COMMERCE_SHIPMENT_NOTIFY="true")
    comment = {"comment": "Sent", "visibleOnFront": visible}

    handle(CREATE, sample(CREATE, comment=comment), commerce)

    body = commerce.requests[0].body
    assert (body["notify"], body["appendComment"]) == (True, visible)


def test_after_a_lost_response_nothing_is_shipped_again(subtests):
    for name, changes in [
        ("a part", {}),
        ("the whole", {"items": [{"orderItemId": 8, "qty": 2}]}),
        ("all that is left", {"items": []}),
        ("without tracks", {"items": [], "tracks": []}),
    ]:
        with subtests.test(name):
            order = Order()
            order.lose = "after"
            commerce = FakeCommerce(order.responses)
            with pytest.raises(Unavailable) as raised:
                handle(CREATE, sample(CREATE, **changes), commerce)
            assert raised.value.outcome_unknown

            message = handle(
                CREATE,
                sample(CREATE, **changes),
                commerce,
                delivery_with_unknown_outcome(),
            )

            assert message == "Shipment created successfully"
            assert len(order.shipments) == 1
            assert [call[:2] for call in commerce.calls] == [
                ("POST", "order/8/ship"),
                ("GET", "shipments"),
            ]


def test_after_a_lost_request_it_is_shipped():
    order = Order()
    order.lose = "before"
    commerce = FakeCommerce(order.responses)
    with pytest.raises(Unavailable):
        handle(CREATE, sample(CREATE), commerce)

    handle(CREATE, sample(CREATE), commerce, delivery_with_unknown_outcome())

    assert len(order.shipments) == 1
    assert commerce.requests[1].query == {
        "searchCriteria[filterGroups][0][filters][0][field]": "order_id",
        "searchCriteria[filterGroups][0][filters][0][value]": "8",
        "searchCriteria[filterGroups][0][filters][0][conditionType]": "eq",
        "searchCriteria[sortOrders][0][field]": "entity_id",
        "searchCriteria[sortOrders][0][direction]": "DESC",
        "searchCriteria[pageSize]": "50",
        "fields": "items[created_at,items[order_item_id,qty],"
        "tracks[track_number,carrier_code],comments[comment]]",
    }


def test_a_late_effect_is_found_after_the_rejection():
    order = Order()
    order.lose = "late"
    commerce = FakeCommerce(order.responses)
    value = sample(CREATE, items=[])
    with pytest.raises(Unavailable):
        handle(CREATE, value, commerce)

    message = handle(CREATE, value, commerce, delivery_with_unknown_outcome())

    assert message == "Shipment created successfully"
    assert len(order.shipments) == 1
    assert [call[0] for call in commerce.calls] == ["POST", "GET", "POST", "GET"]


def test_a_fully_shipped_order_is_rejected():
    commerce = FakeCommerce(Order(left=0).responses)

    with pytest.raises(Rejected) as raised:
        handle(CREATE, sample(CREATE), commerce, FakeDelivery())

    assert raised.value.message == (
        "Commerce answered 400 to POST order/{orderId}/ship: Shipment Document"
        " Validation Error(s): The order does not allow a shipment to be created."
    )
    assert len(commerce.requests) == 1


def test_another_shipment_is_not_taken_for_ours():
    order = Order()
    commerce = FakeCommerce(order.responses)
    handle(CREATE, sample(CREATE, items=[], tracks=[]), commerce)

    with pytest.raises(Rejected):
        handle(CREATE, sample(CREATE), commerce, delivery_with_unknown_outcome())


def test_an_old_shipment_is_not_taken_for_ours():
    order = Order()
    commerce = FakeCommerce(order.responses)
    handle(CREATE, sample(CREATE), commerce)
    order.shipments[0]["created_at"] = commerce_time(3600)

    handle(CREATE, sample(CREATE), commerce, delivery_with_unknown_outcome())

    assert len(order.shipments) == 2


EXISTING = {
    "items": [{"order_item_id": 8, "qty": 1}],
    "tracks": [{"track_number": "JD0099", "carrier_code": "custom", "title": "x"}],
    "comments": [{"comment": "Left the warehouse this morning."}],
}


def test_a_shipment_is_recognised_by_its_content(subtests):
    for name, changes, same in [
        ("the same", {}, True),
        (
            "with the parts of a bundle",
            {"items": [*EXISTING["items"], {"order_item_id": 9, "qty": 1.0}]},
            True,
        ),
        ("another quantity", {"items": [{"order_item_id": 8, "qty": 2}]}, False),
        ("another item", {"items": [{"order_item_id": 9, "qty": 1}]}, False),
        ("no items", {"items": None}, False),
        ("no track", {"tracks": []}, False),
        ("more tracks", {"tracks": EXISTING["tracks"] * 2}, False),
        (
            "another track",
            {"tracks": [{"track_number": "JD0100", "carrier_code": "custom"}]},
            False,
        ),
        ("no comment", {"comments": []}, False),
        ("among other comments", {"comments": [{}, *EXISTING["comments"]]}, True),
    ]:
        with subtests.test(name):
            assert is_same(sample(CREATE), {**EXISTING, **changes}) is same
