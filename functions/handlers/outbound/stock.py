"""Stock of Commerce, for the third party: updated."""

from typing import Any

from functions.handlers import DeliveryContext, Target
from functions.handlers.outbound import public_fields


def transform(value: dict[str, Any]) -> dict[str, Any]:
    """The stock item as the third party gets it: every field that Commerce sent.

    Edit it to what the third party reads, for example
    ``{"product": value["product_id"], "level": value.get("qty")}``.
    """
    return public_fields(value)


def updated(value: dict[str, Any], target: Target, delivery: DeliveryContext) -> str:
    """Deliver a changed stock item.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(transform(value))
