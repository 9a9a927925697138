"""Customer groups: create, update, delete."""

from typing import Any

from functions.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext
from functions.handlers.reconcile import already_created


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """A group as Commerce has it."""
    return {"code": value["name"], "tax_class_id": value["taxClassId"]}


def create(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Create a group.

    Calls: `POST customerGroups`.

    Idempotence: Commerce rejects a second one as existing, which counts as success
    when the outcome of an earlier attempt is unknown.
    """
    try:
        delivery.created(commerce.post("customerGroups", {"group": transform(value)}))
    except Rejected as error:
        if not already_created(error, delivery):
            raise
    return "Customer group created successfully"


def update(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Update a group.

    Calls: `PUT customerGroups/{id}`.

    Idempotence: a second call writes the same values again.
    """
    group = {"id": value["id"], **transform(value)}
    commerce.put("customerGroups/{id}", {"group": group}, id=value["id"])
    return "Customer group updated successfully"


def delete(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Delete a group.

    Calls: `DELETE customerGroups/{id}`.

    Idempotence: a second call finds nothing to delete, which counts as success.
    """
    commerce.delete("customerGroups/{id}", id=value["id"])
    return "Customer group deleted successfully"
