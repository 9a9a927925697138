"""The sample events, made one's own: each run has its own SKU, e-mail and group."""

import copy
import secrets
from dataclasses import dataclass, field
from typing import Any

from functions.events import catalog, samples

PREFIX = "be-observer."
# An order that makes sense: what is changed was made before, and goes last.
MADE = [
    PREFIX + name
    for name in (
        "catalog_product_create",
        "catalog_product_update",
        "catalog_stock_update",
        "customer_group_create",
        "customer_group_update",
        "customer_create",
        "customer_update",
        "sales_order_status_update",
        "sales_order_shipment_create",
        "sales_order_shipment_update",
    )
]
REMOVED = [
    PREFIX + name
    for name in ("customer_delete", "customer_group_delete", "catalog_product_delete")
]
# An event that was added finds what was made.
ADDED = [name for name in samples.names() if name not in MADE + REMOVED]
SEQUENCE = MADE + ADDED + REMOVED
# What must have been sent before an event finds the thing it is about.
NEEDS = {
    PREFIX + "customer_update": PREFIX + "customer_create",
    PREFIX + "customer_delete": PREFIX + "customer_create",
    PREFIX + "customer_group_update": PREFIX + "customer_group_create",
    PREFIX + "customer_group_delete": PREFIX + "customer_group_create",
    PREFIX + "sales_order_shipment_update": PREFIX + "sales_order_shipment_create",
}


@dataclass
class Run:
    """What one run of ``send`` calls its own.

    Attributes:
        name: goes into SKU, e-mail, group code and uids.
        ids: what Commerce called the things that were made: ``customer``, ``group``,
            ``order``, ``item``, and the ``shipment`` with its parts.
    """

    name: str = field(default_factory=lambda: secrets.token_hex(4))
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def sku(self) -> str:
        return f"DEMO-{self.name}"

    @property
    def email(self) -> str:
        return f"demo-{self.name}@example.com"

    @property
    def group(self) -> str:
        return f"Demo {self.name}"

    def value(self, event: str) -> Any:
        """The sample's value with what is this run's own in place of the sample's."""
        value = copy.deepcopy(samples.value(event))
        if isinstance(value, list):
            for row in value:
                if "sku" in row:
                    row["sku"] = self.sku
            return value
        if "sku" in value:
            value["sku"] = self.sku
        if "email" in value:
            value["email"] = self.email
        if "taxClassId" in value:
            value["name"] = self.group
        if event not in ADDED:
            self._set_ids(event.removeprefix(PREFIX), value)
        return value

    def _set_ids(self, event: str, value: dict) -> None:
        ids = self.ids
        if event.startswith("customer_group_"):
            value["id"] = ids.get("group", value.get("id"))
        elif event.startswith("customer_"):
            value["id"] = ids.get("customer", value.get("id"))
        elif event == "sales_order_status_update":
            value["id"] = ids.get("order", value["id"])
        elif event.startswith("sales_order_shipment_"):
            value["orderId"] = ids.get("order", value["orderId"])
            for item in value["items"]:
                item["orderItemId"] = ids.get("item", item["orderItemId"])
            if shipment := ids.get("shipment"):
                self._set_shipment(value, shipment)
        if value.get("id", 0) is None:
            del value["id"]

    @staticmethod
    def _set_shipment(value: dict, shipment: dict) -> None:
        if "id" not in value:
            return
        value["id"] = shipment["entity_id"]
        for part in ("items", "tracks", "comments"):
            for ours, theirs in zip(value[part], shipment.get(part, []), strict=False):
                ours["entityId"] = theirs["entity_id"]


def touches(event: str) -> str:
    """What of the shop's own the sample of *event* names by an id; "" for nothing.

    A stand-in tells which ids to put in their place; nobody else does.
    """
    value = samples.value(event)
    for name in ("orderId", "id"):
        if isinstance(value, dict) and name in value:
            entity = "order" if name == "orderId" else catalog.EVENTS[event].entity
            return f"{entity} {value[name]}"
    return ""


def wanted(event: str, alone: bool) -> list[str]:
    """The events to send for *event*, by its bare name or in full; or of ``all``.

    Args:
        alone: leave out what *event* needs to have been sent before.

    Raises:
        KeyError: there is no such event.
    """
    if event == "all":
        return list(SEQUENCE)
    full = event if event in SEQUENCE else PREFIX + event
    if full not in SEQUENCE:
        raise KeyError(event)
    before = [] if alone or full not in NEEDS else [NEEDS[full]]
    return [*before, full]
