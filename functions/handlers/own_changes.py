"""What each inbound event changes in Commerce, in the words of Commerce's own events.

By this the consumer recognises an event of Commerce that only reports our change. It
follows the handlers' ``transform``: a field that is added there is recognised, too. The
event of a change that is missing here is delivered to the third party.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import OUTBOUND_PREFIX, bounded_ordering_key
from functions.events.identifiers import normalize_identifier
from functions.handlers import customer, customer_group, product, stock

DEFAULT_SOURCE = "default"  # the inventory source that Commerce's stock events are of

# By entity, of Commerce's events: the field with the id that Commerce gives a resource,
# and the one with the name by which it is created.
CREATED_BY = {
    "outbound-customer": ("id", "email"),
    "outbound-customer-group": ("customer_group_id", "customer_group_code"),
}

Fields = dict[str, Any]


@dataclass(frozen=True)
class OwnChange:
    """A change to one resource.

    Attributes:
        entity: of the events that Commerce then sends, such as ``outbound-product``.
        key: by which these events name the resource; None where Commerce will give it
            an id.
        fields: that are set; None for a deletion.
    """

    entity: str
    key: str | None
    fields: Fields | None

    @property
    def resource(self) -> str:
        """The name of the resource in the ledger."""
        if self.key is None:
            return creation_name(self.entity, self.fields or {}) or ""
        return bounded_ordering_key(self.entity, self.key)


def own_change(event: str, value: Any, settings: CommerceSettings) -> OwnChange | None:
    """The change that inbound *event* makes; None when its own event is delivered.

    Stock is noted by row: see ``row_fields``.
    """
    find = CHANGES.get(event.removeprefix("be-observer."))
    return find and find(value, settings)


def creation_name(entity: str, value: Fields) -> str | None:
    """The name in the ledger of what was created as *value*, without its id.

    It is the ordering key of the inbound event, so that ``forget`` finds it. None where
    the *value* of an event of Commerce does not say it, or has an id from the start.
    """
    _, name = CREATED_BY.get(entity, ("", ""))
    if not isinstance(value.get(name), str):
        return None
    inbound = entity.removeprefix(OUTBOUND_PREFIX)
    return bounded_ordering_key(inbound, normalize_identifier(value[name]))


def row_fields(row: dict[str, Any]) -> Fields | None:
    """The fields that a row of stock sets; None where Commerce sends no event of it."""
    if normalize_identifier(row["source"]) != DEFAULT_SOURCE:
        return None
    item = stock.transform(row)
    return {"qty": item["quantity"], "is_in_stock": item["status"]}


def _product(document: dict[str, Any]) -> OwnChange:
    """The change of a *document* of Commerce's REST API."""
    # Commerce's spelling of the SKU may be another.
    fields = {name: field for name, field in document.items() if name != "sku"}
    attributes = fields.pop("custom_attributes", [])
    fields |= {each["attribute_code"]: each["value"] for each in attributes}
    fields |= fields.pop("extension_attributes", {})
    return OwnChange(_name("product"), _sku(document), fields)


def _group(value: Any, key: Any) -> OwnChange:
    group = customer_group.transform(value)
    fields = {
        "customer_group_code": group["code"],
        "tax_class_id": group["tax_class_id"],
    }
    return OwnChange(_name("customer-group"), key and str(key), fields)


def _order_status(value: Any, settings: CommerceSettings) -> OwnChange:
    sets_status = settings.order_status_mode == "status"
    fields = {"status": value["status"]} if sets_status else {}
    return OwnChange(_name("order"), str(value["id"]), fields)


def _shipment(value: Any, settings: CommerceSettings) -> OwnChange:
    return OwnChange(_name("order"), str(value["orderId"]), {})


def _deletion(entity: str) -> "Finder":
    def find(value: Any, settings: CommerceSettings) -> OwnChange:
        key = _sku(value) if entity == "product" else str(value["id"])
        return OwnChange(_name(entity), key, None)

    return find


def _name(entity: str) -> str:
    return OUTBOUND_PREFIX + entity


def _sku(value: dict[str, Any]) -> str:
    return normalize_identifier(value["sku"])


Finder = Callable[[Any, CommerceSettings], OwnChange]

CHANGES: dict[str, Finder] = {
    "catalog_product_create": lambda value, settings: _product(
        product.new_product(value, settings)
    ),
    "catalog_product_update": lambda value, _: _product(product.transform(value)),
    "catalog_product_delete": _deletion("product"),
    "customer_create": lambda value, settings: OwnChange(
        _name("customer"), None, customer.new_customer(value, settings)
    ),
    "customer_update": lambda value, _: OwnChange(
        _name("customer"), str(value["id"]), customer.transform(value)
    ),
    "customer_delete": _deletion("customer"),
    "customer_group_create": lambda value, _: _group(value, None),
    "customer_group_update": lambda value, _: _group(value, value["id"]),
    "customer_group_delete": _deletion("customer-group"),
    "sales_order_status_update": _order_status,
    "sales_order_shipment_create": _shipment,
    "sales_order_shipment_update": _shipment,
}
