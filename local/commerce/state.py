"""A snapshot of the entities, for the console, the control interface and tests."""

from typing import Any

from local.commerce import (
    customer,
    customer_group,
    order,
    product,
    shipment_records,
    stock,
)
from local.commerce.entity_store import EntityStore

KINDS = {
    "products": product.KIND,
    "stock": stock.KIND,
    "customers": customer.KIND,
    "customer_groups": customer_group.KIND,
    "orders": order.KIND,
    "order_comments": order.COMMENT,
    "shipments": shipment_records.KIND,
}


def snapshot(entities: EntityStore, limit: int) -> dict[str, Any]:
    """Counts, and the newest *limit* of each kind; of orders, those that changed."""
    changed = entities.find(order.KIND, order.CHANGED)[-limit:]
    return {
        "counts": {name: entities.count(kind) for name, kind in KINDS.items()},
        "products": _with_ids(entities.newest(product.KIND, limit)),
        "stock": [record for _, record in entities.newest(stock.KIND, limit)],
        "customers": _with_ids(entities.newest(customer.KIND, limit)),
        "customer_groups": [
            customer_group.document(entity_id, record)
            for entity_id, record in entities.newest(customer_group.KIND, limit)
        ],
        "orders": [
            {
                "id": entity_id,
                **record,
                "comments": [
                    comment
                    for _, comment in entities.children(order.COMMENT, entity_id)
                ],
            }
            for entity_id, record in changed
        ],
        "shipments": [
            shipment_records.document(entities, entity_id)
            for entity_id, _ in entities.newest(shipment_records.KIND, limit)
        ],
    }


def _with_ids(rows: list[tuple[int, dict]]) -> list[dict]:
    return [{"id": entity_id, **record} for entity_id, record in rows]
