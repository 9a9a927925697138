"""Products: what each event asks of Commerce, and what a repeat does."""

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from tests.commerce.canned import SAAS, response
from tests.handlers.shops import InTurn, calls, handle, refused, sample, shop_of

TOKEN = {"access_token": "t", "expires_in": 86400}
LOST = requests.ReadTimeout()
DESCRIPTION = {
    "attribute_code": "description",
    "value": "Aluminium, with a dimmer.",
}


def test_a_product_is_created_with_the_attribute_set():
    commerce, asked = shop_of({"POST products": {"sku": "LAMP-1"}})

    said = handle("catalog_product_create", sample("catalog_product_create"), commerce)

    assert said == "Product created successfully"
    assert calls(asked) == [
        (
            "POST",
            "products",
            {
                "product": {
                    "sku": "LAMP-1",
                    "name": "Desk lamp",
                    "price": 49.9,
                    "attribute_set_id": 4,
                    "custom_attributes": [DESCRIPTION],
                }
            },
        )
    ]


def test_a_product_without_a_price_is_sent_without_one():
    commerce, asked = shop_of({"POST products": {}})
    value = sample("catalog_product_create")
    del value["price"]

    handle("catalog_product_create", value, commerce)

    assert "price" not in asked[0].body["product"]


def test_attribute_set_and_tax_class_are_settings():
    commerce, asked = shop_of(
        {"POST products": {}},
        COMMERCE_ATTRIBUTE_SET_ID="9",
        COMMERCE_PRODUCT_TAX_CLASS_ID="0",
    )

    handle("catalog_product_create", sample("catalog_product_create"), commerce)

    product = asked[0].body["product"]
    assert product["attribute_set_id"] == 9
    assert product["custom_attributes"] == [
        DESCRIPTION,
        {"attribute_code": "tax_class_id", "value": "0"},
    ]


@pytest.mark.parametrize("base", [SAAS, None], ids=["ims", "oauth1"])
def test_an_update_sends_no_attribute_set(base):
    answers = {"PUT products/LAMP-1": {"sku": "LAMP-1"}, "POST ": TOKEN}
    commerce, asked = shop_of(answers, *([base] if base else []))

    said = handle("catalog_product_update", sample("catalog_product_update"), commerce)

    assert said == "Product updated successfully"
    assert calls(asked)[-1] == (
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


ODD = ["two words", "a+b", "a/b", "100%", "#1", "what?", "é", "日本"]


@pytest.mark.parametrize("sku", ODD)
def test_under_oauth1_an_odd_sku_is_updated_by_post(sku):
    """The search keeps POST from creating what is not there."""
    commerce, asked = shop_of(
        {"GET products": {"items": [{"sku": sku}]}, "POST products": {}}
    )

    handle(
        "catalog_product_update", sample("catalog_product_update", sku=sku), commerce
    )

    search, post = calls(asked)
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


@pytest.mark.parametrize("found", [{"items": []}, {"items": None}, {}])
def test_an_odd_sku_that_is_not_there_is_refused_and_not_created(found):
    commerce, asked = shop_of({"GET products": found})

    with pytest.raises(Rejected) as raised:
        handle(
            "catalog_product_update",
            sample("catalog_product_update", sku="a b"),
            commerce,
        )

    assert (raised.value.status, raised.value.message) == (
        404,
        "There is no product with this SKU",
    )
    assert len(asked) == 1


def test_under_ims_an_odd_sku_stays_in_the_path():
    commerce, asked = shop_of({"PUT products/two%20words": {}, "POST ": TOKEN}, SAAS)

    value = sample("catalog_product_update", sku="two words")
    handle("catalog_product_update", value, commerce)

    assert calls(asked)[-1][:2] == ("PUT", "products/two%20words")


@pytest.mark.parametrize("sku", ["a/b", "a\\b"])
def test_a_slash_goes_by_post_whoever_signed(sku):
    answers = {
        "POST ": TOKEN,
        "GET products": {"items": [{"sku": sku}]},
        "POST products": {},
    }
    commerce, asked = shop_of(answers, SAAS)

    handle(
        "catalog_product_update", sample("catalog_product_update", sku=sku), commerce
    )

    assert [call[:2] for call in calls(asked)[1:]] == [
        ("GET", "products"),
        ("POST", "products"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(True, id="there"),
        pytest.param(
            refused(404, "The product doesn't exist. Verify and try again."), id="gone"
        ),
    ],
)
def test_a_product_is_deleted_or_gone_already(said):
    commerce, asked = shop_of({"DELETE products/LAMP-1": said})

    done = handle("catalog_product_delete", sample("catalog_product_delete"), commerce)

    assert done == "Product deleted successfully"
    assert calls(asked) == [("DELETE", "products/LAMP-1", None)]


def test_a_delete_at_a_wrong_address_is_not_done():
    gone = response(404, b"<html>Not Found</html>")
    commerce, _ = shop_of({"DELETE products/LAMP-1": gone})

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
def test_after_a_lost_answer_the_same_is_sent_again(event, call):
    commerce, asked = shop_of({call: InTurn(LOST, {"sku": "LAMP-1"})})
    with pytest.raises(Unavailable) as raised:
        handle(event, sample(event), commerce)
    assert raised.value.effect_unknown

    handle(event, sample(event), commerce)

    first, second = calls(asked)
    assert first == second


def test_after_a_lost_answer_a_delete_finds_nothing_and_is_done():
    gone = refused(404, "The product doesn't exist.")
    commerce, _ = shop_of({"DELETE products/LAMP-1": InTurn(LOST, gone)})
    with pytest.raises(Unavailable):
        handle("catalog_product_delete", sample("catalog_product_delete"), commerce)

    said = handle("catalog_product_delete", sample("catalog_product_delete"), commerce)

    assert said == "Product deleted successfully"
