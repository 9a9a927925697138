"""Shipments of an order: their form at Commerce, and how one is known again."""

from collections import Counter
from typing import Any

from functions.commerce.documents import number, records
from functions.commerce.errors import Rejected
from functions.commerce.routes import search
from functions.commerce.settings import CommerceSettings
from functions.handlers import CommerceClient, DeliveryContext
from functions.handlers.reconcile import is_recent

MOST_LOOKED_AT = 50  # shipments of one order, newest first


def ship(value: dict, settings: CommerceSettings) -> dict:
    """What ``order/{orderId}/ship`` takes.

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


def is_made(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> bool:
    """Whether the order has got this shipment since our first unsure attempt."""
    query = search(
        ("order_id", value["orderId"], "eq"),
        newest_by="entity_id",
        page_size=MOST_LOOKED_AT,
    )
    return any(
        is_recent(made.get("created_at"), delivery) and is_same(value, made)
        for made in records(commerce.get("shipments", query))
    )


def is_same(value: dict, made: dict) -> bool:
    """Whether the shipment *made* is the one that *value* asks for.

    Commerce adds to what is asked (the parts of a bundle, what "all" came to), so what
    was asked must be in it; only parcels must be as many.
    """
    shipped: Counter[Any] = Counter()
    for item in records(made):
        shipped[item.get("order_item_id")] += number(item.get("qty"))
    asked: Counter[Any] = Counter()
    for item in value["items"]:
        asked[item["orderItemId"]] += item["qty"]
    if any(shipped[item] != qty for item, qty in asked.items()):
        return False
    tracks = Counter((t["trackNumber"], t["carrierCode"]) for t in value["tracks"])
    if tracks != Counter(
        (t.get("track_number"), t.get("carrier_code")) for t in records(made, "tracks")
    ):
        return False
    said = value["comment"]["comment"].strip()
    comments = [str(c.get("comment")).strip() for c in records(made, "comments")]
    return not said or said in comments


def changed(value: dict, there: dict) -> dict:
    """What ``POST shipment`` takes to change the shipment that is *there*.

    Raises:
        Rejected: it is another order's, or parts named are not its own (Commerce
            would take them away from the shipment whose they are).
    """
    if str(there.get("order_id")) != str(value["orderId"]):
        raise Rejected(404, "The order has no such shipment")
    tracks = {track.get("entity_id"): track for track in records(there, "tracks")}
    for name in ("items", "tracks", "comments"):
        own = {part.get("entity_id") for part in records(there, name)}
        strangers = sum(part["entityId"] not in own for part in value[name])
        if strangers:
            raise Rejected(
                404,
                f"{strangers} of the {name} named by entityId are not the shipment's",
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
                **_kept(tracks[track["entityId"]]),
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


def _track(track: dict) -> dict:
    return {
        "track_number": track["trackNumber"],
        "title": track["title"],
        "carrier_code": track["carrierCode"],
    }


def _kept(track: dict) -> dict:
    """What Adobe's definition of a track demands and the event does not know."""
    description = track.get("description")
    return {
        "weight": number(track.get("weight")),
        "qty": number(track.get("qty")),
        "description": description if isinstance(description, str) else "",
    }
