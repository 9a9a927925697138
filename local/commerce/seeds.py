"""What is in the shop when it opens, so that samples and a soak find what they need."""

from local.commerce import customer_group, order, product, shipment_kept, stock
from local.commerce.call import stamp
from local.commerce.things import Things

ORDERS = 1_000
ORDERED = 1_000  # of each order's one item
ON_STOCK = 10_000_000
ITEMS = {
    "STANDIN-LAMP": "Lamp",
    "STANDIN-CHAIR": "Chair",
    "STANDIN-TABLE": "Table",
}
# Products that samples of Adobe's documentation change or take for there.
PRODUCTS = {**ITEMS, "b7757d8a-3f3a-4ffd-932a-28cb07debef6": "Product of the documents"}
GROUPS = {0: "NOT LOGGED IN", 1: "General", 2: "Wholesale", 3: "Retailer"}
# Adobe's samples name these: shipment 33 of order 8, with its parts.
SAMPLE_CUSTOMER, SAMPLE_ORDER, SAMPLE_SHIPMENT, SAMPLE_PART = 15, 8, 33, 19
FIRST_FREE = 100  # below it only what is seeded


def plant(things: Things, now: float, orders: int = ORDERS) -> None:
    """Fill an empty shop.

    Order n (from 1) has one item, with id n; odd orders are pending, even ones
    processing and invoiced.
    """
    time = stamp(now)
    _products(things, time)
    _groups(things)
    _customers(things, time)
    for number in range(1, orders + 1):
        things.put(order.KIND, number, _order(number, time))
    _shipment(things, time)
    for kind in (
        product.KIND,
        customer_group.KIND,
        "customer",
        order.COMMENT,
        shipment_kept.KIND,
        *shipment_kept.PARTS.values(),
    ):
        things.start_ids(kind, FIRST_FREE)


def _products(things: Things, time: str) -> None:
    for number, (sku, name) in enumerate(PRODUCTS.items(), 1):
        doc = {
            "sku": sku,
            "type_id": "simple",
            "attribute_set_id": product.DEFAULT_SET,
            "created_at": time,
            "updated_at": time,
            "attributes": {"name": name, "price": 25, "status": 1, "visibility": 4},
            "stores": {},
        }
        things.put(product.KIND, number, doc, key=sku)
        for source in stock.SOURCES:
            stock.put(things, sku, source, ON_STOCK, 1)


def _groups(things: Things) -> None:
    groups = {**GROUPS, customer_group.SAMPLE[1]: customer_group.SEEDED_SAMPLE}
    for number, code in groups.items():
        doc = {"code": code, "tax_class_id": customer_group.NEW_TAX_CLASS}
        things.put(customer_group.KIND, number, doc, key=code)


def _customers(things: Things, time: str) -> None:
    for number in range(1, 21):
        email = f"customer-{number}@example.com"
        doc = {
            "email": email,
            "firstname": "Customer",
            "lastname": f"Number {number}",
            "group_id": 1 + number % 3,
            "store_id": 1,
            # Samples create someone and then give customer 15 the same address, which
            # only another website allows.
            "website_id": 2 if number == SAMPLE_CUSTOMER else 1,
            "disable_auto_group_change": 0,
            "default_billing": str(number),
            "default_shipping": str(number),
            "custom_attributes": [
                {"attribute_code": "loyalty_level", "value": "silver"}
            ],
            "created_at": time,
            "updated_at": time,
        }
        things.put("customer", number, doc, key=email)


def _order(number: int, time: str) -> dict:
    sku = list(ITEMS)[number % len(ITEMS)]
    paid = number % 2 == 0
    return {
        "state": "processing" if paid else "new",
        "status": "processing" if paid else "pending",
        "invoiced": paid,
        "created_at": time,
        "updated_at": time,
        "customer_email": f"customer-{1 + number % 20}@example.com",
        "items": [
            {
                "item_id": number,
                "sku": sku,
                "name": ITEMS[sku],
                "price": 25,
                "qty_ordered": ORDERED,
                "qty_shipped": 1 if number == SAMPLE_ORDER else 0,
            }
        ],
    }


def _shipment(things: Things, time: str) -> None:
    doc = things.get(order.KIND, SAMPLE_ORDER)
    if doc is None:
        return
    item = doc["items"][0]
    made = {
        "order_id": SAMPLE_ORDER,
        "source": stock.SOURCES[0],
        "source_said": True,
        "created_at": time,
        "updated_at": time,
    }
    parts = {
        "items": {
            "order_item_id": item["item_id"],
            "qty": 1,
            "sku": item["sku"],
            "name": item["name"],
        },
        "tracks": {
            "order_id": SAMPLE_ORDER,
            "created_at": time,
            "updated_at": time,
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
            "created_at": time,
        },
    }
    parts = {name: (SAMPLE_PART, row) for name, row in parts.items()}
    shipment_kept.seed(things, SAMPLE_SHIPMENT, made, parts)
