"""Products: the calls of each event, and of a redelivery."""

import pytest
import requests

from functions.errors import Unavailable
from tests.support.commerce_adapter import SAAS, TOKEN_DOCUMENT, reply
from tests.support.handler_kit import (
    FakeCommerce,
    handle,
    in_turn,
    rejection,
    sample,
)

LOST_RESPONSE = requests.ReadTimeout()
PRODUCT_MISSING = "The product that was requested doesn't exist."
DESCRIPTION = {
    "attribute_code": "description",
    "value": "Aluminium, with a dimmer.",
}


def test_a_product_is_created_with_the_attribute_set():
    commerce = FakeCommerce({"POST products": {"sku": "LAMP-1"}})

    message = handle(
        "catalog_product_create", sample("catalog_product_create"), commerce
    )

    assert message == "Product created successfully"
    assert commerce.calls == [
        (
            "POST",
            "products",
            {
                "product": {
                    "sku": "LAMP-1",
                    "name": "Desk lamp",
                    "price": 49.9,
                    "attribute_set_id": 4,
                    "type_id": "simple",
                    "custom_attributes": [DESCRIPTION],
                }
            },
        )
    ]


def test_a_product_without_a_price_is_sent_without_one():
    commerce = FakeCommerce({"POST products": {}})
    value = sample("catalog_product_create")
    del value["price"]

    handle("catalog_product_create", value, commerce)

    assert "price" not in commerce.requests[0].body["product"]


def test_attribute_set_and_tax_class_are_settings():
    commerce = FakeCommerce(
        {"POST products": {}},
        COMMERCE_ATTRIBUTE_SET_ID="9",
        COMMERCE_PRODUCT_TAX_CLASS_ID="0",
    )

    handle("catalog_product_create", sample("catalog_product_create"), commerce)

    product = commerce.requests[0].body["product"]
    assert product["attribute_set_id"] == 9
    assert product["custom_attributes"] == [
        DESCRIPTION,
        {"attribute_code": "tax_class_id", "value": "0"},
    ]


@pytest.mark.parametrize("base", [SAAS, None], ids=["ims", "oauth1"])
def test_an_update_sends_no_attribute_set(base):
    responses = {"PUT products/LAMP-1": {"sku": "LAMP-1"}, "POST ": TOKEN_DOCUMENT}
    commerce = FakeCommerce(responses, *([base] if base else []))

    message = handle(
        "catalog_product_update", sample("catalog_product_update"), commerce
    )

    assert message == "Product updated successfully"
    assert commerce.calls[-1] == (
        "PUT",
        "products/LAMP-1",
        {
            "product": {
                "sku": "LAMP-1",
                "name": "Desk lamp, black",
                "price": 44.5,
                "custom_attributes": [
                    {
                        "attribute_code": "description",
                        "value": "Aluminium, with a dimmer, in black.",
                    }
                ],
            }
        },
    )


ENCODED_SKUS = ["two words", "a+b", "a/b", "100%", "#1", "what?", "é", "日本"]


@pytest.mark.parametrize("sku", ENCODED_SKUS)
def test_oauth1_updates_an_encoded_sku_by_post(sku):
    """The search keeps POST from creating an unknown product."""
    commerce = FakeCommerce(
        {"GET products": {"items": [{"sku": sku}]}, "POST products": {}}
    )

    handle(
        "catalog_product_update", sample("catalog_product_update", sku=sku), commerce
    )

    search, post = commerce.calls
    assert search == (
        "GET",
        "products",
        {
            "searchCriteria[filterGroups][0][filters][0][field]": "sku",
            "searchCriteria[filterGroups][0][filters][0][value]": sku,
            "searchCriteria[filterGroups][0][filters][0][conditionType]": "eq",
            "searchCriteria[pageSize]": "1",
            "fields": "items[sku]",
        },
    )
    assert post[:2] == ("POST", "products")
    assert post[2]["product"]["sku"] == sku
    assert "attribute_set_id" not in post[2]["product"]


def test_an_update_of_an_unknown_encoded_sku_creates_it(subtests):
    """As PUT creates one whose SKU can be part of the path."""
    for document in [{"items": []}, {"items": None}, {}, []]:
        with subtests.test(document=document):
            commerce = FakeCommerce({"GET products": document, "POST products": {}})

            value = sample("catalog_product_update", sku="a b")
            handle("catalog_product_update", value, commerce)

            product = commerce.requests[1].body["product"]
            assert (product["sku"], product["attribute_set_id"]) == ("a b", 4)


def test_the_websites_of_new_products_are_a_setting():
    commerce = FakeCommerce({"POST products": {}}, COMMERCE_PRODUCT_WEBSITE_IDS="1, 3")

    handle("catalog_product_create", sample("catalog_product_create"), commerce)

    product = commerce.requests[0].body["product"]
    assert product["extension_attributes"] == {"website_ids": [1, 3]}


def test_ims_sends_an_encoded_sku_in_the_path():
    commerce = FakeCommerce(
        {"PUT products/two%20words": {}, "POST ": TOKEN_DOCUMENT}, SAAS
    )

    value = sample("catalog_product_update", sku="two words")
    handle("catalog_product_update", value, commerce)

    assert commerce.calls[-1][:2] == ("PUT", "products/two%20words")


@pytest.mark.parametrize("sku", ["a/b", "a\\b"])
def test_a_sku_with_a_slash_is_always_updated_by_post(sku):
    responses = {
        "POST ": TOKEN_DOCUMENT,
        "GET products": {"items": [{"sku": sku}]},
        "POST products": {},
    }
    commerce = FakeCommerce(responses, SAAS)

    handle(
        "catalog_product_update", sample("catalog_product_update", sku=sku), commerce
    )

    assert [call[:2] for call in commerce.calls[1:]] == [
        ("GET", "products"),
        ("POST", "products"),
    ]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(True, id="there"),
        pytest.param(
            rejection(404, PRODUCT_MISSING),
            id="absent",
        ),
    ],
)
def test_a_product_is_deleted_or_already_absent(response):
    commerce = FakeCommerce({"DELETE products/LAMP-1": response})

    message = handle(
        "catalog_product_delete", sample("catalog_product_delete"), commerce
    )

    assert message == "Product deleted successfully"
    assert commerce.calls == [("DELETE", "products/LAMP-1", None)]


def test_a_delete_at_a_wrong_address_is_an_alarm():
    missing = reply(404, b"<html>Not Found</html>")
    commerce = FakeCommerce({"DELETE products/LAMP-1": missing})

    with pytest.raises(Unavailable) as raised:
        handle("catalog_product_delete", sample("catalog_product_delete"), commerce)
    assert raised.value.alarm


@pytest.mark.parametrize(
    ("event", "call"),
    [
        ("catalog_product_create", "POST products"),
        ("catalog_product_update", "PUT products/LAMP-1"),
    ],
)
def test_after_a_lost_response_the_same_call_is_repeated(event, call):
    commerce = FakeCommerce({call: in_turn(LOST_RESPONSE, {"sku": "LAMP-1"})})
    with pytest.raises(Unavailable) as raised:
        handle(event, sample(event), commerce)
    assert raised.value.outcome_unknown

    handle(event, sample(event), commerce)

    first, second = commerce.calls
    assert first == second


def test_a_delete_after_a_lost_response_is_success():
    missing = rejection(404, PRODUCT_MISSING)
    commerce = FakeCommerce({"DELETE products/LAMP-1": in_turn(LOST_RESPONSE, missing)})
    with pytest.raises(Unavailable):
        handle("catalog_product_delete", sample("catalog_product_delete"), commerce)

    message = handle(
        "catalog_product_delete", sample("catalog_product_delete"), commerce
    )

    assert message == "Product deleted successfully"
