"""Products by SKU."""

from typing import Any

from local.commerce import observed, search, store_views
from local.commerce.call import (
    Call,
    attribute_rows,
    custom_attributes,
    decimal,
    integer,
)
from local.commerce.errors import CommerceError

KIND = "product"
PER_VIEW = ("name", "status", "visibility")  # the other attributes are global
DEFAULT_ATTRIBUTE_SET = 4
MAX_SKU_CHARACTERS = 64
READERS = {
    "name": str,
    "price": decimal,
    "status": integer,
    "visibility": integer,
    "weight": decimal,
}


def post(call: Call) -> dict:
    """POST products: creates, or updates the product with this SKU."""
    fields = call.body_object("product")
    drops_price = call.switches.drops_price_without_type and not fields.get("type_id")
    return _save(call, fields, _sku(fields.get("sku")), price_on_create=not drops_price)


def put(call: Call) -> dict:
    """PUT products/{sku}: the SKU in the body decides, whatever the path says."""
    fields = call.body_object("product")
    return _save(call, fields, _sku(fields.get("sku", call.values["sku"])))


def delete(call: Call) -> bool:
    """DELETE products/{sku}."""
    product_id, record = _existing(call)
    call.entities.delete(KIND, product_id)
    call.observed.append(observed.product_deleted(product_id, record))
    call.record_effect("product.deleted", record["sku"])
    return True


def get(call: Call) -> dict:
    """GET products/{sku}."""
    return _document(*_existing(call), call.scope)


def search_products(call: Call) -> dict:
    """GET products."""
    criteria = search.criteria_of(call)
    sku = criteria.required_value("sku")
    rows = call.entities.all(KIND) if sku is None else call.entities.find(KIND, sku)
    return search.page_of((_document(*row, call.scope) for row in rows), criteria)


def _save(call: Call, fields: dict, sku: str, *, price_on_create: bool = True) -> dict:
    rows = call.entities.find(KIND, sku)
    if rows:
        product_id, record = rows[0]
        record["sku"] = sku  # as posted: another spelling replaces the stored one
        previous_set = record["attribute_set_id"]
        _apply(call, record, fields, is_new=False)
        details: dict[str, Any] = {"scope": call.scope}
        if record["attribute_set_id"] != previous_set:
            details["moved_from"] = previous_set
            details["moved_to"] = record["attribute_set_id"]
        call.record_effect("product.updated", sku, **details)
    else:
        _check_new(call, fields)
        product_id = call.entities.next_id(KIND)
        record = {
            "sku": sku,
            "type_id": str(fields.get("type_id") or "simple"),
            "attribute_set_id": DEFAULT_ATTRIBUTE_SET,
            "created_at": call.time,
            "website_ids": _website_ids(call, fields),
            "attributes": {"status": 1, "visibility": 4},
            "views": {},
        }
        _apply(call, record, fields, is_new=True)
        if not price_on_create:
            record["attributes"].pop("price", None)
        call.record_effect("product.created", sku, scope=call.scope)
    record["updated_at"] = call.time
    call.entities.put(KIND, product_id, record, key=sku)
    call.observed.append(observed.product_saved(product_id, record, not rows))
    return _document(product_id, record, call.scope)


def _website_ids(call: Call, fields: dict) -> list[int]:
    """The websites of a new product: those sent, or those of the scope."""
    attributes = fields.get("extension_attributes")
    sent = attributes.get("website_ids") if isinstance(attributes, dict) else None
    if isinstance(sent, list):
        return [integer(website_id) for website_id in sent]
    views = store_views.VIEWS
    return [views[call.scope]] if call.scope in views else list(views.values())


def _check_new(call: Call, fields: dict) -> None:
    if fields.get("name") in (None, ""):
        raise _empty("Product Name")
    is_simple = fields.get("type_id", "simple") == "simple"
    if call.switches.price_required and is_simple and fields.get("price") is None:
        raise _empty("Price")


def _apply(call: Call, record: dict, fields: dict, *, is_new: bool) -> None:
    """Write *fields* where the scope says.

    ``all`` writes the values of every view; a call through a view's code overrides
    them for that view, except for a new product and for global attributes.
    """
    if fields.get("attribute_set_id") is not None:
        record["attribute_set_id"] = integer(fields["attribute_set_id"])
    values = {
        name: read(fields[name])
        for name, read in READERS.items()
        if fields.get(name) is not None
    }
    if values.get("name") == "":
        raise _empty("Product Name")
    if values.get("price", 0) < 0:
        raise CommerceError(
            400,
            'The value "%1" of attribute "%2" must not be negative.',
            [values["price"], "price"],
        )
    shared = record["attributes"]
    view = shared
    if call.scope != "all" and not is_new:
        view = record["views"].setdefault(call.scope, {})
    for name, value in values.items():
        (view if name in PER_VIEW else shared)[name] = value
    if attributes := custom_attributes(fields.get("custom_attributes")):
        view.setdefault("custom", {}).update(attributes)


def _document(product_id: int, record: dict, scope: str) -> dict:
    shared, view = record["attributes"], record["views"].get(scope, {})
    values = {**shared, **view}
    values.pop("custom", None)
    return {
        "id": product_id,
        "sku": record["sku"],
        "attribute_set_id": record["attribute_set_id"],
        "type_id": record["type_id"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
        **values,
        "extension_attributes": {"website_ids": record["website_ids"]},
        "product_links": [],
        "options": [],
        "media_gallery_entries": [],
        "tier_prices": [],
        "custom_attributes": attribute_rows(
            {**shared.get("custom", {}), **view.get("custom", {})}
        ),
    }


def _existing(call: Call) -> tuple[int, dict]:
    rows = call.entities.find(KIND, call.values["sku"])
    if not rows:
        raise CommerceError(
            404,
            "The product that was requested doesn't exist."
            " Verify the product and try again.",
        )
    return rows[0]


def _sku(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _empty("SKU")
    if len(value) > MAX_SKU_CHARACTERS:
        raise CommerceError(
            400, "SKU length should be %1 characters maximum.", [MAX_SKU_CHARACTERS]
        )
    return value


def _empty(label: str) -> CommerceError:
    return CommerceError(
        400,
        'The "%1" attribute value is empty. Set the attribute and try again.',
        [label],
    )
