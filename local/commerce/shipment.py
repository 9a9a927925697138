"""Shipments: created by order/{orderId}/ship, changed or created by POST shipment."""

from typing import Any

from local.commerce import order, search, stock
from local.commerce import shipment_records as records
from local.commerce.call import Call, decimal, integer, objects, reject_unknown
from local.commerce.errors import CommerceError, no_such_order

CREATION = {
    "items": frozenset(("order_item_id", "qty", "extension_attributes")),
    "tracks": frozenset(
        ("track_number", "title", "carrier_code", "extension_attributes")
    ),
    "comment": frozenset(("comment", "is_visible_on_front", "extension_attributes")),
}
INTERFACE = "Magento\\Sales\\Api\\Data\\Shipment%sCreationInterface"


def ship(call: Call) -> int:
    """POST order/{orderId}/ship: a new shipment, its quantities checked.

    The source is in ``arguments``; unknown keys at the top of the body are dropped,
    ``extension_attributes`` too. No items ships all that is left.
    """
    order_id = call.path_id("orderId")
    record = order.existing(call, order_id)
    body = call.body if isinstance(call.body, dict) else {}
    for name in ("items", "tracks"):
        for row in objects(body, name):
            reject_unknown(row, CREATION[name], INTERFACE % name[:-1].capitalize())
    comment = body.get("comment")
    if isinstance(comment, dict):
        reject_unknown(comment, CREATION["comment"], INTERFACE % "Comment")
    quantities = _quantities(record, objects(body, "items"))
    _validate(record, quantities)
    source = _source(body.get("arguments"))
    for item, quantity in quantities:
        stock.take(call.entities, item["sku"], source, quantity)
        item["qty_shipped"] += quantity
    shipment_id = records.add(call, order_id, source)
    for item, quantity in quantities:
        part = {"order_item_id": item["item_id"], "qty": quantity, "sku": item["sku"]}
        part["name"] = item["name"]
        call.entities.add(records.PARTS["items"], part, parent=shipment_id)
    for row in objects(body, "tracks"):
        track = records.track(call, order_id, row)
        call.entities.add(records.PARTS["tracks"], track, parent=shipment_id)
    if isinstance(comment, dict) and comment.get("comment"):
        part = records.comment(call, comment)
        call.entities.add(records.PARTS["comments"], part, parent=shipment_id)
    _advance_state(record)
    order.put(call, order_id, record)
    call.record_effect(
        "shipment.created",
        shipment_id,
        order=order_id,
        source=source,
        shipped={str(item["item_id"]): quantity for item, quantity in quantities},
        e_mail=body.get("notify") is True,
    )
    return shipment_id


def save(call: Call) -> dict:
    """POST shipment: changes the one named by entity_id, else creates one.

    A created one changes neither the order's quantities nor its state. A part named by
    an entity_id of another shipment is taken away from that one.
    """
    sent = call.body_object("entity")
    try:
        order_id = integer(sent.get("order_id"))
        order_record = order.existing(call, order_id)
    except CommerceError:
        raise CommerceError(400, "The shipment couldn't be saved.") from None
    shipment_id, stored = sent.get("entity_id"), None
    if shipment_id is not None:
        shipment_id = integer(shipment_id)
        stored = call.entities.get(records.KIND, shipment_id)
    source = _source(sent)
    if stored is None:
        operation = "shipment.created_without_order"
        shipment_id = records.add(call, order_id, source)
    else:
        operation = "shipment.updated"
        stored |= {"order_id": order_id, "updated_at": call.time}
        if _source(sent, None):
            stored["source"] = source
        call.entities.put(records.KIND, shipment_id, stored, parent=order_id)
    taken = []
    for name in records.PARTS:
        for row in objects(sent, name):
            taken += records.save_part(call, name, shipment_id, order_record, row)
    call.record_effect(
        operation, shipment_id, order=order_id, source=source, taken=taken
    )
    return records.document(call.entities, shipment_id)


def get(call: Call) -> dict:
    """GET shipment/{id}."""
    shipment_id = call.path_id("id")
    if call.entities.get(records.KIND, shipment_id) is None:
        raise no_such_order()
    return records.document(call.entities, shipment_id)


def search_shipments(call: Call) -> dict:
    """GET shipments."""
    criteria, entities = search.criteria_of(call), call.entities
    order_id = criteria.required_value("order_id")
    rows = (
        entities.all(records.KIND)
        if order_id is None
        else entities.children(records.KIND, integer(order_id))
    )
    documents = (records.document(entities, shipment_id) for shipment_id, _ in rows)
    return search.page_of(documents, criteria)


def _quantities(record: dict, rows: list[dict]) -> list[tuple[dict, float]]:
    """The items of the order with the quantity to ship of each."""
    if not rows:
        left = [(i, i["qty_ordered"] - i["qty_shipped"]) for i in record["items"]]
        return [(item, quantity) for item, quantity in left if quantity > 0]
    by_id = {item["item_id"]: item for item in record["items"]}
    ids = [integer(row.get("order_item_id")) for row in rows]
    return [
        (by_id.get(item_id, {"item_id": item_id}), decimal(row.get("qty")))
        for item_id, row in zip(ids, rows, strict=True)
    ]


def _validate(record: dict, quantities: list[tuple[dict, float]]) -> None:
    """Magento's validators of a shipment; all their errors in one message."""
    errors = []
    if record["state"] in ("holded", "canceled"):
        errors.append(
            "A shipment cannot be created when an order has a status of"
            f" {record['status']}"
        )
    elif all(item["qty_shipped"] >= item["qty_ordered"] for item in record["items"]):
        errors.append("The order does not allow a shipment to be created.")
    total = 0.0
    requested: dict[int, float] = {}
    for item, quantity in quantities:
        if "sku" not in item:
            errors.append(
                'The shipment contains product SKU "" that is not part of the original'
                " order."
            )
            continue
        item_id = item["item_id"]
        requested[item_id] = requested.get(item_id, 0) + quantity
        if requested[item_id] > item["qty_ordered"] - item["qty_shipped"]:
            errors.append(
                "The quantity to ship must not be greater than the unshipped quantity"
                f' for product SKU "{item["sku"]}".'
            )
        else:
            total += quantity
    if total <= 0:
        errors.append("You can't create a shipment without products.")
    if errors:
        raise CommerceError(400, records.INVALID + "\n".join(errors))


def _advance_state(record: dict) -> None:
    """The order's state after a shipment."""
    shipped = all(
        item["qty_shipped"] >= item["qty_ordered"] for item in record["items"]
    )
    if shipped and record["invoiced"]:
        record["state"] = record["status"] = "complete"
    elif record["state"] == "new":
        record["state"] = record["status"] = "processing"


def _source(holder: Any, default: str | None = stock.SOURCES[0]) -> str | None:
    attributes = (
        holder.get("extension_attributes") if isinstance(holder, dict) else None
    )
    source = attributes.get("source_code") if isinstance(attributes, dict) else None
    return source if isinstance(source, str) and source else default
