"""Wrong ways to tell an order its status, and to ship it."""

from functions.handlers import order, shipment
from tests.handlers.shops import Unsure, handle, sample
from tests.local.commerce.wrong.case import Case
from tests.local.commerce.wrong.people import on

STATUS, SHIP = "sales_order_status_update", "sales_order_shipment_create"
CHANGE = "sales_order_shipment_update"
SAID = sample(STATUS, status="complete")
SHIPPED = sample(SHIP, stockSourceCode="second")
ALL = sample(SHIP, orderId=10, items=[{"orderItemId": 10, "qty": 1000}])
CHANGED = sample(CHANGE)


def comments(**changes):
    """A comment like ours, changed; None takes a key away."""

    def act(commerce):
        history = {**order.transform(SAID, "processing"), **changes}
        body = {name: v for name, v in history.items() if v is not None}
        commerce.shop().post("orders/{id}/comments", {"statusHistory": body}, id=8)

    return act


def source_at_the_top(commerce):
    shop = commerce.shop()
    body = shipment.ship(SHIPPED, shop.settings)
    body |= body.pop("arguments")
    shop.post("order/{orderId}/ship", body, orderId=8)


def items_under_another_name(commerce):
    shop = commerce.shop()
    body = shipment.ship(SHIPPED, shop.settings)
    body["item"] = body.pop("items")
    shop.post("order/{orderId}/ship", body, orderId=8)


def nothing_at_the_default_source(commerce):
    level = {"source_code": "default", "quantity": 0, "status": 0}
    body = {"sourceItems": [{"sku": "STANDIN-TABLE", **level}]}
    commerce.shop().post("inventory/source-items", body)


def quantity(qty):
    return sample(SHIP, items=[{"orderItemId": 8, "qty": qty}])


def body_of(commerce, **changes):
    shop = commerce.shop()
    there = shop.get("shipment/{id}", id=33)
    shop.post("shipment", {"entity": {**shipment.changed(CHANGED, there), **changes}})


def without_id(commerce):
    body_of(commerce, entity_id=None)


def another_shipments_parts(commerce):
    body_of(commerce, entity_id=101)


CASES = {
    "comment_without_status": Case(
        wrong=comments(status=None),
        noticed=["order.commented 8 status=None"],
        right=on(STATUS, SAID),
        good=["order.commented 8 status=processing"],
        show=("status",),
    ),
    "comment_status": Case(
        wrong=comments(status="complete"),
        noticed=["Rejected 400"],
        right=on(STATUS, SAID),
        good=["order.commented 8 status=processing"],
        show=("status",),
    ),
    "comments_add_up": Case(
        before=on(STATUS, SAID),
        wrong=comments(is_customer_notified=1),
        noticed=["order.commented 8 e_mail=True"],
        right=on(STATUS, SAID, Unsure()),
        good=[],
        show=("e_mail",),
    ),
    "shipment_source": Case(
        wrong=source_at_the_top,
        noticed=["shipment.created 101 source=default"],
        right=on(SHIP, SHIPPED),
        good=["shipment.created 101 source=second"],
        show=("source",),
    ),
    "source_must_have_it": Case(
        before=nothing_at_the_default_source,
        wrong=source_at_the_top,
        noticed=["Rejected 400"],
        right=on(SHIP, SHIPPED),
        good=["shipment.created 101"],
    ),
    "shipped_once": Case(
        wrong=on(SHIP, quantity(1000)),  # all that was ordered: 1 is shipped already
        noticed=["Rejected 400"],
        right=on(SHIP, quantity(999)),
        good=["shipment.created 101"],
    ),
    "full_shipment_once": Case(
        before=on(SHIP, ALL),
        wrong=on(SHIP, ALL),  # as if nothing had been tried before
        noticed=["Rejected 400"],
        right=on(SHIP, ALL, Unsure()),
        good=[],
    ),
    "partial_shipments_add_up": Case(
        before=on(SHIP, SHIPPED),
        wrong=on(SHIP, SHIPPED),
        noticed=["shipment.created 102"],
        right=on(SHIP, SHIPPED, Unsure()),
        good=[],
    ),
    "no_items_ship_all": Case(
        wrong=items_under_another_name,
        noticed=["shipment.created 101 shipped={'8': 999}"],
        right=on(SHIP, SHIPPED),
        good=["shipment.created 101 shipped={'8': 1}"],
        show=("shipped",),
    ),
    "shipment_without_id": Case(
        wrong=without_id,
        noticed=["shipment.created_unseen 101"],
        right=on(CHANGE, CHANGED),
        good=["shipment.updated 33"],
    ),
    "parts_change_hands": Case(
        before=lambda commerce: handle(SHIP, SHIPPED, commerce.shop()),
        wrong=another_shipments_parts,
        noticed=[
            "shipment.updated 101 taken=['shipment_item 19 of shipment 33',"
            " 'shipment_track 19 of shipment 33',"
            " 'shipment_comment 19 of shipment 33']"
        ],
        right=on(CHANGE, sample(CHANGE, id=101)),
        good=["Rejected 404"],
        show=("taken",),
    ),
}
