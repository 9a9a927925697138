"""Products: create, update, delete by SKU."""

from typing import Any

from functions.commerce.documents import read_list
from functions.commerce.routes import needs_encoding, search_query
from functions.commerce.settings import CommerceSettings
from functions.handlers import CommerceClient, DeliveryContext


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The fields that the event carries; without a price, Commerce decides."""
    product = {
        "sku": value["sku"],
        "name": value["name"],
        "custom_attributes": [
            {"attribute_code": "description", "value": value["description"]}
        ],
    }
    if "price" in value:
        product["price"] = value["price"]
    return product


def new_product(value: dict[str, Any], settings: CommerceSettings) -> dict[str, Any]:
    """A product with the fields that only a new one gets."""
    product = {
        **transform(value),
        "attribute_set_id": settings.attribute_set_id,
        # Without it some versions drop the price of the first POST (magento2#8171).
        "type_id": "simple",
    }
    if settings.product_website_ids:
        product["extension_attributes"] = {
            "website_ids": list(settings.product_website_ids)
        }
    if settings.product_tax_class_id is not None:
        product["custom_attributes"].append(
            {
                "attribute_code": "tax_class_id",
                "value": str(settings.product_tax_class_id),
            }
        )
    return product


def create(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Create a product.

    Calls: `POST products`.

    Idempotence: POST products creates or overwrites by SKU.
    """
    commerce.post("products", {"product": new_product(value, commerce.settings)})
    return "Product created successfully"


def update(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Update a product; it stays in its attribute set.

    An unknown SKU is created, as Commerce's PUT does.

    Calls: `PUT products/{sku}`.

    Idempotence: PUT, and POST by SKU, set values and add none.
    """
    sku, product = value["sku"], transform(value)
    if not _avoid_path(sku, commerce.settings):
        commerce.put("products/{sku}", {"product": product}, sku=sku)
    else:
        # POST needs an attribute set for a new product, and must not move an old one.
        query = search_query(("sku", sku, "eq"), page_size=1, fields="items[sku]")
        if not read_list(commerce.get("products", query)):
            product = new_product(value, commerce.settings)
        commerce.post("products", {"product": product})
    return "Product updated successfully"


def delete(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Delete a product.

    Calls: `DELETE products/{sku}`.

    Idempotence: a second call finds nothing to delete, which counts as success.
    """
    commerce.delete("products/{sku}", sku=value["sku"])
    return "Product deleted successfully"


def _avoid_path(sku: str, settings: CommerceSettings) -> bool:
    # Commerce checks OAuth 1.0a over a path that it encoded itself (magento2#37278);
    # web servers reject an encoded slash with any signature (magento2#25467).
    return (
        (settings.auth_method == "oauth1" and needs_encoding(sku))
        or "/" in sku
        or "\\" in sku
    )
