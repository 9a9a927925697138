"""Orders: what becomes of them, and what is shipped of them."""

from functions.commerce.documents import number, record, records
from functions.commerce.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext, shipment
from functions.handlers.reconcile import is_recent

CHANGED = "Order status changed to "  # with what every comment of ours begins


def transform(value: dict, status: str) -> dict:
    """The comment on an order; *status* is always sent.

    Some versions of Commerce empty the status of an order where a comment names none
    (magento2#34180).
    """
    return {
        "comment": CHANGED + value["status"],
        "is_customer_notified": int(value.get("notifyCustomer", False)),
        "is_visible_on_front": 1,
        "parent_id": value["id"],
        "status": status,
    }


def update_status(
    value: dict, commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Tell an order its status, by a comment.

    A repeat looks first: a comment of the same text, made since the earlier attempt
    whose answer was lost and the last of its kind, is not added again.

    Raises:
        Rejected: there is no such order, or (with COMMERCE_ORDER_STATUS_MODE=status)
            Commerce does not let it have that status.
    """
    order = record(commerce.get("orders/{id}", {"fields": "status"}, id=value["id"]))
    status = order.get("status")
    if not isinstance(status, str) or not status:
        raise Rejected(409, "The order has no status, and a comment must name one")
    if commerce.settings.order_status_mode == "status":
        status = value["status"]
    comment = transform(value, status)
    if delivery.outcome_unknown_since is None or not _commented(
        comment, value["id"], commerce, delivery
    ):
        commerce.post(
            "orders/{id}/comments", {"statusHistory": comment}, id=value["id"]
        )
    done = "Order updated successfully"
    return done if status == value["status"] else f"{done}; status not changed"


def create_shipment(
    value: dict, commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Ship items of an order; no items at all means all that is left to ship.

    A repeat looks first: a shipment of the same items, parcels and comment, made since
    the earlier attempt whose answer was lost, is not made again.

    Raises:
        Rejected: Commerce does not ship that.
    """
    done = "Shipment created successfully"
    if delivery.outcome_unknown_since is not None and shipment.is_made(
        value, commerce, delivery
    ):
        return done
    body = shipment.ship(value, commerce.settings)
    try:
        commerce.post("order/{orderId}/ship", body, orderId=value["orderId"])
    except Rejected:
        # The earlier attempt may have been at work still when we looked.
        if delivery.outcome_unknown_since is None or not shipment.is_made(
            value, commerce, delivery
        ):
            raise
    return done


def update_shipment(
    value: dict, commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Change a shipment there is.

    A repeat writes the same again: the shipment is looked up first, since POST
    shipment would create one that is not there.

    Raises:
        Rejected: the order has no such shipment, or the shipment no such part.
    """
    there = record(commerce.get("shipment/{id}", id=value["id"]))
    body = {"entity": shipment.changed(value, there)}
    commerce.post("shipment", body)
    return "Shipment updated successfully"


def _commented(
    comment: dict, order_id: int, commerce: CommerceClient, delivery: DeliveryContext
) -> bool:
    """Whether the last status that the order was told of late is this one.

    An order's events are handled in turn: where another status follows, a comment of
    this text is an earlier event's, and this event's has still to be made.
    """
    told = [
        made
        for made in records(commerce.get("orders/{id}/comments", id=order_id))
        if str(made.get("comment")).startswith(CHANGED)
        and is_recent(made.get("created_at"), delivery)
    ]
    last = max(told, key=lambda made: number(made.get("entity_id")), default={})
    return last.get("comment") == comment["comment"]
