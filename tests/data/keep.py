"""Writes what this version leaves behind for the next: ``python -m tests.data.keep``.

Run once before a version is released, and kept with it: tests/consumer/test_upgrade.py
has the code as it is finish what each version left.
"""

import base64
import json
import sqlite3
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from functions.consumer.dead_letters import letter_attributes
from functions.consumer.push import read
from functions.events import catalog, samples
from functions.events.message import fingerprint, message
from functions.ledger.decisions import Delivery, Outcome
from functions.ledger.firestore import _document
from functions.ledger.ledger import Claim, Ledger, thing_hash, uid_hash
from functions.ledger.sqlite import SqliteStore
from functions.moment import timestamp
from local.broker import wire
from local.broker.dead_letters import forwarded

HERE = Path(__file__).parent
SOURCE = "/ingest/erp"
SUBSCRIPTION = "projects/p/subscriptions/commerce-{}"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LEASE = 40
CENTURY_DAYS = 36_500.0
UPDATED = "be-observer.catalog_product_update"
COMMENTED = "be-observer.sales_order_status_update"
SHIPPED = "be-observer.sales_order_shipment_create"
STOCK = "be-observer.catalog_stock_update"

DONE = Outcome(200, "Product updated successfully", final=True)
REFUSED = Outcome(400, "Commerce answered 400 to PUT products/{sku}: No", final=True)
NO_EFFECT = Outcome(429, "Commerce answered 429", final=False)
UNKNOWN = Outcome(504, "no answer in time", final=False, unsure=True)


def product(sku: str) -> dict:
    return {**samples.value(UPDATED), "sku": sku}


def comment(order: int) -> dict:
    return {**samples.value(COMMENTED), "id": order}


def shipment(order: int) -> dict:
    items = [{"orderItemId": order, "qty": 1}]
    return {**samples.value(SHIPPED), "orderId": order, "items": items}


def stock(quantity: int) -> list[dict]:
    row = {"sku": "STANDIN-LAMP", "source": "default", "outOfStock": False}
    return [{**row, "quantity": quantity}]


# A message for each state of the ledger's table, and for each of a stock mark, in order
# of ce-time: name, event, value, how it got there.
STATES: tuple[tuple[str, str, Any, Outcome | str], ...] = (
    ("done", UPDATED, product("STANDIN-LAMP"), DONE),
    ("refused", UPDATED, product("STANDIN-CHAIR"), REFUSED),
    ("failed-no-effect", COMMENTED, comment(10), NO_EFFECT),
    ("failed-effect-unknown", COMMENTED, comment(12), UNKNOWN),
    ("lost", SHIPPED, shipment(14), "lost"),
    ("under-way", COMMENTED, comment(16), "under way"),
    ("stock-older", STOCK, stock(8), "new"),
    ("stock-newer", STOCK, stock(9), DONE),
    ("stock-at-work", STOCK, stock(7), "lost"),
)


def push(name: str, event: str, value: Any, at: str) -> dict:
    """A message as ingest publishes it and Pub/Sub pushes it; its data as text."""
    about = catalog.EVENTS[event]
    made = message(about, f"uid-{name}", about.load(value), SOURCE, at, TRACE)
    return {
        "message": {
            "data": made.data.decode(),
            "attributes": made.attributes,
            "messageId": f"m-{name}",
            "orderingKey": made.ordering_key,
            "publishTime": at,
        },
        "subscription": SUBSCRIPTION.format(about.entity),
        "deliveryAttempt": 1,
    }


def in_base64(kept: dict) -> dict:
    """A kept push as it goes over the wire."""
    data = base64.b64encode(kept["message"]["data"].encode()).decode()
    return {**kept, "message": {**kept["message"], "data": data}}


def claim(ledger: Ledger, kept: dict) -> Claim:
    """Claim a kept push as the consumer does."""
    got = read(json.dumps(in_base64(kept)).encode())
    event = catalog.find(got.event)
    value = event.load(got.value())
    key = event.ordering_key(value)
    given = Delivery(
        message_id=got.message_id,
        uid=uid_hash(got.uid),
        thing=thing_hash(key) if key else None,
        event=event.name,
        entity=event.entity,
        fingerprint=fingerprint(event.name, value),
        happening=event.happening,
        time=got.time,
    )
    return ledger.claim(got.source, got.uid, given)


def fill(store: SqliteStore, pushes: dict[str, dict]) -> None:
    """Bring each message of *pushes* into its state."""
    now = time.time()
    ledger = Ledger(store, LEASE, CENTURY_DAYS, lambda: now - 600)
    for name, _, _, how in STATES:
        if how == "new":
            continue
        lease = CENTURY_DAYS * 86_400 if how == "under way" else LEASE
        own = Ledger(store, lease, CENTURY_DAYS, lambda: now - 600)
        claimed = claim(own, pushes[name])
        if name.startswith("stock"):
            mark = ["stock:STANDIN-LAMP@default"]
            assert own.claim_marks(claimed, mark) == ["send"]
            if how == DONE:
                own.apply_marks(claimed, mark)
        if isinstance(how, Outcome):
            assert ledger.settle(claimed, how)


def dead_letters() -> Iterator[dict]:
    """One that the consumer stored, and one that Pub/Sub did after the last try."""
    moment = datetime.now(UTC)
    for name, by in (("refused-letter", "consumer"), ("tried-letter", "pubsub")):
        kept = push(name, UPDATED, product("STANDIN-TABLE"), timestamp(moment))
        got = read(json.dumps(in_base64(kept)).encode())
        attributes = letter_attributes(got, 400, REFUSED.answer, moment)
        if by == "pubsub":
            published = wire.PubsubMessage(attributes=got.attributes)
            published.publish_time.FromDatetime(moment)
            attributes = dict(forwarded(published, got.subscription, 100).attributes)
        yield {**kept["message"], "attributes": attributes, "by": by}


def main(folder: Path) -> None:
    """Write everything into *folder*."""
    folder.mkdir()
    moments = iter(range(100))

    def at() -> str:
        return f"2026-11-01T00:00:{next(moments):02d}.000000Z"

    pushes = {name: push(name, event, value, at()) for name, event, value, _ in STATES}
    events = {
        name.removeprefix("be-observer."): push(name, name, samples.value(name), at())
        for name in catalog.EVENTS
    }
    with TemporaryDirectory() as place:
        store = SqliteStore(f"{place}/ledger.sqlite")
        fill(store, pushes)
        with sqlite3.connect(f"{place}/ledger.sqlite") as db:
            dump = "\n".join(db.iterdump())
            rows = db.execute("SELECT key, record FROM ledger").fetchall()
    documents = {key: _document(json.loads(record)) for key, record in rows}
    for name, kept in (
        ("states.json", pushes),
        ("events.json", events),
        ("dead_letters.json", list(dead_letters())),
        ("firestore.json", documents),
    ):
        text = json.dumps(
            kept, indent=2, ensure_ascii=False, default=datetime.isoformat
        )
        (folder / name).write_text(text + "\n")
    (folder / "ledger.sql").write_text(dump + "\n")


def version() -> str:
    """What this version is called."""
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]
    return project["version"]


if __name__ == "__main__":
    main(HERE / version())
