"""Shipments: made by order/{id}/ship, changed (or made unseen) by POST shipment.

Q4, Q6, Q7.
"""

from typing import Any

from local.commerce import order, search, stock
from local.commerce import shipment_kept as kept
from local.commerce.call import Call, decimal, integer, known, rows
from local.commerce.errors import Refusal, gone_entity

CREATION = {
    "items": frozenset(("order_item_id", "qty", "extension_attributes")),
    "tracks": frozenset(
        ("track_number", "title", "carrier_code", "extension_attributes")
    ),
    "comment": frozenset(("comment", "is_visible_on_front", "extension_attributes")),
}
INTERFACE = "Magento\\Sales\\Api\\Data\\Shipment%sCreationInterface"


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
    made = kept.new(
        call, number, source, source_said=bool(_source(body.get("arguments")))
    )
    for item, quantity in wanted:
        part = {"order_item_id": item["item_id"], "qty": quantity, "sku": item["sku"]}
        kept.put_part(call.things, "items", made, part | {"name": item["name"]})
    for track in rows(body, "tracks"):
        kept.put_part(call.things, "tracks", made, kept.track_of(call, number, track))
    if isinstance(said, dict) and said.get("comment"):
        kept.put_part(call.things, "comments", made, kept.comment_of(call, said))
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
    there = None if asked is None else call.things.get(kept.KIND, integer(asked))
    source = _source(given) or stock.SOURCES[0]
    if there is None:
        made = kept.new(call, number, source, source_said=bool(_source(given)))
        operation = "shipment.created_unseen"
    else:
        made, operation = integer(asked), "shipment.updated"
        there |= {"order_id": number, "updated_at": call.time}
        if _source(given):
            there["source"] = source
        call.things.put(kept.KIND, made, there, parent=number)
    taken = []
    for name in kept.PARTS:
        for row in rows(given, name):
            taken += kept.save_part(call, name, made, number, doc, row)
    call.did(operation, made, order=number, source=source, taken=taken)
    return kept.shown(call.things, made)


def add_track(call: Call) -> dict:
    """POST shipment/track: one more parcel (Q7)."""
    given = call.given("entity")
    parent = integer(given.get("parent_id") or 0)
    there = call.things.get(kept.KIND, parent)
    if there is None:
        raise Refusal(400, "Could not save the shipment tracking.")
    part = kept.track_of(call, there["order_id"], given)
    number = kept.put_part(call.things, "tracks", parent, part)
    call.did("shipment.track_added", parent, track=number)
    return kept.part_shown(number, parent, part)


def get(call: Call) -> dict:
    """GET shipment/{id}."""
    number = call.number("id")
    if call.things.get(kept.KIND, number) is None:
        raise gone_entity()
    return kept.shown(call.things, number)


def find(call: Call) -> dict:
    """GET shipments."""
    asked = search.criteria(call)
    parent = asked.wanted("order_id")
    found = (
        call.things.all(kept.KIND)
        if parent is None
        else call.things.children(kept.KIND, integer(parent))
    )
    listed = (kept.shown(call.things, number) for number, _ in found)
    return search.answer(listed, asked)


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
        raise Refusal(400, kept.INVALID + "\n".join(faults))


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
