"""Decoding of what reaches a consumer: a Pub/Sub push, or a direct call."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from functions.events.message import parse_traceparent
from functions.timestamps import normalize_timestamp, timestamp

WEBHOOK_ID = "webhook-id"  # attribute: the signed id of the request, under HMAC


@dataclass(frozen=True)
class Push:
    """A pushed message.

    Attributes:
        data: as published; the whole request body where it could not be decoded.
        attributes: as published.
        ordering_key: "" for none.
        message_id: Pub/Sub's, the same on every redelivery.
        subscription: its full name.
        attempt: Pub/Sub's count of delivery attempts, from 1; None without a
            dead-letter policy.
        published: Pub/Sub's publish time, as received.
        defect: why the push cannot be processed, as a sentence; "" when it can.
    """

    data: bytes
    attributes: dict[str, str]
    ordering_key: str
    message_id: str
    subscription: str
    attempt: int | None
    published: str
    defect: str = ""

    @property
    def event(self) -> str:
        """The event type, "" where there is none."""
        return self.attributes.get("ce-type", "")

    @property
    def source(self) -> str:
        """Where the event comes from; "" where the publisher did not say."""
        return self.attributes.get("ce-source", "")

    @property
    def uid(self) -> str:
        """The caller's id of the event; else the message id."""
        return self.attributes.get("ce-id") or self.message_id

    @property
    def time(self) -> str:
        """The event time, normalised; else Pub/Sub's publish time; else now.

        It is never later than the publish time: a publisher whose clock is ahead would
        make every later event outdated.
        """
        return self.not_after_publishing(
            normalize_timestamp(self.attributes.get("ce-time", ""))
        )

    def not_after_publishing(self, time: str | None) -> str:
        """The normalised *time*, or the publish time where it is None or later."""
        published = normalize_timestamp(self.published) or timestamp()
        return min(time or published, published)

    @property
    def webhook_id(self) -> str:
        """The signed id of the request; "" where there was none."""
        return self.attributes.get(WEBHOOK_ID, "")

    @property
    def traceparent(self) -> str | None:
        """The trace that the event belongs to."""
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
    """A direct call of an operator.

    Attributes:
        missing: names of the absent parameters.
    """

    event: Any
    value: Any
    missing: tuple[str, ...]


def decode(body: bytes) -> Push | DirectRequest:
    """Read a request body; a push that cannot be processed says so in ``defect``."""
    try:
        parsed = json.loads(body.decode())
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, dict) and "message" in parsed:
        return _decode_push(parsed, body)
    return _decode_direct(parsed if isinstance(parsed, dict) else {})


def _decode_direct(body: dict[str, Any]) -> DirectRequest:
    missing = tuple(name for name in ("type", "data") if body.get(name, "") == "")
    data = body.get("data")
    if isinstance(data, dict) and data.keys() == {"value"}:
        data = data["value"]
    return DirectRequest(body.get("type"), data, missing)


def _decode_push(envelope: dict[str, Any], body: bytes) -> Push:
    message = envelope["message"]
    attempt = envelope.get("deliveryAttempt")
    fields = message if isinstance(message, dict) else {}
    given = fields.get("attributes")
    attributes = _text_attributes(given)
    data = _decode_base64(fields.get("data", ""))
    message_id = _text(fields.get("messageId") or fields.get("message_id"))
    if not isinstance(message, dict):
        defect = "The push's message is not an object"
    elif data is None:
        defect = "The message's data is not base64"
    elif not message_id:
        defect = "The push has no messageId"
    elif b"\\u" in body and _has_lone_surrogates(envelope):
        defect = "The push holds lone surrogates, which are no text"
    elif attributes != (given or {}):
        defect = "The attributes are not texts"
    else:
        defect = ""
    return Push(
        data=body if data is None else data,
        attributes=attributes,
        ordering_key=_text(fields.get("orderingKey")),
        message_id=message_id,
        subscription=_text(envelope.get("subscription")),
        attempt=attempt if type(attempt) is int else None,
        published=_text(fields.get("publishTime") or fields.get("publish_time")),
        defect=defect,
    )


def _decode_base64(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    """A text as it can be published again; "" for another value."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode()


def _text_attributes(attributes: Any) -> dict[str, str]:
    if not isinstance(attributes, dict):
        return {}
    return {_text(k): _text(v) for k, v in attributes.items() if isinstance(v, str)}


def _has_lone_surrogates(envelope: Any) -> bool:
    try:
        json.dumps(envelope, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
