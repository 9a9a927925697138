"""Shipments of an order: their form at Commerce, and how one is recognised."""

from collections import Counter, defaultdict
from typing import Any

from functions.commerce.documents import read_list, read_number
from functions.commerce.routes import search_query
from functions.commerce.settings import CommerceSettings
from functions.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext
from functions.handlers.reconcile import is_recent

# Only what is used: a shipping label alone makes a document of megabytes.
FIELDS = {
    "fields": "order_id,items[entity_id],tracks[entity_id,weight,qty,description],"
    "comments[entity_id]"
}
COMPARED_FIELDS = (
    "items[created_at,items[order_item_id,qty],tracks[track_number,carrier_code],"
    "comments[comment]]"
)
MAX_COMPARED = 50  # shipments of one order, newest first


def new_shipment(value: dict[str, Any], settings: CommerceSettings) -> dict[str, Any]:
    """The body of ``order/{orderId}/ship``.

    The inventory source goes where Commerce reads it, into ``arguments``
    (commerce-webapi, rest/tutorials/inventory/create-shipment).
    """
    body: dict[str, Any] = {
        "items": [
            {"order_item_id": item["orderItemId"], "qty": item["qty"]}
            for item in value["items"]
        ],
        "tracks": [_track(track) for track in value["tracks"]],
        "arguments": {
            "extension_attributes": {"source_code": value["stockSourceCode"]}
        },
    }
    comment = value["comment"]
    if comment["comment"].strip():
        body["comment"] = {
            "comment": comment["comment"],
            "is_visible_on_front": int(comment["visibleOnFront"]),
        }
    if settings.shipment_notify:
        body["notify"] = True
        body["appendComment"] = "comment" in body and comment["visibleOnFront"]
    return body


def exists(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> bool:
    """Whether the order has got this shipment since the outcome became unknown."""
    query = search_query(
        ("order_id", value["orderId"], "eq"),
        newest_by="entity_id",
        page_size=MAX_COMPARED,
        fields=COMPARED_FIELDS,
    )
    return any(
        is_recent(existing.get("created_at"), delivery) and is_same(value, existing)
        for existing in read_list(commerce.get("shipments", query))
    )


def is_same(value: dict[str, Any], existing: dict[str, Any]) -> bool:
    """Whether the *existing* shipment is the one that *value* asks for.

    Commerce adds items (the parts of a bundle, all items when none are named), so what
    was asked for must be in it; the tracks must be the same.
    """
    shipped: dict[Any, float] = defaultdict(float)
    for item in read_list(existing):
        shipped[item.get("order_item_id")] += read_number(item.get("qty"))
    asked: dict[Any, float] = defaultdict(float)
    for item in value["items"]:
        asked[item["orderItemId"]] += item["qty"]
    if any(shipped[item] != qty for item, qty in asked.items()):
        return False
    tracks = Counter((t["trackNumber"], t["carrierCode"]) for t in value["tracks"])
    if tracks != Counter(
        (t.get("track_number"), t.get("carrier_code"))
        for t in read_list(existing, "tracks")
    ):
        return False
    comment = value["comment"]["comment"].strip()
    comments = [str(c.get("comment")).strip() for c in read_list(existing, "comments")]
    return not comment or comment in comments


def updated_shipment(value: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """The body of ``POST shipment`` that updates the *current* shipment.

    Raises:
        Rejected: it is another order's, or it does not have the parts named (Commerce
            would move them from the shipment that has them).
    """
    if str(current.get("order_id")) != str(value["orderId"]):
        raise Rejected(404, "The order has no such shipment")
    tracks = {track.get("entity_id"): track for track in read_list(current, "tracks")}
    for name in ("items", "tracks", "comments"):
        own = {part.get("entity_id") for part in read_list(current, name)}
        foreign = sum(part["entityId"] not in own for part in value[name])
        if foreign:
            raise Rejected(
                404,
                f"{foreign} of the {name} named by entityId are not the shipment's",
            )
    return {
        "entity_id": value["id"],
        "order_id": value["orderId"],
        "items": [
            {
                "entity_id": item["entityId"],
                "parent_id": value["id"],
                "order_item_id": item["orderItemId"],
                "qty": item["qty"],
            }
            for item in value["items"]
        ],
        "tracks": [
            {
                "entity_id": track["entityId"],
                "order_id": value["orderId"],
                "parent_id": value["id"],
                **_kept_fields(tracks[track["entityId"]]),
                **_track(track),
            }
            for track in value["tracks"]
        ],
        "comments": [
            {
                "entity_id": comment["entityId"],
                "parent_id": value["id"],
                "is_customer_notified": int(comment["notifyCustomer"]),
                "comment": comment["comment"],
                "is_visible_on_front": int(comment["visibleOnFront"]),
            }
            for comment in value["comments"]
        ],
        "extension_attributes": {"source_code": value["stockSourceCode"]},
    }


def _track(track: dict[str, Any]) -> dict[str, Any]:
    return {
        "track_number": track["trackNumber"],
        "title": track["title"],
        "carrier_code": track["carrierCode"],
    }


def _kept_fields(track: dict[str, Any]) -> dict[str, Any]:
    """Fields that Adobe's schema of a track requires and the event does not carry."""
    description = track.get("description")
    return {
        "weight": read_number(track.get("weight")),
        "qty": read_number(track.get("qty")),
        "description": description if isinstance(description, str) else "",
    }
