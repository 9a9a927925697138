"""Source items: the quantity of a SKU at an inventory source.

Messages and checks are those of magento/inventory; it does not ask whether a product
has the SKU.
"""

from typing import Any

from local.commerce import observed, search
from local.commerce.call import Call, decimal, objects, reject_unknown
from local.commerce.entity_store import EntityStore, comparable
from local.commerce.errors import CommerceError, required

KIND = "source_item"
SOURCES = ("default", "second")
INTERFACE = "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"
NAMES = frozenset(("sku", "source_code", "quantity", "status", "extension_attributes"))


def save(call: Call) -> list:
    """POST inventory/source-items: sets the quantities, all or none of them."""
    if not isinstance(call.body, dict) or call.body.get("sourceItems") is None:
        raise required("sourceItems")
    items = objects(call.body, "sourceItems")
    max_items = call.switches.max_items
    if call.switches.input_limits and len(items) > max_items:
        raise CommerceError(
            400,
            'Maximum items of type "%type" is %max',
            {"type": INTERFACE, "max": max_items},
        )
    if not items:
        raise CommerceError(400, "Input data is empty")
    for item in items:
        reject_unknown(item, NAMES, INTERFACE)
        _validate(item)
    for item in items:
        if comparable(item["source_code"]) not in SOURCES:
            # A foreign key of the database: no validator checks it, and everything
            # written before is rolled back.
            raise CommerceError(400, "Could not save Source Item")
        quantity, status = decimal(item["quantity"]), int(float(item["status"]))
        put(call.entities, item["sku"], item["source_code"], quantity, status)
        _observe(call, item["sku"], item["source_code"], quantity, status)
        call.record_effect(
            "stock.set",
            f"{item['sku']}@{item['source_code']}",
            quantity=item["quantity"],
            status=item["status"],
        )
    return []


def search_source_items(call: Call) -> dict:
    """GET inventory/source-items."""
    criteria = search.criteria_of(call)
    return search.page_of((record for _, record in call.entities.all(KIND)), criteria)


def _observe(call: Call, sku: str, source: str, quantity: float, status: int) -> None:
    """Commerce's older stock item is that of the default source, by product."""
    products = call.entities.find("product", sku)
    if products and comparable(source) == SOURCES[0]:
        saved = observed.stock_saved(products[0][0], quantity, bool(status))
        call.observed.append(saved)


def put(
    entities: EntityStore, sku: str, source: str, quantity: float, status: int
) -> None:
    """Set the quantity of a SKU at a source; the first spelling of the SKU stays."""
    rows = entities.find(KIND, _key(sku, source))
    item_id, record = rows[0] if rows else (entities.next_id(KIND), {})
    record = {"sku": sku, "source_code": source, **record}
    record |= {"quantity": quantity, "status": status}
    entities.put(KIND, item_id, record, key=_key(sku, source))


def take(entities: EntityStore, sku: str, source: str, quantity: float) -> None:
    """Take from a source what is shipped.

    Raises:
        CommerceError: the source has less.
    """
    rows = entities.find(KIND, _key(sku, source))
    if not rows or rows[0][1]["quantity"] < quantity:
        raise CommerceError(
            400, "Not all of your products are available in the requested quantity."
        )
    item_id, record = rows[0]
    record["quantity"] -= quantity
    entities.put(KIND, item_id, record, key=_key(sku, source))


def _key(sku: str, source: str) -> str:
    return f"{comparable(sku)}\0{comparable(source)}"


def _validate(item: dict) -> None:
    sku, source = item.get("sku"), item.get("source_code")
    for name, value in (("sku", sku), ("source_code", source)):
        if not isinstance(value, str) or not value.strip():
            raise _invalid(f'"{name}" can not be empty.')
    if sku != sku.strip():
        raise _invalid('"sku" can not contain leading or trailing spaces.')
    if any(character.isspace() for character in source):
        raise _invalid('"source_code" can not contain whitespaces.')
    for name in ("quantity", "status"):
        if not _is_numeric(item.get(name)):
            raise _invalid(f'"{name}" should be numeric.')
    if int(float(item["status"])) not in (0, 1):
        raise _invalid('"status" should a known status.')


def _is_numeric(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _invalid(text: str) -> CommerceError:
    return CommerceError(400, f"Validation Failed: {text}")
