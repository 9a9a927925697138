"""Products of Commerce, for the third party: created, updated, deleted."""

from typing import Any

from functions.handlers import DeliveryContext, Target
from functions.handlers.outbound import public_fields


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The product as the third party gets it: every field that Commerce sent.

    Edit it to what the third party reads, for example
    ``{"sku": value["sku"], "title": value.get("name")}``.
    """
    return public_fields(value)


def created(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a new product.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))


def updated(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a changed product.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))


def deleted(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver that a product was deleted.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))
