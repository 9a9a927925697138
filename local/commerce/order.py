"""Orders, and the comments that may set their status.

An order's state leads its workflow and allows certain statuses.
"""

from local.commerce import observed, search
from local.commerce.call import Call, integer, reject_unknown
from local.commerce.errors import CommerceError, no_such_order, required

KIND = "order"
COMMENT = "order_comment"
CHANGED = "changed"  # key of the orders that were written since the seed
STATUSES = {
    "new": ("pending",),
    "processing": ("processing", "packed"),  # packed: added by a merchant
    "complete": ("complete",),
    "holded": ("holded",),
    "canceled": ("canceled",),
}
NAMES = frozenset(
    (
        "comment",
        "created_at",
        "entity_id",
        "entity_name",
        "is_customer_notified",
        "is_visible_on_front",
        "parent_id",
        "status",
        "extension_attributes",
    )
)
INTERFACE = "Magento\\Sales\\Api\\Data\\OrderStatusHistoryInterface"


def add_comment(call: Call) -> bool:
    """POST orders/{id}/comments: each call adds one, a repeated call too."""
    order_id, sent = call.path_id("id"), call.body_object("statusHistory")
    order = existing(call, order_id)
    reject_unknown(sent, NAMES, INTERFACE)
    if not isinstance(sent.get("comment"), str):
        raise required("comment")
    status = _status(call, order, sent.get("status"))
    comment_id = call.entities.next_id(COMMENT)
    comment = {
        "comment": sent["comment"],
        "created_at": call.time,
        "entity_id": comment_id,
        "entity_name": "order",
        "is_customer_notified": integer(sent.get("is_customer_notified") or 0),
        "is_visible_on_front": integer(sent.get("is_visible_on_front") or 0),
        "parent_id": order_id,
        "status": status,
    }
    call.entities.put(COMMENT, comment_id, comment, parent=order_id)
    call.record_effect(
        "order.commented",
        order_id,
        comment=comment_id,
        status_before=order["status"],
        status=status,
        e_mail=bool(comment["is_customer_notified"]),
    )
    put(call, order_id, {**order, "status": status})
    return True


def list_comments(call: Call) -> dict:
    """GET orders/{id}/comments: all of them, the newest first."""
    order_id = call.path_id("id")
    existing(call, order_id)
    rows = reversed(call.entities.children(COMMENT, order_id))
    parent = search.Filter("parent_id", str(order_id))
    criteria = search.Criteria({"0": {"0": parent}})
    return search.page_of((_without_nulls(comment) for _, comment in rows), criteria)


def get(call: Call) -> dict:
    """GET orders/{id}."""
    order_id = call.path_id("id")
    return _document(order_id, existing(call, order_id))


def search_orders(call: Call) -> dict:
    """GET orders; an order without a status is not listed."""
    criteria = search.criteria_of(call)
    wanted_id = criteria.required_value("entity_id")
    if wanted_id is None:
        rows = call.entities.all(KIND)
    else:
        order = call.entities.get(KIND, integer(wanted_id))
        rows = [(integer(wanted_id), order)] if order else []
    listed = (_document(*row) for row in rows if row[1]["status"] is not None)
    return search.page_of(listed, criteria)


def existing(call: Call, order_id: int) -> dict:
    """The order's record.

    Raises:
        CommerceError: there is no such order.
    """
    order = call.entities.get(KIND, order_id)
    if order is None:
        raise no_such_order()
    return order


def put(call: Call, order_id: int, order: dict, is_new: bool = False) -> None:
    """Write an order."""
    order["updated_at"] = call.time
    call.entities.put(KIND, order_id, order, key=CHANGED)
    call.observed.append(observed.order_saved(order_id, order, is_new))


def create(call: Call) -> int:
    """Place an order of one product, as a customer does; its id."""
    products = call.entities.find("product", str(call.body["sku"]))
    if not products:
        raise CommerceError(404, "The product that was requested doesn't exist.")
    order_id = call.entities.next_id(KIND)
    _, ordered = products[0]
    item = {
        "item_id": order_id,
        "sku": ordered["sku"],
        "name": ordered["attributes"].get("name", ""),
        "price": ordered["attributes"].get("price", 0),
        "qty_ordered": call.body["qty"],
        "qty_shipped": 0,
    }
    record = {
        "state": "new",
        "status": "pending",
        "invoiced": False,
        "customer_email": call.body["customer_email"],
        "items": [item],
        "created_at": call.time,
    }
    put(call, order_id, record, is_new=True)
    return order_id


def _document(order_id: int, order: dict) -> dict:
    items = [
        {
            "item_id": item["item_id"],
            "order_id": order_id,
            "sku": item["sku"],
            "name": item["name"],
            "product_type": "simple",
            "price": item["price"],
            "qty_ordered": item["qty_ordered"],
            "qty_shipped": item["qty_shipped"],
            "qty_invoiced": item["qty_ordered"] if order["invoiced"] else 0,
            "qty_canceled": 0,
            "qty_refunded": 0,
        }
        for item in order["items"]
    ]
    total = sum(item["price"] * item["qty_ordered"] for item in order["items"])
    return _without_nulls(
        {
            "entity_id": order_id,
            "increment_id": f"{order_id:09d}",
            "state": order["state"],
            "status": order["status"],
            "store_id": 1,
            "created_at": order["created_at"],
            "updated_at": order["updated_at"],
            "customer_email": order["customer_email"],
            "base_grand_total": total,
            "grand_total": total,
            "total_qty_ordered": sum(item["qty_ordered"] for item in order["items"]),
            "items": items,
        }
    )


def _status(call: Call, order: dict, requested: str | None) -> str | None:
    """The status after a comment with status *requested*.

    Raises:
        CommerceError: the order may not have it.
    """
    if not requested:
        # Fixed by AC-1342: the order keeps the one it has (magento2#34180).
        clears = call.switches.comment_without_status == "clears"
        return None if clears else order["status"]
    allowed = STATUSES.get(order["state"], ())
    if call.switches.comment_status == "current":  # magento2#38659, #38723
        allowed = (order["status"],)
    if requested not in allowed:
        raise CommerceError(
            400,
            'Unable to add comment: The status "%1" is not part of the order status'
            " history.",
            [requested],
        )
    return requested


def _without_nulls(fields: dict) -> dict:
    return {name: value for name, value in fields.items() if value is not None}
