"""Orders: status, shipments."""

from typing import Any

from functions.commerce.documents import read_list, read_number, read_object
from functions.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext, shipment
from functions.handlers.reconcile import is_recent

COMMENT_FIELDS = {"fields": "items[entity_id,comment,created_at]"}
COMMENT_PREFIX = "Order status changed to "


def transform(value: dict[str, Any], status: str) -> dict[str, Any]:
    """The comment on an order; *status* is always sent.

    Some versions of Commerce clear the order's status when a comment has none
    (magento2#34180).
    """
    return {
        "comment": COMMENT_PREFIX + value["status"],
        "is_customer_notified": int(value.get("notifyCustomer", False)),
        "is_visible_on_front": 1,
        "parent_id": value["id"],
        "status": status,
    }


def update_status(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Add a comment with the new status to an order.

    Calls: `GET orders/{id}`, then `POST orders/{id}/comments`.

    Not idempotent. When the outcome of an earlier attempt is unknown, it reconciles: if
    the last status comment since then has the same text, none is added.

    Raises:
        Rejected: the order does not exist, or (with COMMERCE_ORDER_STATUS_MODE=status)
            Commerce does not let it have that status.
    """
    current = _current_status(value["id"], commerce)
    try:
        return _comment(value, current, commerce, delivery)
    except Rejected as error:
        if error.status != 400:
            raise
        # The order may have moved on between our look-up and our comment
        # (Adyen/adyen-magento2#1085): once more with its new status.
        latest = _current_status(value["id"], commerce)
        if latest == current:
            raise
    return _comment(value, latest, commerce, delivery)


def create_shipment(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Ship items of an order; no items at all means all that is left to ship.

    Calls: `POST order/{orderId}/ship`.

    Not idempotent. When the outcome of an earlier attempt is unknown, it reconciles: a
    shipment of the same items, tracks and comment since then is not made again.

    Raises:
        Rejected: Commerce does not allow the shipment.
    """
    message = "Shipment created successfully"
    if delivery.outcome_unknown_since is not None and shipment.exists(
        value, commerce, delivery
    ):
        return message
    body = shipment.new_shipment(value, commerce.settings)
    try:
        commerce.post("order/{orderId}/ship", body, orderId=value["orderId"])
    except Rejected:
        # The earlier attempt may have been in progress when we looked.
        if delivery.outcome_unknown_since is None or not shipment.exists(
            value, commerce, delivery
        ):
            raise
    return message


def update_shipment(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Update an existing shipment.

    Calls: `GET shipment/{id}`, then `POST shipment`.

    Idempotence: a second call writes the same values again. The shipment is looked up
    first, since POST shipment would create an unknown one.

    Raises:
        Rejected: the shipment is not the order's, or a part is not the shipment's.
    """
    current = read_object(
        commerce.get("shipment/{id}", shipment.FIELDS, id=value["id"])
    )
    body = {"entity": shipment.updated_shipment(value, current)}
    commerce.post("shipment", body)
    return "Shipment updated successfully"


def _current_status(order_id: int, commerce: CommerceClient) -> str:
    order = read_object(commerce.get("orders/{id}", {"fields": "status"}, id=order_id))
    status = order.get("status")
    if not isinstance(status, str) or not status:
        raise Rejected(409, "The order has no status, and a comment must name one")
    return status


def _comment(
    value: dict[str, Any],
    current: str,
    commerce: CommerceClient,
    delivery: DeliveryContext,
) -> str:
    """Add the comment to an order whose status is *current*."""
    sets_status = commerce.settings.order_status_mode == "status"
    status = value["status"] if sets_status else current
    comment = transform(value, status)
    if delivery.outcome_unknown_since is None or not _is_commented(
        comment, value["id"], commerce, delivery
    ):
        commerce.post(
            "orders/{id}/comments", {"statusHistory": comment}, id=value["id"]
        )
    message = "Order updated successfully"
    return message if status == value["status"] else f"{message}; status not changed"


def _is_commented(
    comment: dict[str, Any],
    order_id: int,
    commerce: CommerceClient,
    delivery: DeliveryContext,
) -> bool:
    """Whether the order's last recent status comment is this one.

    An order's events are handled in order: a comment of this text that is followed by
    another status belongs to an earlier event.
    """
    comments = [
        existing
        for existing in read_list(
            commerce.get("orders/{id}/comments", COMMENT_FIELDS, id=order_id)
        )
        if str(existing.get("comment")).startswith(COMMENT_PREFIX)
        and is_recent(existing.get("created_at"), delivery)
    ]
    last = max(comments, key=lambda c: read_number(c.get("entity_id")), default={})
    return last.get("comment") == comment["comment"]
