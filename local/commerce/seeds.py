"""The initial state, so that samples and soak tests meet what they refer to."""

from local.commerce import (
    customer,
    customer_group,
    order,
    product,
    shipment_records,
    stock,
)
from local.commerce.call import timestamp
from local.commerce.entity_store import EntityStore

ORDERS = 1_000
ORDERED = 1_000  # quantity of each order's one item
STOCK_QUANTITY = 10_000_000
CUSTOMERS = 20
ITEMS = {
    "STANDIN-LAMP": "Lamp",
    "STANDIN-CHAIR": "Chair",
    "STANDIN-TABLE": "Table",
}
# A product that samples of Adobe's documentation update.
PRODUCTS = {**ITEMS, "b7757d8a-3f3a-4ffd-932a-28cb07debef6": "Product of the documents"}
GROUPS = {
    0: "NOT LOGGED IN",
    1: "General",
    2: "Wholesale",
    3: "Retailer",
    customer_group.SAMPLE_ID: customer_group.SEEDED_CODE,
}
# Adobe's samples refer to these: shipment 33 of order 8, with its parts.
SAMPLE_CUSTOMER, SAMPLE_ORDER, SAMPLE_SHIPMENT, SAMPLE_PART = 15, 8, 33, 19
LAST_SEEDED_ID = 100  # new entities get higher ids


def seed(entities: EntityStore, now: float, orders: int = ORDERS) -> None:
    """Fill an empty store.

    Order n (from 1) has one item, with id n; odd orders are pending, even ones
    processing and invoiced.
    """
    times = {"created_at": timestamp(now), "updated_at": timestamp(now)}
    for product_id, (sku, name) in enumerate(PRODUCTS.items(), 1):
        record = {
            "sku": sku,
            "type_id": "simple",
            "attribute_set_id": product.DEFAULT_ATTRIBUTE_SET,
            **times,
            "website_ids": [1],
            "attributes": {"name": name, "price": 25, "status": 1, "visibility": 4},
            "views": {},
        }
        entities.put(product.KIND, product_id, record, key=sku)
        for source in stock.SOURCES:
            stock.put(entities, sku, source, STOCK_QUANTITY, 1)
    for group_id, code in GROUPS.items():
        record = {"code": code, "tax_class_id": customer_group.DEFAULT_TAX_CLASS}
        entities.put(customer_group.KIND, group_id, record, key=code)
    for customer_id in range(1, CUSTOMERS + 1):
        record = {**_customer(customer_id), **times}
        entities.put(customer.KIND, customer_id, record, key=record["email"])
    for order_id in range(1, orders + 1):
        entities.put(order.KIND, order_id, {**_order(order_id), **times})
    if orders >= SAMPLE_ORDER:
        _seed_shipment(entities, times)
    for kind in (
        product.KIND,
        customer_group.KIND,
        customer.KIND,
        order.COMMENT,
        shipment_records.KIND,
        *shipment_records.PARTS.values(),
    ):
        entities.reserve_ids(kind, LAST_SEEDED_ID)
    entities.reserve_ids(order.KIND, max(orders, LAST_SEEDED_ID))


def _customer(customer_id: int) -> dict:
    return {
        "email": f"customer-{customer_id}@example.com",
        "firstname": "Customer",
        "lastname": f"Number {customer_id}",
        "group_id": 1 + customer_id % 3,
        "store_id": 1,
        # Samples create a customer and then give customer 15 the same address, which
        # only another website allows.
        "website_id": 2 if customer_id == SAMPLE_CUSTOMER else 1,
        "disable_auto_group_change": 0,
        "default_billing": str(customer_id),
        "default_shipping": str(customer_id),
        "custom_attributes": [{"attribute_code": "loyalty_level", "value": "silver"}],
    }


def _order(order_id: int) -> dict:
    sku = list(ITEMS)[order_id % len(ITEMS)]
    invoiced = order_id % 2 == 0
    return {
        "state": "processing" if invoiced else "new",
        "status": "processing" if invoiced else "pending",
        "invoiced": invoiced,
        "customer_email": f"customer-{1 + order_id % CUSTOMERS}@example.com",
        "items": [
            {
                "item_id": order_id,
                "sku": sku,
                "name": ITEMS[sku],
                "price": 25,
                "qty_ordered": ORDERED,
                "qty_shipped": 1 if order_id == SAMPLE_ORDER else 0,
            }
        ],
    }


def _seed_shipment(entities: EntityStore, times: dict[str, str]) -> None:
    [item] = _order(SAMPLE_ORDER)["items"]
    shipment = {"order_id": SAMPLE_ORDER, "source": stock.SOURCES[0], **times}
    parts = {
        "items": {
            "order_item_id": item["item_id"],
            "qty": 1,
            "sku": item["sku"],
            "name": item["name"],
        },
        "tracks": {
            "order_id": SAMPLE_ORDER,
            **times,
            "weight": 0,
            "qty": 0,
            "description": "",
            "track_number": "SEED-1",
            "title": "Seeded",
            "carrier_code": "custom",
        },
        "comments": {
            "comment": "Seeded",
            "is_customer_notified": 0,
            "is_visible_on_front": 0,
            "created_at": times["created_at"],
        },
    }
    entities.put(shipment_records.KIND, SAMPLE_SHIPMENT, shipment, parent=SAMPLE_ORDER)
    for name, part in parts.items():
        kind = shipment_records.PARTS[name]
        entities.put(kind, SAMPLE_PART, part, parent=SAMPLE_SHIPMENT)
