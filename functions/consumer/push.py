"""What reaches a consumer: a push of Pub/Sub's, or a direct call of a person's."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from functions.events.message import parse_traceparent
from functions.timestamps import normalize_timestamp, timestamp


class Unreadable(Exception):
    """A push that holds no event we could read.

    Attributes:
        push: what could be made out of it all the same, to be kept as a dead letter.
        reason: one sentence, without values.
    """

    def __init__(self, push: "Push", reason: str) -> None:
        super().__init__(reason)
        self.push = push
        self.reason = reason


@dataclass(frozen=True)
class Push:
    """A pushed message.

    Attributes:
        data: its bytes, as published.
        attributes: its attributes, as published.
        ordering_key: "" for none.
        message_id: Pub/Sub's, the same on every redelivery.
        subscription: its full name.
        attempt: Pub/Sub's count of tries, from 1; None without a dead-letter policy.
        published: Pub/Sub's time of it, as it came.
    """

    data: bytes
    attributes: dict[str, str]
    ordering_key: str
    message_id: str
    subscription: str
    attempt: int | None
    published: str

    @property
    def event(self) -> str:
        """The event's name, "" where there is none."""
        return self.attributes.get("ce-type", "")

    @property
    def source(self) -> str:
        """Who said so; what is published past ingest need not tell."""
        return self.attributes.get("ce-source", "")

    @property
    def uid(self) -> str:
        """The caller's id of the event; the message's own where none was given."""
        return self.attributes.get("ce-id") or self.message_id

    @property
    def time(self) -> str:
        """When ingest got it, normalised; else when Pub/Sub did; else now."""
        given = self.attributes.get("ce-time", "")
        return (
            normalize_timestamp(given)
            or normalize_timestamp(self.published)
            or timestamp()
        )

    @property
    def traceparent(self) -> str | None:
        """The trace it belongs to."""
        return parse_traceparent(self.attributes.get("traceparent"))

    def value(self) -> Any:
        """The event's value.

        Raises:
            ValueError: the data is not JSON.
        """
        try:
            return json.loads(self.data.decode())
        except RecursionError:
            raise ValueError("nested too deeply") from None


@dataclass(frozen=True)
class DirectRequest:
    """What a person does with curl.

    Attributes:
        missing: names of the parameters that are not there.
    """

    event: Any
    value: Any
    missing: tuple[str, ...]


def read(body: bytes) -> Push | DirectRequest:
    """Tell what *body* is.

    Raises:
        Unreadable: it is a push, but not a readable one.
    """
    try:
        parsed = json.loads(body.decode())
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, dict) and "message" in parsed:
        return _push(parsed, body)
    return _direct(parsed if isinstance(parsed, dict) else {})


def _direct(body: dict) -> DirectRequest:
    missing = tuple(name for name in ("type", "data") if body.get(name, "") == "")
    data = body.get("data")
    if isinstance(data, dict) and data.keys() == {"value"}:
        data = data["value"]
    return DirectRequest(body.get("type"), data, missing)


def _push(envelope: dict, body: bytes) -> Push:
    message = envelope["message"]
    subscription = envelope.get("subscription")
    attempt = envelope.get("deliveryAttempt")
    fields = message if isinstance(message, dict) else {}
    attributes = fields.get("attributes")
    data, whole = _data(fields.get("data", ""))
    push = Push(
        data=data if whole else body,
        attributes=_texts(attributes),
        ordering_key=_text(fields.get("orderingKey")),
        message_id=_text(fields.get("messageId") or fields.get("message_id")),
        subscription=_text(subscription),
        attempt=attempt if type(attempt) is int else None,
        published=_text(fields.get("publishTime") or fields.get("publish_time")),
    )
    for wrong, reason in (
        (not isinstance(message, dict), "The push's message is not an object"),
        (not whole, "The message's data is not base64"),
        (not push.message_id, "The push has no messageId"),
        (_texts(attributes) != (attributes or {}), "The attributes are not texts"),
    ):
        if wrong:
            raise Unreadable(push, reason)
    return push


def _data(text: Any) -> tuple[bytes, bool]:
    try:
        return base64.b64decode(text, validate=True), True
    except (binascii.Error, TypeError, ValueError):
        return b"", False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(attributes: Any) -> dict[str, str]:
    if not isinstance(attributes, dict):
        return {}
    return {k: v for k, v in attributes.items() if isinstance(v, str)}
