"""What the stand-in reproduces of Commerce although it surprises, and its switches."""

import pytest

from local.commerce import Switches
from tests.support.stand_in_cases import (
    STOCK,
    comment,
    customer,
    group,
    product,
    stock,
)

ATTRIBUTE = {"attribute_code": "loyalty_level", "value": "gold"}


def skus(commerce) -> list[str]:
    return [product["sku"] for product in commerce.state()["products"]]


@pytest.mark.parametrize("sku", ["lamp-1", "LAMP-1", "Lamp-1  "])
def test_skus_compare_without_case_and_end_blanks(commerce, sku):
    commerce.call("POST", "products", product(sku="Lamp-1"))
    commerce.call("POST", "products", product(sku=sku))

    assert (skus(commerce)[0], len(skus(commerce))) == (sku, 5)


@pytest.mark.parametrize("other", ["ss", " ß"])
def test_other_skus_are_other_products(commerce, other):
    commerce.call("POST", "products", product(sku="ß"))
    commerce.call("POST", "products", product(sku=other))

    assert skus(commerce)[:2] == [other, "ß"]


def test_stock_compares_skus_as_products_do(commerce):
    for sku, quantity in (("Lamp-1", 4), ("LAMP-1", 7)):
        commerce.call(
            "POST", "inventory/source-items", stock(sku=sku, quantity=quantity)
        )

    assert commerce.state()["stock"][0] == {**STOCK, "sku": "Lamp-1", "quantity": 7}
    assert commerce.state()["counts"]["stock"] == 9


def test_an_unknown_source_rolls_the_array_back(commerce):
    before = commerce.state()["stock"]
    rows = [STOCK, {**STOCK, "source_code": "third"}, STOCK]
    response = commerce.call("POST", "inventory/source-items", {"sourceItems": rows})

    assert response == (400, {"message": "Could not save Source Item"})
    assert (commerce.state()["stock"], commerce.effects()) == (before, [])


@pytest.mark.parametrize(
    ("code", "stored"),
    [("x" * 33, "x" * 32), ("ö" * 31, "ö" * 16), ("x" + "ö" * 31, "x" + "ö" * 15)],
)
def test_group_codes_are_cut_at_32_bytes(commerce, code, stored):
    body = group(code=code, tax_class_id=3)

    assert commerce.call("POST", "customerGroups", body).document["code"] == stored
    assert commerce.state()["customer_groups"][0]["code"] == stored


def test_fields_that_leave_nothing_answer_a_list(commerce):
    path = "products/STANDIN-LAMP?fields=unknown"

    assert commerce.call("GET", path) == (200, [])


@pytest.mark.parametrize(("fields", "price"), [({}, None), ({"type_id": "simple"}, 1)])
def test_a_post_without_type_loses_the_price(commerce, fields, price):
    created = commerce.call("POST", "products", product(**fields)).document
    assert created.get("price") == price

    updated = commerce.call("POST", "products", product()).document
    assert updated["price"] == 1


@pytest.mark.parametrize(
    ("scope", "sent", "website_ids"),
    [
        ("all", {}, [1, 2]),
        ("second", {}, [2]),
        ("all", {"extension_attributes": {"website_ids": [1]}}, [1]),
    ],
)
def test_websites_of_a_new_product(commerce, scope, sent, website_ids):
    created = commerce.call("POST", "products", product(**sent), scope=scope).document

    assert created["extension_attributes"]["website_ids"] == website_ids


@pytest.mark.parametrize(
    ("sent", "left"), [({}, None), ({"custom_attributes": [ATTRIBUTE]}, [ATTRIBUTE])]
)
def test_a_customer_put_resets_custom_attributes(commerce, sent, left):
    changed = commerce.call("PUT", "customers/4", customer(**sent)).document

    assert changed.get("custom_attributes") == left


def test_a_customer_put_resets_what_it_does_not_name(commerce):
    commerce.call("PUT", "customers/4", customer())

    assert commerce.effects()[-1]["details"]["reset"] == [
        "group_id",
        "default_billing",
        "default_shipping",
        "custom_attributes",
    ]


SOURCE_ITEMS = "POST inventory/source-items"
LARGE_PAGE = "GET orders?searchCriteria%5BpageSize%5D=301"
# Switch, its other setting, a call, and its status before and after the switch.
STATUSES = [
    ("comment_status", "current", "POST orders/8/comments", comment(status="packed"),
     200, 400),
    ("input_limits", False, SOURCE_ITEMS, {"sourceItems": [STOCK] * 21}, 400, 200),
    ("input_limits", False, LARGE_PAGE, None, 400, 200),
    ("max_items", 5, SOURCE_ITEMS, {"sourceItems": [STOCK] * 6}, 200, 400),
    ("price_required", False, "POST products", product(price=None), 400, 200),
    ("refuses_encoded_signed_paths", False, "DELETE products/A%20B", None, 401, 404),
    ("refuses_encoded_slashes", True, "DELETE products/A%2FB", None, 401, 404),
    ("website_required", True, "PUT customers/4", customer(), 200, 400),
]  # fmt: skip
# Switch, its other setting, a call, where to look after it, and what is there before
# and after the switch.
DOCUMENTS = [
    ("comment_without_status", "keeps", "POST orders/8/comments", comment(status=None),
     "orders/8?fields=status", [], {"status": "processing"}),
    ("drops_price_without_type", False, "POST products", product(),
     "products/LAMP-1?fields=price", [], {"price": 1}),
    ("partial_customer_resets", False, "PUT customers/4", customer(),
     "customers/4?fields=group_id", {"group_id": 1}, {"group_id": 2}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("switch", "setting", "call", "body", "before", "after"), STATUSES
)
def test_a_switch_changes_a_status(
    commerce, switch, setting, call, body, before, after
):
    first = commerce.call(*call.split(" "), body)
    commerce.reset()
    commerce.switch(**{switch: setting})
    second = commerce.call(*call.split(" "), body)

    assert (first.status, second.status) == (before, after)


@pytest.mark.parametrize(
    ("switch", "setting", "call", "body", "path", "before", "after"), DOCUMENTS
)
def test_a_switch_changes_an_effect(
    commerce, switch, setting, call, body, path, before, after
):
    documents = []
    for value in (getattr(Switches(), switch), setting):
        commerce.reset()
        commerce.switch(**{switch: value})
        assert commerce.call(*call.split(" "), body).status == 200
        documents.append(commerce.call("GET", path).document)

    assert documents == [before, after]


def test_every_switch_is_tested():
    tested = {row[0] for row in (*STATUSES, *DOCUMENTS)}
    # Those of deliveries are tested with them: test_io_events.py.
    rest = {n for n in Switches.__dataclass_fields__ if not n.startswith("event_")}

    assert tested == rest
