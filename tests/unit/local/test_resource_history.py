"""Both directions of one resource, from the journal and the back office."""

import json
import sqlite3

import pytest

from functions.events import samples
from local.back_office.back_office import Webhook
from local.console.resource_history import history, resource_of
from local.journal import Journal

UPDATE = "be-observer.catalog_product_update"
UPDATED = "commerce.product.updated"
INBOUND = {"sku": "LAMP-1", "name": "n", "price": 1, "description": "d"}
OUTBOUND = {"sku": "Lamp-1 ", "id": 7}


@pytest.fixture
def journal():
    db = sqlite3.connect(":memory:", isolation_level=None)
    yield Journal(db)
    db.close()


def publish(journal, event, uid, message_id, value, at):
    journal.observe(
        "published",
        at,
        component="broker",
        event=event,
        uid=uid,
        message_id=message_id,
        data=json.dumps(value),
    )


def finish(journal, event, uid, message_id, at, **labels):
    journal.observe(
        "outcome", at, event=event, uid=uid, message_id=message_id, **labels
    )


def test_an_event_belongs_to_a_resource(subtests):
    for event, value, resource in [
        (UPDATE, INBOUND, "product:lamp-1"),
        (UPDATED, OUTBOUND, "product:lamp-1"),
        (
            "be-observer.catalog_stock_update",
            samples.value("be-observer.catalog_stock_update"),
            "product:lamp-1",
        ),
        ("commerce.stock.updated", {"product_id": 71}, "stock:71"),
        ("be-observer.customer_update", {"id": 15, "name": "a"}, ""),
        ("be-observer.customer_delete", {"id": 15}, "customer:15"),
        ("commerce.customer.deleted", {"id": "15"}, "customer:15"),
        ("commerce.order.created", {"id": "8"}, "order:8"),
        ("unknown", {}, ""),
        ("", None, ""),
    ]:
        with subtests.test(event=event):
            assert resource_of(event, value) == resource


def test_both_directions_are_on_one_timeline(journal):
    publish(journal, UPDATE, "u-1", "m-1", INBOUND, 1.0)
    finish(journal, UPDATE, "u-1", "m-1", 2.0, outcome="handled", status=200)
    publish(journal, UPDATED, "e-1", "m-2", OUTBOUND, 3.0)
    finish(journal, UPDATED, "e-1", "m-2", 5.0, outcome="skipped", reason="own change")
    publish(journal, UPDATED, "e-2", "m-3", {"sku": "other"}, 6.0)
    webhooks = [
        Webhook(4.0, "e-1", UPDATED, {}, 200, "accepted"),
        Webhook(4.5, "e-2", UPDATED, {}, 200, "accepted"),
    ]

    steps = history(journal, webhooks, "product:LAMP-1")

    assert [(step.direction, step.text, step.detail) for step in steps] == [
        ("inbound", "published", ""),
        ("inbound", "handled", "200"),
        ("outbound", "published", ""),
        ("back office", "webhook accepted", "200"),
        ("outbound", "skipped", "own change"),
    ]
    assert history(journal, webhooks, "product:unknown") == []
    assert history(journal, webhooks, "") == []
