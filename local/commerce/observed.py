"""The events that Commerce observes, with the fields that its own modules send."""

from typing import Any, NamedTuple

PREFIX = "com.adobe.commerce.observer."


class Observed(NamedTuple):
    """One event.

    Attributes:
        name: without ``PREFIX``, like ``catalog_product_save_commit_after``.
        value: flat, as Commerce's models hold it: numbers are often text.
    """

    name: str
    value: dict[str, Any]


def product_saved(product_id: int, record: dict, is_new: bool) -> Observed:
    """A product that was created or updated."""
    value = {**_product(product_id, record), "_isNew": is_new}
    return Observed("catalog_product_save_commit_after", value)


def product_deleted(product_id: int, record: dict) -> Observed:
    """A product that was deleted."""
    return Observed("catalog_product_delete_commit_after", _product(product_id, record))


def customer_saved(customer_id: int, record: dict, is_new: bool) -> Observed:
    """A customer who was created or updated."""
    value = {**_customer(customer_id, record), "_isNew": is_new}
    return Observed("customer_save_commit_after", value)


def customer_deleted(customer_id: int, record: dict) -> Observed:
    """A customer who was deleted."""
    return Observed("customer_delete_commit_after", _customer(customer_id, record))


def group_saved(group_id: int, record: dict) -> Observed:
    """A customer group that was created or updated."""
    return Observed("customer_group_save_commit_after", _group(group_id, record))


def group_deleted(group_id: int, record: dict) -> Observed:
    """A customer group that was deleted."""
    return Observed("customer_group_delete_commit_after", _group(group_id, record))


def order_saved(order_id: int, record: dict, is_new: bool) -> Observed:
    """An order that was placed or changed."""
    value = {
        "id": str(order_id),
        "increment_id": f"{order_id:09d}",
        "status": record["status"],
        "state": record["state"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
        "_isNew": is_new,
    }
    return Observed("sales_order_save_commit_after", value)


def stock_saved(product_id: int, quantity: float, in_stock: bool) -> Observed:
    """A stock item that was changed."""
    value = {
        "item_id": str(product_id),
        "product_id": str(product_id),
        "stock_id": 1,
        "qty": f"{quantity:g}",
        "is_in_stock": str(int(in_stock)),
        "manage_stock": "1",
        "website_id": 0,
    }
    return Observed("cataloginventory_stock_item_save_commit_after", value)


def _product(product_id: int, record: dict) -> dict[str, Any]:
    attributes = record["attributes"]
    price = attributes.get("price")
    value = {
        "id": product_id,
        "sku": record["sku"],
        "name": attributes.get("name"),
        "price": None if price is None else f"{price:.6f}",
        "attribute_set_id": record["attribute_set_id"],
        "type_id": record["type_id"],
        "website_ids": record["website_ids"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
        **attributes.get("custom", {}),
    }
    return {name: field for name, field in value.items() if field is not None}


def _customer(customer_id: int, record: dict) -> dict[str, Any]:
    names = ("email", "firstname", "lastname", "created_at", "updated_at")
    return {
        "id": customer_id,
        **{name: record[name] for name in names if name in record},
        "website_id": str(record["website_id"]),
    }


def _group(group_id: int, record: dict) -> dict[str, Any]:
    return {
        "customer_group_id": str(group_id),
        "customer_group_code": record["code"],
        "tax_class_id": str(record["tax_class_id"]),
    }
