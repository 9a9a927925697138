"""The sample events of ``send``: each run has its own SKU, e-mail and group."""

import copy
import secrets
from dataclasses import dataclass, field
from typing import Any

from functions.events import catalog, samples

PREFIX = "be-observer."
# Events that need what an earlier one created; those that delete are last.
CREATING = [
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
DELETING = [
    PREFIX + name
    for name in ("customer_delete", "customer_group_delete", "catalog_product_delete")
]
# Events that are not listed above are sent between the two.
OTHER = [name for name in catalog.INBOUND_EVENTS if name not in CREATING + DELETING]
SEQUENCE = CREATING + OTHER + DELETING
# The event that creates the entity which another event is about.
PREREQUISITES = {
    PREFIX + "customer_update": PREFIX + "customer_create",
    PREFIX + "customer_delete": PREFIX + "customer_create",
    PREFIX + "customer_group_update": PREFIX + "customer_group_create",
    PREFIX + "customer_group_delete": PREFIX + "customer_group_create",
    PREFIX + "sales_order_shipment_update": PREFIX + "sales_order_shipment_create",
}


@dataclass
class SampleRun:
    """The names and ids of one run of ``send``.

    Attributes:
        name: part of SKU, e-mail, group code and uids.
        ids: Commerce's ids of what was created: ``customer``, ``group``, ``order``,
            ``item``, and the ``shipment`` with its parts.
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
        """The sample's value with this run's names and ids.

        The sample of an event that is not listed above is sent as it is.
        """
        value = copy.deepcopy(samples.value(event))
        if event in catalog.OUTBOUND_EVENTS:
            return value | self._own_keys(value)
        if event in OTHER:
            return value
        if isinstance(value, list):
            for item in value:
                if "sku" in item:
                    item["sku"] = self.sku
            return value
        if "sku" in value:
            value["sku"] = self.sku
        if "email" in value:
            value["email"] = self.email
        if "taxClassId" in value:
            value["name"] = self.group
        self._set_ids(event.removeprefix(PREFIX), value)
        return value

    def _own_keys(self, value: dict[str, Any]) -> dict[str, Any]:
        """SKU, address and ids of this run, for those that an outbound *value* has."""
        number = int(self.name, 16)
        own = {"sku": self.sku, "email": self.email} | dict.fromkeys(
            ("id", "customer_group_id", "product_id"), str(number)
        )
        return {name: own[name] for name in own if name in value}

    def _set_ids(self, event: str, value: dict[str, Any]) -> None:
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
    def _set_shipment(value: dict[str, Any], shipment: dict[str, Any]) -> None:
        if "id" not in value:
            return
        value["id"] = shipment["entity_id"]
        for part in ("items", "tracks", "comments"):
            for row, known in zip(value[part], shipment.get(part, []), strict=False):
                row["entityId"] = known["entity_id"]


def existing_entity(event: str) -> str:
    """The entity that the sample of *event* names by an id; "" for none.

    Only the stand-in gives out ids to put in its place.
    """
    value = samples.value(event)
    for name in ("orderId", "id"):
        if isinstance(value, dict) and name in value:
            entity = "order" if name == "orderId" else catalog.EVENTS[event].entity
            return f"{entity} {value[name]}"
    return ""


def select_events(name: str, alone: bool) -> list[str]:
    """The events to send for *name*: an event with or without ``be-observer.``, or all.

    All are the inbound ones.

    Args:
        alone: leave out the event that creates what *name* is about.

    Raises:
        KeyError: there is no such event.
    """
    if name == "all":
        return list(SEQUENCE)
    if name in catalog.OUTBOUND_EVENTS:
        return [name]
    event = name if name in SEQUENCE else PREFIX + name
    if event not in SEQUENCE:
        raise KeyError(name)
    if alone or event not in PREREQUISITES:
        return [event]
    return [PREREQUISITES[event], event]
