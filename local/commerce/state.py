"""What is in the shop, for a person or a test to look at."""

from typing import Any

from local.commerce import customer_group, order, product, shipment_kept, stock
from local.commerce.things import Things


def shown(things: Things, most: int = 50) -> dict[str, Any]:
    """Counts, and the newest *most* of each kind; of orders, those touched."""
    kinds = {
        "products": product.KIND,
        "stock": stock.KIND,
        "customers": "customer",
        "customer_groups": customer_group.KIND,
        "orders": order.KIND,
        "order_comments": order.COMMENT,
        "shipments": shipment_kept.KIND,
    }
    touched = things.find(order.KIND, order.TOUCHED)[-most:]
    return {
        "counts": {name: things.count(kind) for name, kind in kinds.items()},
        "products": [_product(*pair) for pair in things.newest(product.KIND, most)],
        "stock": [doc for _, doc in things.newest(stock.KIND, most)],
        "customers": [
            {"id": number, **doc} for number, doc in things.newest("customer", most)
        ],
        "customer_groups": [
            {"id": number, **doc}
            for number, doc in things.newest(customer_group.KIND, most)
        ],
        "orders": [_order(things, *pair) for pair in touched],
        "vanished_orders": [number for number, doc in touched if doc["status"] is None],
        "shipments": [
            shipment_kept.shown(things, number)
            for number, _ in things.newest(shipment_kept.KIND, most)
        ],
    }


def _product(number: int, doc: dict) -> dict:
    return {"id": number, **doc}


def _order(things: Things, number: int, doc: dict) -> dict:
    comments = [row for _, row in things.children(order.COMMENT, number)]
    return {"id": number, **doc, "comments": comments}
