"""Each operation and look-up answers as Commerce does, in its form and its words."""

import pytest

PRODUCT = {
    "sku": "LAMP-1",
    "name": "Lamp",
    "price": 49.9,
    "attribute_set_id": 4,
    "custom_attributes": [{"attribute_code": "description", "value": "bright"}],
}
PERSON = {"email": "ada@example.com", "firstname": "Ada", "lastname": "Bauer"}
LEVEL = {"sku": "LAMP-1", "source_code": "default", "quantity": 4, "status": 1}
SAID = {"comment": "Packed", "is_customer_notified": 0, "is_visible_on_front": 1}
TRACK = {"track_number": "JD1", "title": "Parcel", "carrier_code": "custom"}
ONE_OF_8 = [{"order_item_id": 8, "qty": 1}]


def find(path: str, field: str, value) -> str:
    place = "searchCriteria%5BfilterGroups%5D%5B0%5D%5Bfilters%5D%5B0%5D"
    return f"{path}?{place}%5Bfield%5D={field}&{place}%5Bvalue%5D={value}"


# What is asked, and what of the answer must be so (a dict is part of a larger one).
ANSWERS = [
    ("POST", "products", {"product": PRODUCT}, {"sku": "LAMP-1", "price": None}),
    ("PUT", "products/NEW", {"product": {**PRODUCT, "sku": "NEW"}}, {"sku": "NEW"}),
    ("DELETE", "products/STANDIN-LAMP", None, True),
    ("GET", "products/standin-lamp", None, {"sku": "STANDIN-LAMP", "price": 25}),
    ("GET", find("products", "sku", "STANDIN-LAMP"), None, {"total_count": 1}),
    ("POST", "customers", {"customer": PERSON}, {**PERSON, "id": 101, "group_id": 1}),
    ("PUT", "customers/3", {"customer": PERSON}, {**PERSON, "id": 3}),
    ("DELETE", "customers/3", None, True),
    ("GET", "customers/3", None, {"id": 3, "email": "customer-3@example.com"}),
    (
        "GET",
        find("customers/search", "email", "customer-3%40example.com"),
        None,
        {"total_count": 1},
    ),
    (
        "POST",
        "customerGroups",
        {"group": {"code": "Trade", "tax_class_id": 3}},
        {
            "id": 101,
            "code": "Trade",
            "tax_class_id": 3,
            "tax_class_name": "Retail Customer",
        },
    ),
    (
        "PUT",
        "customerGroups/2",
        {"group": {"id": 2, "code": "Whole", "tax_class_id": 2}},
        {"id": 2, "code": "Whole"},
    ),
    ("DELETE", "customerGroups/2", None, True),
    (
        "GET",
        find("customerGroups/search", "code", "General"),
        None,
        {"items": [{"id": 1, "code": "General", "tax_class_id": 3,
                    "tax_class_name": "Retail Customer"}]},
    ),
    (
        "POST",
        "orders/8/comments",
        {"statusHistory": {**SAID, "status": "processing"}},
        True,
    ),
    ("GET", "orders/8/comments", None, {"items": [], "total_count": 0}),
    ("GET", "orders/8?fields=status", None, {"status": "processing"}),
    ("GET", find("orders", "entity_id", 8), None, {"total_count": 1}),
    ("POST", "order/8/ship", {"items": ONE_OF_8, "tracks": [TRACK]}, 101),
    (
        "POST",
        "shipment",
        {"entity": {"entity_id": 33, "order_id": 8, "comments": [SAID]}},
        {"entity_id": 33, "order_id": 8},
    ),
    (
        "POST",
        "shipment/track",
        {"entity": {**TRACK, "order_id": 8, "parent_id": 33}},
        {**TRACK, "entity_id": 101, "parent_id": 33, "order_id": 8},
    ),
    ("GET", "shipment/33", None, {"entity_id": 33, "order_id": 8, "total_qty": 1}),
    ("GET", find("shipments", "order_id", 8), None, {"total_count": 1}),
    ("POST", "inventory/source-items", {"sourceItems": [LEVEL]}, []),
    (
        "GET",
        find("inventory/source-items", "sku", "STANDIN-LAMP"),
        None,
        {"total_count": 2},
    ),
    ("GET", "store/storeConfigs?fields=code", None, [
        {"code": "default"}, {"code": "second"}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    ANSWERS,
    ids=[f"{method} {path.partition('?')[0]}" for method, path, *_ in ANSWERS],
)
def test_it_answers_as_commerce_does(commerce, method, path, body, wanted):
    said = commerce.ask(method, path, body)

    assert said.status == 200, said
    if isinstance(wanted, dict):
        said = {name: said.document.get(name) for name in wanted}
        assert said == wanted
    else:
        assert said.document == wanted
