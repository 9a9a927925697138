"""Orders: their list, and the comments that may set a status.

States lead the workflow, a status only tells of it: a comment may set a status of the
order's own state (Q5; magento2, Sales/Model/Service/OrderService).
"""

from local.commerce import search
from local.commerce.call import Call, integer, known
from local.commerce.errors import Refusal, gone_entity, required

KIND = "order"
COMMENT = "order_comment"
TOUCHED = "touched"
# packed is one that a merchant added, as many do.
STATUSES = {
    "new": ("pending",),
    "processing": ("processing", "packed"),
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


def comment(call: Call) -> bool:
    """POST orders/{id}/comments: every call adds one, also a repeat (Q6)."""
    number, given = call.number("id"), call.given("statusHistory")
    doc = there(call, number)
    known(given, NAMES, INTERFACE)
    if not isinstance(given.get("comment"), str):
        raise required("comment")
    status = _status(call, doc, given.get("status"))
    made = call.things.next_id(COMMENT)
    row = {
        "comment": given["comment"],
        "created_at": call.time,
        "entity_id": made,
        "entity_name": "order",
        "is_customer_notified": integer(given.get("is_customer_notified") or 0),
        "is_visible_on_front": integer(given.get("is_visible_on_front") or 0),
        "parent_id": number,
        "status": status,
    }
    call.things.put(COMMENT, made, row, parent=number)
    before = doc["status"]
    doc["status"], doc["updated_at"] = status, call.time
    put(call, number, doc)
    call.did(
        "order.commented",
        number,
        comment=made,
        status_before=before,
        status=status,
        e_mail=bool(row["is_customer_notified"]),
    )
    return True


def comments(call: Call) -> dict:
    """GET orders/{id}/comments: all of them, the newest first."""
    number = call.number("id")
    there(call, number)
    found = [_said(row) for _, row in call.things.children(COMMENT, number)][::-1]
    criteria = {
        "filter_groups": [
            {
                "filters": [
                    {"field": "parent_id", "value": str(number), "condition_type": "eq"}
                ]
            }
        ]
    }
    return {"items": found, "search_criteria": criteria, "total_count": len(found)}


def get(call: Call) -> dict:
    """GET orders/{id}."""
    number = call.number("id")
    return shown(number, there(call, number))


def find(call: Call) -> dict:
    """GET orders; one without a status is not in the list (Q5)."""
    asked = search.criteria(call)
    wanted = asked.wanted("entity_id")
    if wanted is not None:
        number = integer(wanted)
        doc = call.things.get(KIND, number)
        found = [(number, doc)] if doc else []
    else:
        found = call.things.all(KIND)
    listed = (shown(number, doc) for number, doc in found if doc["status"] is not None)
    return search.answer(listed, asked)


def there(call: Call, number: int) -> dict:
    """The order.

    Raises:
        Refusal: there is none.
    """
    doc = call.things.get(KIND, number)
    if doc is None:
        raise gone_entity()
    return doc


def put(call: Call, number: int, doc: dict) -> None:
    """Write an order, marked as one that something happened to."""
    call.things.put(KIND, number, doc, key=TOUCHED)


def shown(number: int, doc: dict) -> dict:
    """An order as answers have it; a status that is NULL is left out."""
    items = [
        {
            "item_id": item["item_id"],
            "order_id": number,
            "sku": item["sku"],
            "name": item["name"],
            "product_type": "simple",
            "price": item["price"],
            "qty_ordered": item["qty_ordered"],
            "qty_shipped": item["qty_shipped"],
            "qty_invoiced": item["qty_ordered"] if doc["invoiced"] else 0,
            "qty_canceled": 0,
            "qty_refunded": 0,
        }
        for item in doc["items"]
    ]
    total = sum(item["price"] * item["qty_ordered"] for item in doc["items"])
    found = {
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "state": doc["state"],
        "status": doc["status"],
        "store_id": 1,
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
        "customer_email": doc["customer_email"],
        "base_grand_total": total,
        "grand_total": total,
        "total_qty_ordered": sum(item["qty_ordered"] for item in doc["items"]),
        "items": items,
    }
    if found["status"] is None:
        del found["status"]
    return found


def _status(call: Call, doc: dict, asked: str | None) -> str | None:
    """The status after a comment that says *asked* (Q5).

    Raises:
        Refusal: the order may not have it.
    """
    if not asked:
        # Fixed by AC-1342: the order keeps the one it has (magento2#34180).
        return None if call.rules.comment_without_status == "empties" else doc["status"]
    allowed = STATUSES.get(doc["state"], ())
    if call.rules.comment_status == "current":  # magento2#38659, #38723
        allowed = (doc["status"],)
    if asked not in allowed:
        raise Refusal(
            400,
            'Unable to add comment: The status "%1" is not part of the order status'
            " history.",
            [asked],
        )
    return asked


def _said(row: dict) -> dict:
    return {name: value for name, value in row.items() if value is not None}
