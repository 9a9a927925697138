"""Orders of Commerce, for the third party: created, updated."""

from typing import Any

from functions.handlers import DeliveryContext, Target
from functions.handlers.outbound import public_fields


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The order as the third party gets it: every field that Commerce sent.

    Edit it to what the third party reads, for example
    ``{"number": value.get("increment_id")}``.
    """
    return public_fields(value)


def created(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a new order.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))


def updated(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a changed order.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))
