"""What the stand-in reproduces of Commerce although it surprises."""

import pytest

from tests.local.commerce.refusals import LEVEL, PERSON, product

LAMP = "products/STANDIN-LAMP"
ATTRIBUTE = {"attribute_code": "loyalty_level", "value": "silver"}


def skus(commerce) -> list[str]:
    return [one["sku"] for one in commerce.state()["products"]]


@pytest.mark.parametrize("sku", ["lamp-1", "LAMP-1", "Lamp-1  "])
def test_skus_compare_without_case_and_end_blanks(commerce, sku):
    commerce.ask("POST", "products", product(sku="Lamp-1"))
    commerce.ask("POST", "products", product(sku=sku, name="Other"))

    assert (skus(commerce)[0], len(skus(commerce))) == (sku, 5)


def test_sharp_s_is_not_ss(commerce):
    commerce.ask("POST", "products", product(sku="ß"))
    commerce.ask("POST", "products", product(sku="ss"))

    assert skus(commerce)[:2] == ["ss", "ß"]


def test_stock_compares_skus_as_products_do(commerce):
    for sku, quantity in (("Lamp-1", 4), ("LAMP-1", 7)):
        row = {**LEVEL, "sku": sku, "quantity": quantity}
        commerce.ask("POST", "inventory/source-items", {"sourceItems": [row]})

    assert commerce.state()["stock"][0] == {**LEVEL, "sku": "Lamp-1", "quantity": 7}
    assert commerce.state()["counts"]["stock"] == 9


def test_an_unknown_source_rolls_the_array_back(commerce):
    before = commerce.state()["stock"]
    rows = [LEVEL, {**LEVEL, "source_code": "third"}]
    response = commerce.ask("POST", "inventory/source-items", {"sourceItems": rows})

    assert response == (400, {"message": "Could not save Source Item"})
    assert (commerce.state()["stock"], commerce.effects()) == (before, [])


@pytest.mark.parametrize(
    ("code", "stored"),
    [("x" * 33, "x" * 32), ("ö" * 31, "ö" * 16), ("x" + "ö" * 31, "x" + "ö" * 15)],
)
def test_group_codes_are_cut_at_32_bytes(commerce, code, stored):
    group = {"group": {"code": code, "tax_class_id": 3}}

    assert commerce.ask("POST", "customerGroups", group).document["code"] == stored


def test_fields_that_leave_nothing_answer_a_list(commerce):
    assert commerce.ask("GET", f"{LAMP}?fields=no_such_field") == (200, [])


@pytest.mark.parametrize(
    ("type_id", "price"),
    [({}, None), ({"type_id": "simple"}, 1)],
    ids=["without", "with"],
)
def test_a_post_without_type_loses_the_price(commerce, type_id, price):
    body = product(**type_id)
    assert commerce.ask("POST", "products", body).document.get("price") == price

    # Once it exists, the next one keeps it.
    assert commerce.ask("POST", "products", product()).document["price"] == 1


@pytest.mark.parametrize(
    ("sent", "left"),
    [({}, None), ({"custom_attributes": [ATTRIBUTE]}, [ATTRIBUTE])],
    ids=["not sent", "sent"],
)
def test_a_customer_put_resets_custom_attributes(commerce, sent, left):
    assert commerce.ask("GET", "customers/4").document["custom_attributes"]

    body = {"customer": {**PERSON, **sent}}
    changed = commerce.ask("PUT", "customers/4", body).document

    assert changed.get("custom_attributes") == left
