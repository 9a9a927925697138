"""Products: created, changed and removed by SKU."""

from functions.commerce.documents import records
from functions.commerce.errors import Rejected
from functions.commerce.routes import needs_encoding, search
from functions.commerce.settings import CommerceSettings
from functions.handlers import CommerceClient, DeliveryContext


def transform(value: dict) -> dict:
    """What the event says of a product; without a price, Commerce decides."""
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


def new(value: dict, settings: CommerceSettings) -> dict:
    """A product with what only a new one is given."""
    product = {**transform(value), "attribute_set_id": settings.attribute_set_id}
    if settings.product_tax_class_id is not None:
        product["custom_attributes"].append(
            {
                "attribute_code": "tax_class_id",
                "value": str(settings.product_tax_class_id),
            }
        )
    return product


def create(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Create a product.

    A repeat writes the same again: POST products creates or overwrites by SKU.
    """
    commerce.post("products", {"product": new(value, commerce.settings)})
    return "Product created successfully"


def update(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Change a product; it stays in its attribute set.

    A repeat writes the same again: PUT, and POST by SKU, set values and add none.

    Raises:
        Rejected: there is no such product.
    """
    sku, product = value["sku"], transform(value)
    if not _path_is_trouble(sku, commerce.settings):
        commerce.put("products/{sku}", {"product": product}, sku=sku)
    else:
        # POST would create what is not there, in no attribute set at all.
        query = search(("sku", sku, "eq"), page_size=1, only="items[sku]")
        if not records(commerce.get("products", query)):
            raise Rejected(404, "There is no product with this SKU")
        commerce.post("products", {"product": product})
    return "Product updated successfully"


def delete(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Remove a product.

    A repeat finds nothing to remove, which is as good.
    """
    commerce.delete("products/{sku}", sku=value["sku"])
    return "Product deleted successfully"


def _path_is_trouble(sku: str, settings: CommerceSettings) -> bool:
    # Commerce checks OAuth 1.0a over a path that it encoded anew (magento2#37278);
    # web servers refuse an encoded slash, whoever signed (magento2#25467).
    return (
        (settings.sign_in == "oauth1" and needs_encoding(sku))
        or "/" in sku
        or "\\" in sku
    )
