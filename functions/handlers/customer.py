"""Customers: create, update, delete."""

from typing import Any

from functions.commerce.documents import read_object
from functions.commerce.settings import CommerceSettings
from functions.errors import Rejected
from functions.handlers import CommerceClient, DeliveryContext
from functions.handlers.reconcile import already_created

# A PUT resets these on some versions when it leaves them out (magento2#14663, #22869,
# #7380, #27909); it does not reset addresses.
KEPT = (
    "group_id",
    "store_id",
    "website_id",
    "default_billing",
    "default_shipping",
    "disable_auto_group_change",
    "custom_attributes",
)
KEPT_FIELDS = {"fields": ",".join(KEPT) + "[attribute_code,value]"}


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The customer's fields that the event carries."""
    return {
        "email": value["email"],
        "firstname": value["name"],
        "lastname": value["lastname"],
    }


def new_customer(value: dict[str, Any], settings: CommerceSettings) -> dict[str, Any]:
    """A customer with the fields that only a new one gets."""
    customer = transform(value)
    if settings.website_id is not None:
        customer["website_id"] = settings.website_id
    return customer


def updated_customer(
    value: dict[str, Any], current: dict[str, Any], settings: CommerceSettings
) -> dict[str, Any]:
    """The event's customer, with the fields of the *current* one that must be kept."""
    kept = {name: current[name] for name in KEPT if current.get(name) not in (None, [])}
    if "website_id" not in kept and settings.website_id is not None:
        kept["website_id"] = settings.website_id
    return {"id": value["id"], **transform(value), **kept}


def create(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Create a customer.

    Calls: `POST customers`.

    Idempotence: Commerce rejects a second one as existing, which counts as success
    when the outcome of an earlier attempt is unknown.
    """
    body = {"customer": new_customer(value, commerce.settings)}
    try:
        delivery.created(commerce.post("customers", body))
    except Rejected as error:
        if not already_created(error, delivery):
            raise
    return "Customer created successfully"


def update(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Update a customer's name and e-mail address, and nothing else.

    Calls: `GET`, then `PUT customers/{id}`.

    Idempotence: a second call writes the same values again.

    Raises:
        Rejected: the customer does not exist.
    """
    current = read_object(commerce.get("customers/{id}", KEPT_FIELDS, id=value["id"]))
    customer = updated_customer(value, current, commerce.settings)
    commerce.put("customers/{id}", {"customer": customer}, id=value["id"])
    return "Customer updated successfully"


def delete(
    value: dict[str, Any], commerce: CommerceClient, delivery: DeliveryContext
) -> str:
    """Delete a customer.

    Calls: `DELETE customers/{id}`.

    Idempotence: a second call finds nothing to delete, which counts as success.
    """
    commerce.delete("customers/{id}", id=value["id"])
    return "Customer deleted successfully"
