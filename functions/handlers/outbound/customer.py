"""Customers of Commerce, for the third party: created, updated, deleted."""

from typing import Any

from functions.handlers import DeliveryContext, Target
from functions.handlers.outbound import public_fields


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The customer as the third party gets it: every field that Commerce sent.

    Edit it to what the third party reads, for example
    ``{"number": value["id"], "mail": value.get("email")}``.
    """
    return public_fields(value)


def created(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a new customer.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))


def updated(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a changed customer.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))


def deleted(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver that a customer was deleted.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))
