"""Dead letters of the receiver of Commerce's events: what Adobe delivered."""

import json
from dataclasses import replace

from cli.dead_letter import DeadLetter
from functions.commerce_events.adobe_event import AdobeEvent, NotPublishable


class StillNotPublishable(Exception):
    """This version cannot publish the event; the text says why."""


def as_published(dead_letter: DeadLetter) -> DeadLetter:
    """*dead_letter* as if its event had been published, by today's catalogue.

    Raises:
        StillNotPublishable: its type is still unknown, or its value invalid.
    """
    try:
        delivered = json.loads(dead_letter.data)
    except (ValueError, RecursionError):
        raise StillNotPublishable("It is not JSON: discard it") from None
    try:
        event, message = AdobeEvent(delivered).message(
            dead_letter.time, dead_letter.attributes.get("traceparent")
        )
    except NotPublishable as error:
        advice = "correct its schema" if error.event else "add it to the catalogue"
        raise StillNotPublishable(
            f"{error.reason}: {advice}, deploy, and replay it; or discard it"
        ) from None
    return replace(
        dead_letter,
        event=event.name,
        entity=event.entity,
        ordering_key=message.ordering_key,
        attributes=message.attributes,
        data=message.data,
    )
