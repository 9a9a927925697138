"""The CloudEvent that a webhook carries, in structured JSON."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from functions.errors import Rejected

CONTENT_TYPE = "application/cloudevents+json"
# Standard Webhooks signs ``id.timestamp.body``: an id holds no full stop.
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class TargetEvent:
    """The attributes of one event, whatever its data is made of.

    Attributes:
        id: Adobe's event id, the same for every attempt.
        type: ``commerce.order.created``.
        source: ``/commerce/<provider>``.
        time: of the event, RFC 3339.
        subject: what it is about: the value of the event's key.
        entity: as in the catalogue.
    """

    id: str
    type: str
    source: str
    time: str
    subject: str
    entity: str

    @property
    def webhook_id(self) -> str:
        """The ``webhook-id``: the event's id, or its hash where it is not plain."""
        if PLAIN_ID.fullmatch(self.id):
            return self.id
        return hashlib.sha256(self.id.encode(errors="replace")).hexdigest()

    def encode(self, data: dict[str, Any]) -> bytes:
        """The request body.

        Raises:
            Rejected: a number of *data* cannot be written as JSON.
        """
        document = {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "time": self.time,
            "subject": self.subject,
            "datacontenttype": "application/json",
            "data": data,
        }
        try:
            return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
        except ValueError:
            message = "A number of the event cannot be written as JSON"
            raise Rejected(400, message) from None
