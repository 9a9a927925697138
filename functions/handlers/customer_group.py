"""Customer groups: created, changed and removed."""

from functions.commerce.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext
from functions.handlers.reconcile import already_created


def transform(value: dict) -> dict:
    """A group as Commerce has it."""
    return {"code": value["name"], "tax_class_id": value["taxClassId"]}


def create(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Create a group.

    A repeat is refused by Commerce as there already, which counts as done when an
    earlier attempt of ours may have made it.
    """
    try:
        commerce.post("customerGroups", {"group": transform(value)})
    except Rejected as error:
        if not already_created(error, delivery):
            raise
    return "Customer group created successfully"


def update(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Change a group.

    A repeat writes the same again.
    """
    group = {"id": value["id"], **transform(value)}
    commerce.put("customerGroups/{id}", {"group": group}, id=value["id"])
    return "Customer group updated successfully"


def delete(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Remove a group.

    A repeat finds nothing to remove, which is as good.
    """
    commerce.delete("customerGroups/{id}", id=value["id"])
    return "Customer group deleted successfully"
