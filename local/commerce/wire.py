"""Requests and answers of the REST side, as they come and go over the wire."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Send

from local.commerce.errors import Refusal

JSON = "application/json; charset=utf-8"
LARGEST_BODY = 16 * 1024 * 1024


@dataclass
class Asked:
    """A request as it came, and what is found out about it on the way."""

    method: str
    scheme: str
    path: str
    query: str
    headers: dict[str, str]
    content: bytes
    at: float
    route: str | None = None
    secret: bool = False
    effects: list[tuple[str, str, dict]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    headers: dict[str, str]
    content: bytes


async def content_of(receive: Receive) -> bytes | None:
    """The body; None when the caller went away or sends without end."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(send: Send, method: str, answer: Answer) -> None:
    """Send *answer*; a HEAD has no body."""
    headers = {"content-length": str(len(answer.content)), **answer.headers}
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
        }
    )
    body = b"" if method == "HEAD" else answer.content
    await send({"type": "http.response.body", "body": body})


def document_of(asked: Asked) -> Any:
    """The JSON that a request brings; None without.

    Raises:
        Refusal: it is none, or not called so.
    """
    if asked.method not in ("POST", "PUT") or not asked.content:
        return None
    if "json" not in asked.headers.get("content-type", ""):
        raise Refusal(
            400,
            "Server cannot understand Content-Type HTTP header media type %1",
            [asked.headers.get("content-type", "")],
        )
    try:
        return json.loads(asked.content)
    except (ValueError, RecursionError):
        raise Refusal(400, "Decoding error.") from None


def as_json(status: int, document: Any) -> Answer:
    """An answer of Commerce's form."""
    content = json.dumps(document, separators=(",", ":")).encode()
    return Answer(status, {"content-type": JSON}, content)
