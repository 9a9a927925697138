"""A local stack behind a token, with its stand-in and the operator commands."""

import base64
import hashlib
import hmac
import json
import sqlite3
from typing import Any

import requests

from tests.support.consumer_kit import PRODUCT_CREATE, PRODUCT_VALUE
from tests.support.debugging_page import Entry
from tests.support.running import COMMAND_POLL_SECONDS, RunningStack
from tests.support.stand_in_control import StandInControl

TOKEN = "erp-token-0123456789"
SIGNING_KEY = bytes(range(32))
UPDATE = "be-observer.catalog_product_update"
DELETE = "be-observer.catalog_product_delete"
WAIT_SECONDS = 30
MAX_ATTEMPTS = 20  # until an event is exhausted
EVENT = json.dumps(
    {"data": {"uid": "u-1", "event": PRODUCT_CREATE, "value": PRODUCT_VALUE}}
).encode()


class DebuggingStack(RunningStack):
    """A running stack.

    Attributes:
        commerce: control of its stand-in.
    """

    commerce: StandInControl

    def start(self) -> "DebuggingStack":
        super().start()
        self.commerce = StandInControl(self.stack["commerce"])
        return self

    def send(
        self, event: str, value: Any, uid: str, **headers: str
    ) -> requests.Response:
        """Post an event."""
        body = {"data": {"uid": uid, "event": event, "value": value}}
        return self.send_bytes(json.dumps(body).encode(), **headers)

    def send_bytes(self, body: bytes, **headers: str) -> requests.Response:
        """Post any body."""
        headers = {"Authorization": f"Bearer {TOKEN}", **headers}
        return requests.post(self.stack["ingest"], body, headers=headers, timeout=30)

    def publish(self, event: str, value: Any, uid: str) -> None:
        """Post an event that ingest accepts."""
        assert self.send(event, value, uid).status_code == 200

    def wait_for_output(self, text: str, *arguments: str) -> str:
        """The output of an operator command as soon as *text* is in it."""
        output = ""

        def has_text() -> bool:
            nonlocal output
            output = self.command(*arguments)
            return text in output

        self.wait_for(has_text, WAIT_SECONDS, COMMAND_POLL_SECONDS)
        return output

    def trace(self, uid: str, status: str) -> str:
        """The output of ``trace`` as soon as it ends in *status*."""
        output = self.wait_for_output(f"now: {status}", "trace", uid)
        if status in ("handled", "rejected"):
            # The ledger has the result before the consumer's log entry was read.
            self.outcome(uid, status)
            output = self.command("trace", uid)
        return output

    def assert_shown(self, entry: Entry, output: str) -> None:
        """*output* and the log entries are as *entry* says."""
        # A response may arrive before its log entry was read.
        self.wait_for(
            lambda: entry.unmatched_queries(self.log_entries()) == [], WAIT_SECONDS
        )
        entry.assert_shown(output, self.log_entries())

    def log_entries(self) -> list[dict[str, Any]]:
        """The functions' log entries, from the stack's journal."""
        path = self.folder / "state.sqlite"
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        rows = database.execute(
            "SELECT stage, event, entity, uid, message_id, more FROM journal_entry"
        ).fetchall()
        database.close()
        names = ("stage", "event", "entity", "uid", "message_id")
        return [
            {**dict(zip(names, columns, strict=True)), **json.loads(more)}
            for *columns, more in rows
        ]


def product(sku: str, **fields: Any) -> dict[str, Any]:
    """The value of a product's event."""
    return {**PRODUCT_VALUE, "sku": sku, **fields}


def log_entries(output: bytes) -> list[dict[str, Any]]:
    """The log entries in a function's *output*."""
    return [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]


def signature_headers(body: bytes, seconds: float) -> dict[str, str]:
    """The headers of Standard Webhooks for *body*, sent at *seconds* since 1970."""
    signed = f"msg_1.{int(seconds)}.".encode() + body
    digest = hmac.digest(SIGNING_KEY, signed, hashlib.sha256)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(seconds)),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
