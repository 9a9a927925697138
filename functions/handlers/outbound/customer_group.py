"""Customer groups of Commerce, for the third party: updated, deleted."""

from typing import Any

from functions.handlers import DeliveryContext, Target
from functions.handlers.outbound import public_fields


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The customer group as the third party gets it: every field that Commerce sent.

    Edit it to what the third party reads, for example
    ``{"id": value["customer_group_id"]}``.
    """
    return public_fields(value)


def updated(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a new or changed customer group.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))


def deleted(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver that a customer group was deleted.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))
