"""An event as Adobe I/O Events delivers it, and the message that it becomes.

Only what the signature covers is read: the body, and no header.
"""

import hashlib
import json
import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class AdobeEvent:
    """One delivered event; its parts are as they were sent, of any type.

    Attributes:
        delivered: the whole, with the wrapper of older registrations.
        cloud_event: the CloudEvent in it.
    """

    delivered: Any
    cloud_event: dict[str, Any]

    @classmethod
    def read(cls, delivered: Any) -> "AdobeEvent":
        """The event in *delivered*, which may be any JSON.

        Older registrations wrap it: ``{event_id, event, recipient_client_id}``.
        """
        outer = delivered if isinstance(delivered, dict) else {}
        inner = outer.get("event")
        return cls(delivered, inner if isinstance(inner, dict) else outer)

    @property
    def event_id(self) -> str | None:
        """Adobe's id, the same for every attempt; None where it is missing or invalid.

        ``event_id`` is the deprecated name of ``eventid``.
        """
        identifier = self._first("eventid", "event_id", "id")
        if not isinstance(identifier, str) or not ID.fullmatch(identifier):
            return None
        return identifier if len(identifier.encode()) <= MAX_ID_BYTES else None

    @property
    def client_id(self) -> Any:
        """The client id that the event was sent to, under either name."""
        return self._first("recipientclientid", "recipient_client_id")

    @property
    def type(self) -> str:
        """The event type as sent, bounded; in brackets what it is if it is no text."""
        name = self.cloud_event.get("type")
        shown = name if isinstance(name, str) else f"({_kind(name)})"
        return shown[:MAX_TYPE_LENGTH].encode(errors="replace").decode()

    @property
    def source(self) -> str:
        """``/commerce/<provider>``."""
        source = self.cloud_event.get("source")
        provider = source.removeprefix("urn:uuid:") if isinstance(source, str) else ""
        if not provider:
            provider = UNKNOWN_PROVIDER
        elif not PROVIDER.fullmatch(provider):
            digest = hashlib.sha256(provider.encode(errors="replace")).hexdigest()
            provider = f"sha256:{digest}"
        return f"/commerce/{provider}"

    def time(self, received: str) -> str:
        """The event's own time; *received* where it is missing or invalid."""
        time = self.cloud_event.get("time")
        return (isinstance(time, str) and normalize_timestamp(time)) or received

    @property
    def value(self) -> Any:
        """``data.value``, or ``data`` where older versions have the fields there."""
        data = self.cloud_event.get("data")
        return data["value"] if isinstance(data, dict) and "value" in data else data

    def _first(self, *names: str) -> Any:
        """The first of the keys *names* that the event or its wrapper has."""
        outer = self.delivered if isinstance(self.delivered, dict) else {}
        values = (level.get(n) for n in names for level in (self.cloud_event, outer))
        return next((value for value in values if value not in (None, "")), None)

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
        events = [e for e in OUTBOUND_EVENTS.values() if match and e.source == match[1]]
        if not events:
            raise NotPublishable(
                f"Unable to publish event {self.type}: Unknown event type"
            )
        created = [e for e in events if e.name.endswith(".created")]
        others = [e for e in events if e not in created]
        return (created if is_created(self.value) and created else others or created)[0]

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
