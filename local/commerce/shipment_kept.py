"""What is kept of a shipment: itself, its items, tracks and comments."""

from typing import Any

from local.commerce.call import Call, decimal, integer
from local.commerce.errors import Refusal
from local.commerce.things import Things

KIND = "shipment"
PARTS = {
    "items": "shipment_item",
    "tracks": "shipment_track",
    "comments": "shipment_comment",
}
INVALID = "Shipment Document Validation Error(s):\n"
NUMBERS = ("order_id", "order_item_id", "is_customer_notified", "is_visible_on_front")


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
        found[name] = [part_shown(part, number, row) for part, row in parts]
    found["total_qty"] = sum(item["qty"] for item in found["items"])
    return found


def seed(things: Things, number: int, doc: dict, parts: dict[str, tuple]) -> None:
    """Write a shipment whose parts have the ids given with them."""
    things.put(KIND, number, doc, parent=doc["order_id"])
    for name, (part, row) in parts.items():
        things.put(PARTS[name], part, row, parent=number)


def new(call: Call, number: int, source: str, *, source_said: bool) -> int:
    """Write an empty shipment of order *number*; its id."""
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


def save_part(
    call: Call, name: str, made: int, number: int, doc: dict, row: dict
) -> list[str]:
    """Write *row* as a part of shipment *made*, in the place of what has its id (Q7).

    Returns:
        Whose part it was before, if another shipment's.
    """
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
        merged = track_of(call, number, merged)
    else:
        merged = comment_of(call, merged)
    if before is None:
        part = call.things.next_id(kind)
    call.things.put(kind, part, merged, parent=made)
    return [f"{kind} {part} of shipment {owner}"] if owner not in (None, made) else []


def put_part(things: Things, name: str, parent: int, row: dict) -> int:
    """Add a part to a shipment; its id."""
    number = things.next_id(PARTS[name])
    things.put(PARTS[name], number, row, parent=parent)
    return number


def part_shown(number: int, parent: int, row: dict) -> dict:
    """A part as answers have it."""
    return {"entity_id": number, "parent_id": parent, **row}


def track_of(call: Call, number: int, given: dict) -> dict:
    """What is kept of a track of order *number*.

    Raises:
        Refusal: it has no number or carrier.
    """
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


def comment_of(call: Call, given: dict) -> dict:
    """What is kept of a comment."""
    return {
        "comment": str(given.get("comment") or ""),
        "is_customer_notified": integer(given.get("is_customer_notified") or 0),
        "is_visible_on_front": integer(given.get("is_visible_on_front") or 0),
        "created_at": given.get("created_at") or call.time,
    }
