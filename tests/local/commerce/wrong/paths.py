"""Wrong ways to name a thing in a path, and to read what comes back."""

import json

import pytest

from functions.commerce.errors import Rejected
from tests.handlers.shops import handle, sample
from tests.local.commerce.wrong.case import Case

IMS = {"sign_in": "ims"}
SAAS = {"saas": True}


def there(*skus):
    """Products with these SKUs are there before."""

    def before(commerce):
        for sku in skus:
            body = {"product": {"sku": sku, "name": "n", "price": 1}}
            commerce.shop().post("products", body)

    return before


def delete(sku, way=None):
    return lambda commerce: handle(
        "catalog_product_delete", {"sku": sku}, commerce.shop(way)
    )


def unescaped(sku):
    return lambda commerce: commerce.shop().delete(f"products/{sku}")


def update(sku, way=None):
    value = sample("catalog_product_update", sku=sku)
    return lambda commerce: handle("catalog_product_update", value, commerce.shop(way))


def put(sku, way=None):
    body = {"product": {"sku": sku, "name": "n"}}
    return lambda commerce: commerce.shop(way).put("products/{sku}", body, sku=sku)


def create(way=None, **settings):
    value = sample("catalog_product_create")
    return lambda commerce: handle(
        "catalog_product_create", value, commerce.shop(way, **settings)
    )


def elsewhere(commerce):
    create(COMMERCE_BASE_URL=f"{commerce.address}/shop/rest/")(commerce)


def raw_message(commerce):
    return [json.loads(commerce.shop().ask("customers/999").content)["message"]]


def rendered_message(commerce):
    value = sample("customer_update", id=999)
    with pytest.raises(Rejected) as raised:
        handle("customer_update", value, commerce.shop())
    return [raised.value.message]


CASES = {
    "slash_divides_a_path": Case(
        before=there("A/B"),
        wrong=unescaped("A/B"),
        noticed=["Unavailable 503"],
        right=delete("A/B"),
        good=["product.deleted A/B"],
    ),
    "dots_walk_up": Case(
        wrong=unescaped("../customers/3"),
        noticed=["customer.deleted 3"],
        right=delete("../customers/3"),
        good=[],
    ),
    "plus_is_a_blank": Case(
        before=there("A+B", "A B"),
        wrong=unescaped("A+B"),
        noticed=["product.deleted A B"],
        right=delete("A+B"),
        good=["product.deleted A+B"],
    ),
    "question_mark_ends_a_path": Case(
        before=there("A", "A?B#C"),
        wrong=unescaped("A?B#C"),
        noticed=["product.deleted A"],
        right=delete("A?B#C"),
        good=["product.deleted A?B#C"],
    ),
    "refuses_encoded_signed_paths": Case(
        rules={"refuses_encoded_signed_paths": True},
        before=there("a b"),
        wrong=put("a b"),
        noticed=["Rejected 401"],
        right=update("a b"),
        good=["product.updated a b"],
    ),
    "refuses_encoded_slashes": Case(
        rules={"refuses_encoded_slashes": True},
        before=there("A/B"),
        wrong=put("A/B", IMS),
        noticed=["Rejected 404"],
        right=update("A/B", IMS),
        good=["product.updated A/B"],
    ),
    "unknown_route": Case(
        wrong=lambda commerce: commerce.shop().post("product", {}),
        noticed=["Unavailable 503"],
        right=create(),
        good=["product.created LAMP-1"],
    ),
    "base_url": Case(
        wrong=elsewhere,
        noticed=["Unavailable 503"],
        right=create(),
        good=["product.created LAMP-1"],
    ),
    "store_header": Case(
        wrong=create(SAAS, COMMERCE_FLAVOUR="paas"),
        noticed=["Unavailable 503"],
        right=create(SAAS),
        good=["product.created LAMP-1 scope=all"],
        show=("scope",),
    ),
    "ids_are_integers": Case(
        wrong=lambda commerce: commerce.shop().delete("customers/{id}", id=1.5),
        noticed=["Rejected 400"],
        right=lambda commerce: handle("customer_delete", {"id": 3}, commerce.shop()),
        good=["customer.deleted 3"],
    ),
    "errors_are_templates": Case(
        wrong=raw_message,
        noticed=["No such entity with %fieldName = %fieldValue"],
        right=rendered_message,
        good=[
            "Commerce answered 404 to GET customers/{id}:"
            " No such entity with customerId = 999"
        ],
    ),
}
