"""Wrong ways to write a product."""

from functions.handlers import product
from tests.handlers.shops import handle, sample
from tests.local.commerce.wrong.case import Case
from tests.local.commerce.wrong.paths import update

LAMP = "STANDIN-LAMP"
VALUE = sample("catalog_product_update", sku=LAMP)


def put(body, sku=LAMP):
    return lambda commerce: commerce.shop().put(
        "products/{sku}", {"product": body}, sku=sku
    )


def create(commerce):
    handle("catalog_product_create", VALUE, commerce.shop())


def in_set_9(commerce):
    body = {**product.transform(VALUE), "sku": "SET-9", "attribute_set_id": 9}
    commerce.shop().post("products", {"product": body})


def sends_a_set(commerce):
    shop = commerce.shop()
    body = product.new({**VALUE, "sku": "SET-9"}, shop.settings)
    shop.put("products/{sku}", {"product": body}, sku="SET-9")


def removes_before_it_creates(commerce):
    commerce.shop().delete("products/{sku}", sku=LAMP)
    create(commerce)


def without_price(commerce):
    body = {"product": {"sku": "NEW", "name": "n"}}
    commerce.shop().post("products", body)


def with_price(commerce):
    handle("catalog_product_create", {**VALUE, "sku": "NEW"}, commerce.shop())


def for_a_view(commerce):
    shop = commerce.shop(COMMERCE_STORE_SCOPE="default")
    handle("catalog_product_update", VALUE, shop)


CASES = {
    "body_sku_decides": Case(
        wrong=put({**product.transform(VALUE), "sku": "STANDIN-CHAIR"}),
        noticed=["product.updated STANDIN-CHAIR"],
        right=update(LAMP),
        good=["product.updated STANDIN-LAMP"],
    ),
    "post_is_an_upsert": Case(
        wrong=removes_before_it_creates,
        noticed=["product.deleted STANDIN-LAMP", "product.created STANDIN-LAMP"],
        right=create,
        good=["product.updated STANDIN-LAMP"],
    ),
    "put_creates": Case(
        wrong=put({**product.transform(VALUE), "sku": LAMP[:9]}, LAMP[:9]),
        noticed=["product.created STANDIN-L"],
        right=update(LAMP),
        good=["product.updated STANDIN-LAMP"],
    ),
    "update_moves_to_a_set": Case(
        before=in_set_9,
        wrong=sends_a_set,
        noticed=["product.updated SET-9 moved_to=4"],
        right=update("SET-9"),
        good=["product.updated SET-9"],
        show=("moved_to",),
    ),
    "price_required": Case(
        wrong=without_price,
        noticed=["Rejected 400"],
        right=with_price,
        good=["product.created NEW"],
    ),
    "views_override": Case(
        wrong=for_a_view,
        noticed=["product.updated STANDIN-LAMP scope=default"],
        right=update(LAMP),
        good=["product.updated STANDIN-LAMP scope=all"],
        show=("scope",),
    ),
}
