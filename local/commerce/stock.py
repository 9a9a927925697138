"""Source items: how much of a SKU lies at an inventory source.

Texts and checks are those of magento/inventory (SourceItemsSave and its validators);
it does not ask whether a product has the SKU.
"""

from typing import Any

from local.commerce import search
from local.commerce.call import Call, decimal, known, rows
from local.commerce.errors import Refusal, required
from local.commerce.things import Things, comparable

KIND = "source_item"
SOURCES = ("default", "second")
INTERFACE = "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"
NAMES = frozenset(("sku", "source_code", "quantity", "status", "extension_attributes"))


def save(call: Call) -> list:
    """POST inventory/source-items: sets levels, all or none of them (Q16).

    Answers ``[]`` (notes, operations).
    """
    if not isinstance(call.body, dict) or call.body.get("sourceItems") is None:
        raise required("sourceItems")
    items = rows(call.body, "sourceItems")
    _check_limit(call, len(items))
    if not items:
        raise Refusal(400, "Input data is empty")
    for item in items:
        known(item, NAMES, INTERFACE)
        _check(item)
    for item in items:
        if comparable(item["source_code"]) not in SOURCES:
            # A foreign key of the table: no validator asks, the database refuses, and
            # the whole array is rolled back.
            raise Refusal(400, "Could not save Source Item")
        put(
            call.things,
            item["sku"],
            item["source_code"],
            decimal(item["quantity"]),
            int(float(item["status"])),
        )
        call.did(
            "stock.set",
            f"{item['sku']}@{item['source_code']}",
            quantity=item["quantity"],
            status=item["status"],
        )
    return []


def find(call: Call) -> dict:
    """GET inventory/source-items."""
    asked = search.criteria(call)
    found = (doc for _, doc in call.things.all(KIND))
    return search.answer(found, asked)


def put(things: Things, sku: str, source: str, quantity: float, status: int) -> None:
    """Set the level of a SKU at a source."""
    there = things.find(KIND, _key(sku, source))
    number, doc = (
        there[0]
        if there
        else (things.next_id(KIND), {"sku": sku, "source_code": source})
    )
    doc |= {"quantity": quantity, "status": status}
    things.put(KIND, number, doc, key=_key(sku, source))


def _key(sku: str, source: str) -> str:
    return f"{comparable(sku)}\0{source}"


def take(things: Things, sku: str, source: str, quantity: float) -> None:
    """Take from a source what is shipped.

    Raises:
        Refusal: there is not enough of it (Q4).
    """
    there = things.find(KIND, _key(sku, source))
    if not there or there[0][1]["quantity"] < quantity:
        raise Refusal(
            400, "Not all of your products are available in the requested quantity."
        )
    number, doc = there[0]
    doc["quantity"] -= quantity
    things.put(KIND, number, doc, key=_key(sku, source))


def _check_limit(call: Call, count: int) -> None:
    """Section 3, "Input limits"; Q16."""
    if call.rules.input_limits and count > call.rules.most_items:
        raise Refusal(
            400,
            'Maximum items of type "%type" is %max',
            {"type": INTERFACE, "max": call.rules.most_items},
        )


def _check(item: dict) -> None:
    sku, source = item.get("sku"), item.get("source_code")
    for name, value in (("sku", sku), ("source_code", source)):
        if not isinstance(value, str) or not value.strip():
            raise _failed(f'"{name}" can not be empty.')
    if sku != sku.strip():
        raise _failed('"sku" can not contain leading or trailing spaces.')
    if any(character.isspace() for character in source):
        raise _failed('"source_code" can not contain whitespaces.')
    for name in ("quantity", "status"):
        if not _is_numeric(item.get(name)):
            raise _failed(f'"{name}" should be numeric.')
    if int(float(item["status"])) not in (0, 1):
        raise _failed('"status" should a known status.')


def _is_numeric(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _failed(text: str) -> Refusal:
    return Refusal(400, f"Validation Failed: {text}")
