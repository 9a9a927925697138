"""Customer groups: created, changed and removed."""

from functions.commerce.errors import Rejected
from functions.handlers import Shop, Work
from functions.handlers.repeats import made_before


def transform(value: dict) -> dict:
    """A group as Commerce has it."""
    return {"code": value["name"], "tax_class_id": value["taxClassId"]}


def create(value: dict, shop: Shop, work: Work) -> str:
    """Create a group.

    A repeat is refused by Commerce as there already, which counts as done when an
    earlier attempt of ours may have made it.
    """
    try:
        shop.post("customerGroups", {"group": transform(value)})
    except Rejected as error:
        if not made_before(error, work):
            raise
    return "Customer group created successfully"


def update(value: dict, shop: Shop, work: Work) -> str:
    """Change a group.

    A repeat writes the same again.
    """
    group = {"id": value["id"], **transform(value)}
    shop.put("customerGroups/{id}", {"group": group}, id=value["id"])
    return "Customer group updated successfully"


def delete(value: dict, shop: Shop, work: Work) -> str:
    """Remove a group.

    A repeat finds nothing to remove, which is as good.
    """
    shop.delete("customerGroups/{id}", id=value["id"])
    return "Customer group deleted successfully"
