"""What is special about outbound events: their time, and the order of their resource.

Adobe promises no order, so an event can be published after a newer one of its resource.
"""

import uuid
from typing import Any

from functions.consumer.delivery import DirectCall, LeasedDelivery
from functions.consumer.push import Push
from functions.events.catalog import Event
from functions.handlers import Target, dispatch
from functions.target.client import DELIVERED
from functions.target.cloud_event import TargetEvent
from functions.timestamps import normalize_timestamp, timestamp


def change_time(event: Event, value: Any, push: Push) -> str:
    """When the change happened that *event* is about, normalised.

    Of a save that is Commerce's ``updated_at``. A deleted resource still carries the
    one of its last save, so there, as where it is missing, the event time counts.
    """
    if event.direction == "inbound" or event.handler == "deleted":
        return push.time
    updated_at = value.get("updated_at")
    if not isinstance(updated_at, str):
        return push.time
    normalized = normalize_timestamp(updated_at, assume_utc=True)
    return push.not_after_publishing(normalized) if normalized else push.time


def target_event(event: Event, value: Any, push: Push | None) -> TargetEvent:
    """The event as the third party sees it; a direct call is an event of its own."""
    return TargetEvent(
        id=push.uid if push else str(uuid.uuid4()),
        type=event.name,
        source=push.source if push and push.source else "/direct",
        time=push.time if push else timestamp(),
        subject=str(value[event.key]),
        entity=event.entity,
    )


def deliver(
    event: Event, value: Any, target: Target, delivery: LeasedDelivery | DirectCall
) -> str:
    """Call the handler, unless a newer event of the resource was delivered.

    Raises:
        Skipped: one was, or this one only reports our own change.
        Rejected, Unavailable: by the handler, or another event of the resource is in
            flight.
    """
    resource = event.ordering_key(value)
    if not delivery.acquire_resource(resource, event, value):
        return DELIVERED  # by an earlier attempt, whose result was not recorded
    message = dispatch(event)(value, target, delivery)
    delivery.resource_applied(resource)
    return message
