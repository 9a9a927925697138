"""An event as Adobe I/O Events delivers it, and the message that it becomes.

Only what the signature covers is read: the body, and no header.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from functions.events.catalog import OUTBOUND_EVENTS, Event, InvalidValue
from functions.events.message import Message, json_bytes, message
from functions.timestamps import normalize_timestamp

MAX_ID_BYTES = 256
MAX_TYPE_LENGTH = 200  # of an event type in an answer or attribute
# com.adobe.commerce.observer.…, or com.adobe.commerce.<app id>.observer.…
TYPE = re.compile(r"(?:[\w.-]+\.)?(observer\.\w+)", re.ASCII)
ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
PROVIDER = re.compile(r"[A-Za-z0-9._~-]{1,128}")
UNKNOWN_PROVIDER = "unknown"


class NotPublishable(Exception):
    """The event cannot be published; a later version of the catalogue may accept it.

    Attributes:
        reason: one sentence, without values.
        event: the catalogue's event, if the type is known.
        fields: paths of the invalid fields.
    """

    def __init__(
        self, reason: str, event: Event | None = None, fields: tuple[str, ...] = ()
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.event = event
        self.fields = fields


class AdobeEvent:
    """One delivered event.

    Args:
        delivered: any JSON. Older registrations wrap the event:
            ``{event_id, event, recipient_client_id}``.

    Attributes:
        delivered: as it came.
        event_id: Adobe's id, the same for every attempt; None where it is missing or
            invalid. ``event_id`` is the deprecated name of ``eventid``.
        client_id: the client id that the event was sent to, under either name.
        type: the event type as sent, bounded; in brackets what it is if it is no text.
        source: ``/commerce/<provider>``.
        value: ``data.value``, or ``data`` where older versions have the fields there.
    """

    def __init__(self, delivered: Any) -> None:
        outer = delivered if isinstance(delivered, dict) else {}
        inner = outer.get("event")
        event = inner if isinstance(inner, dict) else outer
        self.delivered = delivered
        self.event_id = _valid_id(_first(event, outer, "eventid", "event_id", "id"))
        self.client_id = _first(
            event, outer, "recipientclientid", "recipient_client_id"
        )
        self.type = _event_type(event.get("type"))
        self.source = _source(event.get("source"))
        self.value = _value(event.get("data"))
        self._time = event.get("time")

    def time(self, received: str) -> str:
        """The event's own time; *received* where it is missing or invalid."""
        time = self._time
        return (isinstance(time, str) and normalize_timestamp(time)) or received

    def message(self, received: str, traceparent: str | None) -> tuple[Event, Message]:
        """The catalogue's event and its message.

        Args:
            received: when this was delivered.

        Raises:
            NotPublishable: its type is unknown, or its id or value is invalid.
        """
        event = self._event()
        try:
            value = event.load(self.value)
        except InvalidValue as invalid:
            reason = f"Invalid value for {event.name}: {invalid.summary()}"
            raise NotPublishable(reason, event, tuple(invalid.errors)) from None
        if self.event_id is None:
            reason = f"eventid must be text of 1 to {MAX_ID_BYTES} bytes"
            raise NotPublishable(reason, event, ("eventid",))
        time = self.time(received)
        try:
            return event, message(
                event, self.event_id, value, self.source, time, traceparent
            )
        # NaN, infinity, a lone surrogate; or nested too deeply.
        except (ValueError, RecursionError):
            reason = f"Invalid value for {event.name}: it holds what is not JSON"
            raise NotPublishable(reason, event) from None

    def _event(self) -> Event:
        """The catalogue's event that this is.

        Raises:
            NotPublishable: its type is unknown.
        """
        match = TYPE.fullmatch(self.type)
        created, other = _BY_SOURCE.get(match[1] if match else "", (None, None))
        event = created or other if is_created(self.value) else other or created
        if event is None:
            raise NotPublishable(
                f"Unable to publish event {self.type}: Unknown event type"
            )
        return event

    def dead_letter(self, received: str, traceparent: str | None) -> Message:
        """The event as it was delivered, for the dead-letter topic.

        Raises:
            RecursionError: it is nested too deeply.
        """
        attributes = {
            "ce-specversion": "1.0",
            "ce-type": self.type,
            "ce-source": self.source,
            "ce-time": self.time(received),
            "content-type": "application/json",
        }
        if self.event_id is not None:
            attributes["ce-id"] = self.event_id
        if traceparent:
            attributes["traceparent"] = traceparent
        try:
            data = json_bytes(self.delivered)
        except ValueError:
            # As ASCII, with the NaN or lone surrogate for which it is rejected.
            data = json.dumps(self.delivered).encode()
        return Message(data, attributes, "")


def _events_by_source() -> dict[str, tuple[Event | None, Event | None]]:
    """By event of Commerce: the event of a new entity, and that of any other."""
    events: dict[str, tuple[Event | None, Event | None]] = {}
    for event in OUTBOUND_EVENTS.values():
        created, other = events.get(event.source or "", (None, None))
        if event.name.endswith(".created"):
            created = event
        else:
            other = other or event
        events[event.source or ""] = (created, other)
    return events


_BY_SOURCE = _events_by_source()


def _first(event: dict[str, Any], outer: dict[str, Any], *names: str) -> Any:
    """The first of the keys *names* that the event or its wrapper has."""
    for name in names:
        for level in (event, outer):
            value = level.get(name)
            if value is not None and value != "":
                return value
    return None


def _valid_id(identifier: Any) -> str | None:
    if not isinstance(identifier, str) or not ID.fullmatch(identifier):
        return None
    return identifier if len(identifier.encode()) <= MAX_ID_BYTES else None


def _event_type(name: Any) -> str:
    text = name if isinstance(name, str) else f"({_kind(name)})"
    return text[:MAX_TYPE_LENGTH].encode(errors="replace").decode()


def _source(source: Any) -> str:
    provider = source.removeprefix("urn:uuid:") if isinstance(source, str) else ""
    if not provider:
        provider = UNKNOWN_PROVIDER
    elif not PROVIDER.fullmatch(provider):
        digest = hashlib.sha256(provider.encode(errors="replace")).hexdigest()
        provider = f"sha256:{digest}"
    return f"/commerce/{provider}"


def _value(data: Any) -> Any:
    return data["value"] if isinstance(data, dict) and "value" in data else data


def is_created(value: Any) -> bool:
    """Whether a saved entity is new.

    Commerce's ``_isNew`` is exact; without it, an entity that was never updated since
    its creation counts as new. An order that is saved twice within a second is so
    reported as created twice.
    """
    if not isinstance(value, dict):
        return False
    match value.get("_isNew"):
        case True | 1 | "1" | "true":
            return True
        case False | 0 | "0" | "false" | "":
            return False
    created = _moment(value.get("created_at"))
    return created is not None and created == _moment(value.get("updated_at"))


def _moment(text: Any) -> datetime | None:
    """The instant; Commerce's times without a zone are UTC. None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _kind(value: Any) -> str:
    return "none" if value is None else type(value).__name__
