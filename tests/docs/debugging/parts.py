"""docs/debugging.md: each symptom is made to happen, and what is to be done helps.

What the page quotes is read from it and looked for in what a whole local stack, or a
function as a process of its own, really says.
"""

import base64
import hashlib
import hmac
import json
import sqlite3

import pytest
import requests
from click.testing import CliRunner

from cli.__main__ import main
from tests.consumer.parts import PRODUCT, VALUE
from tests.docs.debugging import page
from tests.running import RunningStack
from tests.support.stand_in_control import StandInControl

ENTRIES = page.entries()
TRIED: set[str] = set()
TOKEN = "erp-token-0123456789"
KEY = bytes(range(32))
UPDATE = "be-observer.catalog_product_update"
DELETE = "be-observer.catalog_product_delete"
SECONDS = 30


def entry_of(title: str):
    """The test makes this entry happen."""
    TRIED.add(title)
    return pytest.mark.parametrize("entry", [pytest.param(ENTRIES[title], id=title)])


class Bench(RunningStack):
    """A stack behind a token, its shop, and the operator's commands."""

    def start(self) -> "Bench":
        super().start()
        self.shop = StandInControl(self.stack["commerce"])
        return self

    def send(self, event: str, value, uid: str, **headers: str) -> requests.Response:
        body = {"data": {"uid": uid, "event": event, "value": value}}
        return self.raw(json.dumps(body).encode(), **headers)

    def raw(self, body: bytes, **headers: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", **headers}
        return requests.post(self.stack["ingest"], body, headers=headers, timeout=30)

    def taken(self, event: str, value, uid: str) -> None:
        assert self.send(event, value, uid).status_code == 200

    def command(self, *arguments: str) -> str:
        """What a command says."""
        environment = {"LOCAL_STATE": str(self.folder)}
        result = CliRunner(env=environment).invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def life(self, uid: str, now: str) -> str:
        """What ``trace`` says, as soon as that ends in *now*."""
        told = []

        def there() -> bool:
            told.append(self.command("trace", uid))
            return f"now: {now}" in told[-1]

        self.wait_for(there, SECONDS)
        if now in ("handled", "rejected"):
            # The ledger knows it before the consumer's lines were read.
            self.outcome(uid, now)
            there()
        return told[-1]

    def shows(self, entry: page.Entry, said: str) -> None:
        """*said* is as *entry* has it, and so are the log lines, soon."""
        # An answer may be here before the line that tells of it was read.
        self.wait_for(lambda: entry.unfound(self.lines()) == [], SECONDS)
        entry.is_shown_by(said, self.lines())

    def lines(self) -> list[dict]:
        """What the functions logged, as the stack has kept it."""
        db = sqlite3.connect(f"file:{self.folder / 'state.sqlite'}?mode=ro", uri=True)
        rows = db.execute(
            "SELECT stage, event, entity, uid, message_id, more FROM happened"
        ).fetchall()
        db.close()
        names = ("stage", "event", "entity", "uid", "message_id")
        return [
            {**dict(zip(names, columns, strict=True)), **json.loads(more)}
            for *columns, more in rows
        ]


def product(sku: str, **more) -> dict:
    return {**VALUE, "sku": sku, **more}


def lines_of(said: bytes) -> list[dict]:
    return [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]


def signed(body: bytes, at: float) -> dict[str, str]:
    text = f"msg_1.{int(at)}.".encode() + body
    signature = base64.b64encode(hmac.digest(KEY, text, hashlib.sha256)).decode()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{signature}",
    }


EVENT = json.dumps({"data": {"uid": "u-1", "event": PRODUCT, "value": VALUE}}).encode()
