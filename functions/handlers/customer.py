"""Customers: created, changed and removed."""

from functions.commerce.documents import record
from functions.commerce.errors import Rejected
from functions.commerce.settings import CommerceSettings
from functions.handlers import CommerceClient, DeliveryContext
from functions.handlers.reconcile import already_created

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


def create(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Create a customer.

    A repeat is refused by Commerce as there already, which counts as done when an
    earlier attempt of ours may have made it.
    """
    try:
        commerce.post("customers", {"customer": new(value, commerce.settings)})
    except Rejected as error:
        if not already_created(error, delivery):
            raise
    return "Customer created successfully"


def update(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Change a customer's name and e-mail address, and nothing else.

    A repeat writes the same again.

    Raises:
        Rejected: there is no such customer.
    """
    there = record(
        commerce.get("customers/{id}", {"fields": ",".join(KEPT)}, id=value["id"])
    )
    customer = changed(value, there, commerce.settings)
    commerce.put("customers/{id}", {"customer": customer}, id=value["id"])
    return "Customer updated successfully"


def delete(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Remove a customer.

    A repeat finds nothing to remove, which is as good.
    """
    commerce.delete("customers/{id}", id=value["id"])
    return "Customer deleted successfully"
