"""Requests and responses of the REST interface, as they are on the wire."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from local.commerce.call import Effect
from local.commerce.errors import CommerceError
from local.commerce.observed import Observed

MAX_BODY_BYTES = 16 * 1024 * 1024


@dataclass
class RestRequest:
    """A request, and what is learned of it on the way.

    Attributes:
        path: never decoded: it is what was signed.
        query: likewise, without the question mark.
        headers: by lower-case name.
        time: seconds since 1970.
        route: its template; None while unknown.
        secret: whether its bodies stay out of the journal.
    """

    method: str
    scheme: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    time: float
    route: str | None = None
    secret: bool = False
    effects: list[Effect] = field(default_factory=list)
    observed: list[Observed] = field(default_factory=list)

    @classmethod
    def from_scope(cls, scope: Scope, body: bytes, time: float) -> "RestRequest":
        """The request of an ASGI scope."""
        return cls(
            scope["method"],
            scope["scheme"],
            scope["raw_path"].decode("ascii", "replace"),
            scope["query_string"].decode("ascii", "replace"),
            {
                name.decode().lower(): value.decode("latin-1")
                for name, value in scope["headers"]
            },
            body,
            time,
        )

    def document(self) -> Any:
        """The JSON document of the body; None without.

        Raises:
            CommerceError: it is not JSON, or its Content-Type is not.
        """
        if self.method not in ("POST", "PUT") or not self.body:
            return None
        content_type = self.headers.get("content-type", "")
        if "json" not in content_type:
            raise CommerceError(
                400,
                "Server cannot understand Content-Type HTTP header media type %1",
                [content_type],
            )
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise CommerceError(400, "Decoding error.") from None


@dataclass(frozen=True)
class RestResponse:
    """A response to send."""

    status: int
    headers: dict[str, str]
    body: bytes


async def read_body(receive: Receive) -> bytes | None:
    """The body; None when the caller disconnects or sends more than the maximum."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def send_response(send: Send, method: str, response: RestResponse) -> None:
    """Send *response*, without its body to a HEAD."""
    headers = {"content-length": str(len(response.body)), **response.headers}
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
        }
    )
    body = b"" if method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})


def json_response(status: int, document: Any) -> RestResponse:
    """A response of Commerce's form."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return RestResponse(
        status, {"content-type": "application/json; charset=utf-8"}, body
    )


def html_response(status: int, text: str) -> RestResponse:
    """A page, as a web server in front of Commerce answers."""
    return RestResponse(
        status, {"content-type": "text/html; charset=utf-8"}, text.encode()
    )
