"""Records the body of each request that ingest rejects, on this machine only.

The functions log no value of an event. The local stack shows a rejected body together
with ingest's response, so that a caller can be corrected. An id that is added to the
log entries of a request leads from the entry to the body.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cli.journal_entries import REQUEST
from functions.log import REQUEST_FIELDS, write_to_stdout

MAX_BODY_BYTES = 20_000  # of a request; the rest is not kept
MAX_RESPONSE_BYTES = 60_000
TOKEN = re.compile(rb'("token"\s*:\s*")(?:[^"\\]|\\.)*')


def record_rejections(
    app: ASGIApp,
    explain: Callable[[Mapping[str, str], bytes], str],
    write: Callable[[bytes], Any] = write_to_stdout,
) -> ASGIApp:
    """*app*, whose error responses to a POST are written with the request's body.

    Args:
        explain: from headers and body of a request whose caller is not known, what the
            operator can check.
        write: receives each record as one line of JSON.
    """

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        record = _Record()

        async def receive_and_keep() -> Message:
            message = await receive()
            record.add_to_body(message.get("body", b""))
            return message

        async def keep_and_send(message: Message) -> None:
            record.add_response(message)
            await send(message)

        outer = REQUEST_FIELDS.set({"request": record.request_id})
        try:
            await app(scope, receive_and_keep, keep_and_send)
        finally:
            REQUEST_FIELDS.reset(outer)
        if record.status >= 400:
            hint = ""
            if record.status == 401 and not record.is_cut:
                hint = explain(Headers(scope=scope), record.body)
            write(json.dumps(record.entry(hint)).encode() + b"\n")

    return recorded


class _Record:
    """What is kept of one request and its response."""

    def __init__(self) -> None:
        self.request_id = secrets.token_hex(8)
        self.status = 0
        self.body = b""
        self._length = 0
        self._response = b""

    def add_to_body(self, chunk: bytes) -> None:
        self.body += chunk[: MAX_BODY_BYTES - len(self.body)]
        self._length += len(chunk)

    def add_response(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        if self.status >= 400:
            self._response += message.get("body", b"")[:MAX_RESPONSE_BYTES]

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning of the body is kept."""
        return self._length > len(self.body)

    def entry(self, hint: str) -> dict[str, Any]:
        """The record, in the form of a log entry."""
        try:
            response = json.loads(self._response)
        except ValueError:
            response = None
        # A token that authenticates the caller may stand in the body.
        body = TOKEN.sub(rb"\1(not recorded)", self.body)
        return {
            "stage": "request",
            "component": REQUEST,
            "message_id": self.request_id,
            "status": self.status,
            "body": body.decode(errors="replace"),
            "body_bytes": self._length,
            "hint": hint or None,
            "response": response if isinstance(response, dict) else None,
        }
