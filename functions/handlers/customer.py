"""Customers: created, changed and removed."""

from functions.commerce.errors import Rejected
from functions.commerce.settings import CommerceSettings
from functions.commerce.shapes import record
from functions.handlers import Shop, Work
from functions.handlers.repeats import made_before

# What a PUT that leaves it out resets on some versions (magento2#14663, #22869, #7380);
# addresses it leaves alone.
KEPT = (
    "group_id",
    "store_id",
    "website_id",
    "default_billing",
    "default_shipping",
    "disable_auto_group_change",
)


def transform(value: dict) -> dict:
    """What the event says of a customer."""
    return {
        "email": value["email"],
        "firstname": value["name"],
        "lastname": value["lastname"],
    }


def new(value: dict, settings: CommerceSettings) -> dict:
    """A customer with what only a new one is given."""
    customer = transform(value)
    if settings.website_id is not None:
        customer["website_id"] = settings.website_id
    return customer


def changed(value: dict, there: dict, settings: CommerceSettings) -> dict:
    """The event's customer, with what must be kept of the one that is *there*."""
    kept = {name: there[name] for name in KEPT if there.get(name) is not None}
    if "website_id" not in kept and settings.website_id is not None:
        kept["website_id"] = settings.website_id
    return {"id": value["id"], **transform(value), **kept}


def create(value: dict, shop: Shop, work: Work) -> str:
    """Create a customer.

    A repeat is refused by Commerce as there already, which counts as done when an
    earlier attempt of ours may have made it.
    """
    try:
        shop.post("customers", {"customer": new(value, shop.settings)})
    except Rejected as error:
        if not made_before(error, work):
            raise
    return "Customer created successfully"


def update(value: dict, shop: Shop, work: Work) -> str:
    """Change a customer's name and e-mail address, and nothing else.

    A repeat writes the same again.

    Raises:
        Rejected: there is no such customer.
    """
    there = record(
        shop.get("customers/{id}", {"fields": ",".join(KEPT)}, id=value["id"])
    )
    customer = changed(value, there, shop.settings)
    shop.put("customers/{id}", {"customer": customer}, id=value["id"])
    return "Customer updated successfully"


def delete(value: dict, shop: Shop, work: Work) -> str:
    """Remove a customer.

    A repeat finds nothing to remove, which is as good.
    """
    shop.delete("customers/{id}", id=value["id"])
    return "Customer deleted successfully"
