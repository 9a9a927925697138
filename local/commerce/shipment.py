"""Shipments: made by order/{id}/ship, changed (or made unseen) by POST shipment.

commerce.md Q4, Q6, Q7.
"""

from typing import Any

from local.commerce import order, search, stock
from local.commerce.call import Call, decimal, integer, known, rows
from local.commerce.errors import Refusal, gone_entity
from local.commerce.things import Things

KIND = "shipment"
PARTS = {
    "items": "shipment_item",
    "tracks": "shipment_track",
    "comments": "shipment_comment",
}
INVALID = "Shipment Document Validation Error(s):\n"
CREATION = {
    "items": frozenset(("order_item_id", "qty", "extension_attributes")),
    "tracks": frozenset(
        ("track_number", "title", "carrier_code", "extension_attributes")
    ),
    "comment": frozenset(("comment", "is_visible_on_front", "extension_attributes")),
}
INTERFACE = "Magento\\Sales\\Api\\Data\\Shipment%sCreationInterface"
NUMBERS = ("order_id", "order_item_id", "is_customer_notified", "is_visible_on_front")


def ship(call: Call) -> int:
    """POST order/{orderId}/ship: a new shipment, its quantities checked (Q6).

    What stands at the top of the body under another name is dropped, so that a source
    in ``extension_attributes`` there is not read: the source is in ``arguments`` (Q4).
    No items at all ships all that is left (Q15).
    """
    number = call.number("orderId")
    doc = order.there(call, number)
    body = call.body if isinstance(call.body, dict) else {}
    for name in ("items", "tracks"):
        for row in rows(body, name):
            known(row, CREATION[name], INTERFACE % name[:-1].capitalize())
    said = body.get("comment")
    if isinstance(said, dict):
        known(said, CREATION["comment"], INTERFACE % "Comment")
    wanted = _wanted(doc, rows(body, "items"))
    _check(doc, wanted)
    source = _source(body.get("arguments")) or stock.SOURCES[0]
    for item, quantity in wanted:
        stock.take(call.things, item["sku"], source, quantity)
        item["qty_shipped"] += quantity
    made = _new(call, number, source, source_said=bool(_source(body.get("arguments"))))
    for item, quantity in wanted:
        part = {"order_item_id": item["item_id"], "qty": quantity, "sku": item["sku"]}
        _put_part(call.things, "items", made, part | {"name": item["name"]})
    for track in rows(body, "tracks"):
        _put_part(call.things, "tracks", made, _track(call, number, track))
    if isinstance(said, dict) and said.get("comment"):
        _put_part(call.things, "comments", made, _comment(call, said))
    _advance(doc)
    doc["updated_at"] = call.time
    order.put(call, number, doc)
    call.did(
        "shipment.created",
        made,
        order=number,
        source=source,
        shipped={str(item["item_id"]): quantity for item, quantity in wanted},
        e_mail=body.get("notify") is True,
    )
    return made


def save(call: Call) -> dict:
    """POST shipment: changes the one named by entity_id, else makes another (Q7).

    One that it makes touches neither the order's quantities nor its state. A part
    named by an entity_id of another shipment is taken away from that one.
    """
    given = call.given("entity")
    try:
        number = integer(given.get("order_id"))
        doc = order.there(call, number)
    except Refusal:
        raise Refusal(400, "The shipment couldn't be saved.") from None
    asked = given.get("entity_id")
    there = None if asked is None else call.things.get(KIND, integer(asked))
    source = _source(given) or stock.SOURCES[0]
    if there is None:
        made = _new(call, number, source, source_said=bool(_source(given)))
        operation = "shipment.created_unseen"
    else:
        made, operation = integer(asked), "shipment.updated"
        there |= {"order_id": number, "updated_at": call.time}
        if _source(given):
            there["source"] = source
        call.things.put(KIND, made, there, parent=number)
    taken = []
    for name in PARTS:
        for row in rows(given, name):
            taken += _save_part(call, name, made, number, doc, row)
    call.did(operation, made, order=number, source=source, taken=taken)
    return shown(call.things, made)


def add_track(call: Call) -> dict:
    """POST shipment/track: one more parcel (Q7)."""
    given = call.given("entity")
    parent = integer(given.get("parent_id") or 0)
    there = call.things.get(KIND, parent)
    if there is None:
        raise Refusal(400, "Could not save the shipment tracking.")
    part = _track(call, there["order_id"], given)
    number = _put_part(call.things, "tracks", parent, part)
    call.did("shipment.track_added", parent, track=number)
    return _part(number, parent, part)


def get(call: Call) -> dict:
    """GET shipment/{id}."""
    number = call.number("id")
    if call.things.get(KIND, number) is None:
        raise gone_entity()
    return search.only(shown(call.things, number), call)


def find(call: Call) -> dict:
    """GET shipments."""
    asked = search.criteria(call)
    parent = asked.wanted("order_id")
    found = (
        call.things.all(KIND)
        if parent is None
        else call.things.children(KIND, integer(parent))
    )
    listed = (shown(call.things, number) for number, _ in found)
    return search.answer(listed, asked, call)


def shown(things: Things, number: int) -> dict:
    """A shipment with its parts."""
    doc = things.get(KIND, number)
    found: dict[str, Any] = {
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "order_id": doc["order_id"],
        "store_id": 1,
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
        "packages": [],
        "extension_attributes": {"source_code": doc["source"]},
    }
    for name, kind in PARTS.items():
        parts = things.children(kind, number)
        found[name] = [_part(part, number, row) for part, row in parts]
    found["total_qty"] = sum(item["qty"] for item in found["items"])
    return found


def seed(things: Things, number: int, doc: dict, parts: dict[str, tuple]) -> None:
    """Write a shipment whose parts have the ids given with them."""
    things.put(KIND, number, doc, parent=doc["order_id"])
    for name, (part, row) in parts.items():
        things.put(PARTS[name], part, row, parent=number)


def _wanted(doc: dict, asked: list[dict]) -> list[tuple[dict, float]]:
    """The items of the order with what is to be shipped of each."""
    if not asked:
        left = [(i, i["qty_ordered"] - i["qty_shipped"]) for i in doc["items"]]
        return [pair for pair in left if pair[1] > 0]
    by_id = {item["item_id"]: item for item in doc["items"]}
    found = []
    for row in asked:
        number = integer(row.get("order_item_id"))
        found.append((by_id.get(number, {"item_id": number}), decimal(row.get("qty"))))
    return found


def _check(doc: dict, wanted: list[tuple[dict, float]]) -> None:
    """Magento's validators of a shipment, with all that they find fault with."""
    faults = []
    if doc["state"] in ("holded", "canceled"):
        faults.append(
            "A shipment cannot be created when an order has a status of"
            f" {doc['status']}"
        )
    elif all(item["qty_shipped"] >= item["qty_ordered"] for item in doc["items"]):
        faults.append("The order does not allow a shipment to be created.")
    total = 0.0
    asked: dict[int, float] = {}
    for item, quantity in wanted:
        if "sku" not in item:
            faults.append(
                'The shipment contains product SKU "" that is not part of the original'
                " order."
            )
            continue
        number = item["item_id"]
        asked[number] = asked.get(number, 0) + quantity
        if asked[number] > item["qty_ordered"] - item["qty_shipped"]:
            faults.append(
                "The quantity to ship must not be greater than the unshipped quantity"
                f' for product SKU "{item["sku"]}".'
            )
        else:
            total += quantity
    if total <= 0:
        faults.append("You can't create a shipment without products.")
    if faults:
        raise Refusal(400, INVALID + "\n".join(faults))


def _advance(doc: dict) -> None:
    """The order's state after a shipment."""
    shipped = all(item["qty_shipped"] >= item["qty_ordered"] for item in doc["items"])
    if shipped and doc["invoiced"]:
        doc["state"] = doc["status"] = "complete"
    elif doc["state"] == "new":
        doc["state"] = doc["status"] = "processing"


def _source(holder: Any) -> str | None:
    more = holder.get("extension_attributes") if isinstance(holder, dict) else None
    found = more.get("source_code") if isinstance(more, dict) else None
    return found if isinstance(found, str) and found else None


def _new(call: Call, number: int, source: str, *, source_said: bool) -> int:
    made = call.things.next_id(KIND)
    doc = {
        "order_id": number,
        "source": source,
        "source_said": source_said,
        "created_at": call.time,
        "updated_at": call.time,
    }
    call.things.put(KIND, made, doc, parent=number)
    return made


def _save_part(
    call: Call, name: str, made: int, number: int, doc: dict, row: dict
) -> list[str]:
    kind = PARTS[name]
    asked = row.get("entity_id")
    part = None if asked is None else integer(asked)
    before = None if part is None else call.things.get(kind, part)
    owner = None if before is None else call.things.parent(kind, part)
    merged = dict(before or {})
    for field, value in row.items():
        if field not in ("entity_id", "parent_id", "extension_attributes"):
            merged[field] = integer(value) if field in NUMBERS else value
    if name == "items":
        merged["qty"] = decimal(merged.get("qty") or 0)
        for item in doc["items"]:
            if item["item_id"] == merged.get("order_item_id"):
                merged |= {"sku": item["sku"], "name": item["name"]}
    elif name == "tracks":
        merged = _track(call, number, merged)
    else:
        merged = _comment(call, merged)
    if before is None:
        part = call.things.next_id(kind)
    call.things.put(kind, part, merged, parent=made)
    return [f"{kind} {part} of shipment {owner}"] if owner not in (None, made) else []


def _put_part(things: Things, name: str, parent: int, row: dict) -> int:
    number = things.next_id(PARTS[name])
    things.put(PARTS[name], number, row, parent=parent)
    return number


def _part(number: int, parent: int, row: dict) -> dict:
    return {"entity_id": number, "parent_id": parent, **row}


def _track(call: Call, number: int, given: dict) -> dict:
    for name in ("track_number", "carrier_code"):
        if not given.get(name):
            raise Refusal(400, INVALID + f'"{name}" is required. Enter and try again.')
    return {
        "order_id": number,
        "created_at": given.get("created_at") or call.time,
        "updated_at": call.time,
        "weight": decimal(given.get("weight") or 0),
        "qty": decimal(given.get("qty") or 0),
        "description": str(given.get("description") or ""),
        "track_number": str(given["track_number"]),
        "title": str(given.get("title") or ""),
        "carrier_code": str(given["carrier_code"]),
    }


def _comment(call: Call, given: dict) -> dict:
    return {
        "comment": str(given.get("comment") or ""),
        "is_customer_notified": integer(given.get("is_customer_notified") or 0),
        "is_visible_on_front": integer(given.get("is_visible_on_front") or 0),
        "created_at": given.get("created_at") or call.time,
    }
