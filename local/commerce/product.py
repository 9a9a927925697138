"""Products by SKU (notes, operations)."""

from typing import Any

from local.commerce import search
from local.commerce.call import Call, custom_attributes, decimal, integer
from local.commerce.errors import Refusal

KIND = "product"
PER_STORE = ("name", "status", "visibility")  # else an attribute is global
DEFAULT_SET = 4


def create_or_update(call: Call) -> dict:
    """POST products: an upsert by SKU (notes, operations; magento2#4952)."""
    product = call.given("product")
    return _saved(call, _sku(product.get("sku")), product, posted=True)


def update_or_create(call: Call) -> dict:
    """PUT products/{sku}: creates where there is none (notes, operations).

    The SKU in the body says which product, whatever the path says (Q3).
    """
    product = call.given("product")
    return _saved(call, _sku(product.get("sku", call.values["sku"])), product)


def delete(call: Call) -> bool:
    """DELETE products/{sku}: 404 where there is none (notes, operations)."""
    number, doc = _there(call)
    call.things.delete(KIND, number)
    call.did("product.deleted", doc["sku"])
    return True


def get(call: Call) -> dict:
    """GET products/{sku}."""
    number, doc = _there(call)
    return _shown(number, doc, call.scope)


def find(call: Call) -> dict:
    """GET products."""
    asked = search.criteria(call)
    sku = asked.wanted("sku")
    found = call.things.all(KIND) if sku is None else call.things.find(KIND, sku)
    shown = (_shown(number, doc, call.scope) for number, doc in found)
    return search.answer(shown, asked)


def _saved(call: Call, sku: str, given: dict, *, posted: bool = False) -> dict:
    found = call.things.find(KIND, sku)
    if found:
        number, doc = found[0]
        before = doc["attribute_set_id"]
        doc["sku"] = sku  # as posted: another spelling takes its place
        _apply(call, doc, given, new=False)
        more: dict[str, Any] = {"scope": call.scope}
        if doc["attribute_set_id"] != before:  # Q11: an update moves it
            more |= {"moved_from": before, "moved_to": doc["attribute_set_id"]}
        call.did("product.updated", doc["sku"], **more)
    else:
        _check_new(call, given)
        number = call.things.next_id(KIND)
        doc = {
            "sku": sku,
            "type_id": "simple",
            "attribute_set_id": DEFAULT_SET,
            "created_at": call.time,
            "attributes": {"status": 1, "visibility": 4},
            "stores": {},
        }
        _apply(call, doc, given, new=True)
        if posted and call.rules.drops_price_without_type and not given.get("type_id"):
            doc["attributes"].pop("price", None)
        call.did("product.created", doc["sku"], scope=call.scope)
    doc["updated_at"] = call.time
    call.things.put(KIND, number, doc, key=doc["sku"])
    return _shown(number, doc, call.scope)


def _check_new(call: Call, given: dict) -> None:
    """A new product needs a name, and a simple one a price (Q11)."""
    if given.get("name") in (None, ""):
        raise _empty("Product Name")
    simple = given.get("type_id", "simple") == "simple"
    if call.rules.price_required and simple and given.get("price") is None:
        raise _empty("Price")


def _apply(call: Call, doc: dict, given: dict, *, new: bool) -> None:
    if given.get("attribute_set_id") is not None:
        doc["attribute_set_id"] = integer(given["attribute_set_id"])
    if given.get("type_id") and new:
        doc["type_id"] = str(given["type_id"])
    values: dict[str, Any] = {}
    for name, read in (
        ("name", str),
        ("price", decimal),
        ("status", integer),
        ("visibility", integer),
        ("weight", decimal),
    ):
        if given.get(name) is not None:
            values[name] = read(given[name])
    if values.get("name") == "":
        raise _empty("Product Name")
    if values.get("price", 0) < 0:
        raise Refusal(
            400,
            'The value "%1" of attribute "%2" must not be negative.',
            [values["price"], "price"],
        )
    texts = custom_attributes(given.get("custom_attributes"))
    _keep(call, doc, values, texts, new=new)


def _keep(call: Call, doc: dict, values: dict, texts: dict, *, new: bool) -> None:
    """Write values where the scope says (Q12).

    ``all`` writes the values of every store; a store view's call overrides them for
    that view alone, except for a new product and for what is global anyway.
    """
    shared = doc["attributes"]
    own = shared
    if call.scope != "all" and not new:
        own = doc["stores"].setdefault(call.scope, {})
    for name, value in values.items():
        (own if name in PER_STORE else shared)[name] = value
    for name, value in texts.items():
        own.setdefault("custom", {})[name] = value


def _shown(number: int, doc: dict, scope: str) -> dict:
    shared, own = doc["attributes"], doc["stores"].get(scope, {})
    values = {**shared, **own}
    custom = {**shared.get("custom", {}), **own.get("custom", {})}
    values.pop("custom", None)
    return {
        "id": number,
        "sku": doc["sku"],
        "attribute_set_id": doc["attribute_set_id"],
        "type_id": doc["type_id"],
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
        **values,
        "extension_attributes": {"website_ids": [1]},
        "product_links": [],
        "options": [],
        "media_gallery_entries": [],
        "tier_prices": [],
        "custom_attributes": [
            {"attribute_code": code, "value": value} for code, value in custom.items()
        ],
    }


def _there(call: Call) -> tuple[int, dict]:
    found = call.things.find(KIND, call.values["sku"])
    if not found:
        raise Refusal(
            404,
            "The product that was requested doesn't exist."
            " Verify the product and try again.",
        )
    return found[0]


def _sku(value: Any) -> str:
    """The SKU as posted: at most 64 characters, not blank."""
    text = value if isinstance(value, str) else ""
    if not text.strip():
        raise _empty("SKU")
    if len(text) > 64:
        raise Refusal(400, "SKU length should be %1 characters maximum.", [64])
    return text


def _empty(label: str) -> Refusal:
    return Refusal(
        400,
        'The "%1" attribute value is empty. Set the attribute and try again.',
        [label],
    )
