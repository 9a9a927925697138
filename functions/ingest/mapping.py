"""Foreign payloads as events; edit :func:`to_events` for callers with their own form.

docs/mapping.md has two worked examples.
"""

import json
from collections.abc import Mapping
from typing import Any

from functions.ingest.envelope import InvalidEvent

SENT_AS = "sent_as"  # key of an event: the caller's own names by path of the event's


class InvalidPayload(InvalidEvent):
    """The caller's payload cannot be mapped; the response is a 400.

    Args:
        error: one sentence for the caller.
        errors: messages by the caller's own field.
    """


class MappingFailed(Exception):
    """:func:`to_events` has a bug; the response is a 500, and nothing is published.

    Its ``__cause__`` is what was raised.

    Attributes:
        caller: whose payload it was.
    """

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller


def to_events(
    caller: str, headers: Mapping[str, str], body: bytes
) -> list[dict[str, Any]] | None:
    """The events in a caller's *body*; None for a body in ingest's own form.

    Edit this function, or add to it, for a form of your own. It runs after
    authentication and before validation. The response is that to a batch.

    Args:
        caller: the name that ``check_authentication`` returned.
        headers: by name, in any case.

    Returns:
        Events as in ``data``: ``uid``, ``event``, ``value``; and, for errors,
        ``sent_as`` with the caller's own names: ``{"value.quantity": "Qty"}``.
        Derive the uid from the payload, so that the same document gets the same uid.

    Raises:
        InvalidPayload: the caller must send another body.
    """
    return None


def mapped_items(
    caller: str, headers: Mapping[str, str], body: bytes
) -> list[dict[str, Any]] | None:
    """The result of :func:`to_events` as if it had been posted as JSON.

    Raises:
        InvalidPayload: the caller must send another body.
        MappingFailed: it raised anything else, or returned what JSON cannot hold.
    """
    try:
        events = to_events(caller, headers, body)
        if events is None:
            return None
        # NaN stays, for validation to reject.
        items: list[dict[str, Any]] = json.loads(json.dumps(events))
        if type(items) is not list or any(type(item) is not dict for item in items):
            raise TypeError
        return items
    except InvalidPayload:
        raise
    except Exception as error:
        raise MappingFailed(caller) from error
