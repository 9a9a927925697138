"""The records of a shipment: itself, its items, tracks and comments."""

from typing import Any

from local.commerce.call import Call, decimal, integer
from local.commerce.entity_store import EntityStore
from local.commerce.errors import CommerceError

KIND = "shipment"
PARTS = {
    "items": "shipment_item",
    "tracks": "shipment_track",
    "comments": "shipment_comment",
}
INVALID = "Shipment Document Validation Error(s):\n"
NUMBERS = ("order_id", "order_item_id", "is_customer_notified", "is_visible_on_front")


def document(entities: EntityStore, shipment_id: int) -> dict:
    """A shipment with its parts, as responses have it."""
    record = entities.get(KIND, shipment_id)
    shipment: dict[str, Any] = {
        "entity_id": shipment_id,
        "increment_id": f"{shipment_id:09d}",
        "order_id": record["order_id"],
        "store_id": 1,
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
        "packages": [],
        "extension_attributes": {"source_code": record["source"]},
    }
    for name, kind in PARTS.items():
        rows = entities.children(kind, shipment_id)
        shipment[name] = [
            part_document(part_id, shipment_id, part) for part_id, part in rows
        ]
    shipment["total_qty"] = sum(item["qty"] for item in shipment["items"])
    return shipment


def part_document(part_id: int, shipment_id: int, part: dict) -> dict:
    """An item, track or comment, as responses have it."""
    return {"entity_id": part_id, "parent_id": shipment_id, **part}


def add(call: Call, order_id: int, source: str) -> int:
    """Write a shipment without parts; its id."""
    record = {
        "order_id": order_id,
        "source": source,
        "created_at": call.time,
        "updated_at": call.time,
    }
    return call.entities.add(KIND, record, parent=order_id)


def save_part(
    call: Call, name: str, shipment_id: int, order: dict, row: dict
) -> list[str]:
    """Write *row* as a part of a shipment; a part with the same id is replaced.

    Returns:
        A sentence if the part belonged to another shipment before.
    """
    kind, entities = PARTS[name], call.entities
    part_id, stored, owner = row.get("entity_id"), None, None
    if part_id is not None:
        part_id = integer(part_id)
        stored, owner = entities.get(kind, part_id), entities.parent(kind, part_id)
    part = dict(stored or {})
    for field, value in row.items():
        if field not in ("entity_id", "parent_id", "extension_attributes"):
            part[field] = integer(value) if field in NUMBERS else value
    if name == "items":
        part["qty"] = decimal(part.get("qty") or 0)
        for item in order["items"]:
            if item["item_id"] == part.get("order_item_id"):
                part |= {"sku": item["sku"], "name": item["name"]}
    elif name == "tracks":
        order_id = entities.get(KIND, shipment_id)["order_id"]
        part = track(call, order_id, part)
    else:
        part = comment(call, part)
    if stored is None:
        part_id = entities.next_id(kind)
    entities.put(kind, part_id, part, parent=shipment_id)
    if owner in (None, shipment_id):
        return []
    return [f"{kind} {part_id} of shipment {owner}"]


def track(call: Call, order_id: int, fields: dict) -> dict:
    """The record of a track.

    Raises:
        CommerceError: its number or carrier is missing.
    """
    for name in ("track_number", "carrier_code"):
        if not fields.get(name):
            raise CommerceError(
                400, f'{INVALID}"{name}" is required. Enter and try again.'
            )
    return {
        "order_id": order_id,
        "created_at": fields.get("created_at") or call.time,
        "updated_at": call.time,
        "weight": decimal(fields.get("weight") or 0),
        "qty": decimal(fields.get("qty") or 0),
        "description": str(fields.get("description") or ""),
        "track_number": str(fields["track_number"]),
        "title": str(fields.get("title") or ""),
        "carrier_code": str(fields["carrier_code"]),
    }


def comment(call: Call, fields: dict) -> dict:
    """The record of a comment."""
    return {
        "comment": str(fields.get("comment") or ""),
        "is_customer_notified": integer(fields.get("is_customer_notified") or 0),
        "is_visible_on_front": integer(fields.get("is_visible_on_front") or 0),
        "created_at": fields.get("created_at") or call.time,
    }
