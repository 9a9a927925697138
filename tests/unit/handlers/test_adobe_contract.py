"""Every request of the handlers, compared with Adobe's definitions and Adobe's kit."""

import json

import pytest

from functions.commerce.client import PROBE_ROUTE
from functions.errors import HandlerError
from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS
from functions.handlers import dispatch
from tests.support import adobe_kit_events, machine
from tests.support.adobe_definitions import VERSIONS, request_errors
from tests.support.commerce_adapter import (
    PAAS,
    SAAS,
    TOKEN_DOCUMENT,
    connection_with,
    reply,
)
from tests.support.handler_kit import (
    FakeDelivery,
    delivery_with_unknown_outcome,
    rejection,
)

pytestmark = pytest.mark.adobe

ALL_SETTINGS = {
    "COMMERCE_WEBSITE_ID": "1",
    "COMMERCE_PRODUCT_TAX_CLASS_ID": "2",
    "COMMERCE_ORDER_STATUS_MODE": "status",
    "COMMERCE_SHIPMENT_NOTIFY": "true",
}
PARTS = [{"entity_id": 19, "order_item_id": 8, "qty": 1, "weight": None}]
DOCUMENTS = {
    "orders": {"status": "processing", "items": []},
    "customers": {
        "group_id": 1,
        "store_id": 1,
        "website_id": 1,
        "default_billing": "7",
        "default_shipping": "8",
        "disable_auto_group_change": 0,
    },
    "shipment": {
        "entity_id": 33,
        "order_id": 8,
        "items": PARTS,
        "tracks": PARTS,
        "comments": PARTS,
    },
    "products": {"items": [{"sku": "x"}]},
}


def store(request):
    """A store that has every entity."""
    if not request.path:
        return reply(200, TOKEN_DOCUMENT)
    if request.method != "GET":
        return reply(200, True)
    return reply(200, DOCUMENTS.get(request.path.split("/")[0], {"items": []}))


def store_without_shipping(request):
    """The same store, which rejects shipments."""
    if request.path.endswith("/ship"):
        return rejection(400, "The order does not allow a shipment to be created.")
    return store(request)


def requests_of(event, value, base, delivery=None, script=store, **settings):
    """All requests to Commerce when *value* is handled."""
    connection, adapter = connection_with(script, base, **settings)
    handler = dispatch(INBOUND_EVENTS[event])
    try:
        handler(value, connection.session(), delivery or FakeDelivery())
    except HandlerError:
        assert script is store_without_shipping
    return [request for request in adapter.requests if request.path]


def errors_of(version, request):
    return request_errors(
        version, request.method, f"/V1/{request.path}", request.query, request.body
    )


def all_requests_of(event, base):
    """The requests of every path that the handler of *event* takes."""
    value, unknown = samples.value(event), delivery_with_unknown_outcome()
    sent = []
    for settings in ({}, ALL_SETTINGS):
        sent += requests_of(event, value, base, **settings)
        sent += requests_of(event, value, base, unknown, **settings)
        sent += requests_of(
            event, value, base, unknown, store_without_shipping, **settings
        )
    if event.endswith("catalog_product_update"):
        sent += requests_of(event, {**value, "sku": "a/b c"}, base)
    return sent


@pytest.mark.parametrize("event", adobe_kit_events.EVENTS)
def test_every_request_matches_adobes_definition(event):
    """Of the kit's events: make new-event knows no document of Adobe's."""
    by_flavour = {
        "saas": all_requests_of(event, SAAS),
        "paas": all_requests_of(event, PAAS),
    }

    assert all(by_flavour.values())
    assert {
        f"{version}: {request.method} {request.path}": errors
        for version in VERSIONS
        for request in by_flavour["saas" if version == "saas" else "paas"]
        if (errors := errors_of(version, request))
    } == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_probe_matches_adobes_definition(version):
    assert request_errors(version, "GET", f"/V1/{PROBE_ROUTE}", {}) == []


def test_wrong_requests_are_found(subtests):
    for name, method, path, body in [
        (
            "source code in the wrong object",
            "POST",
            "order/8/ship",
            {"items": [], "extension_attributes": {"source_code": "default"}},
        ),
        (
            "missing fields",
            "POST",
            "orders/8/comments",
            {"statusHistory": {"comment": "x"}},
        ),
        ("no product", "POST", "products", {"sku": "a"}),
        ("unknown route", "POST", "nowhere", {}),
        ("unexpected body", "DELETE", "products/a", {}),
    ]:
        for version in VERSIONS:
            with subtests.test(name=name, version=version):
                assert request_errors(version, method, f"/V1/{path}", {}, body) != []


def kit_samples():
    folder = machine.reference()
    if folder is None:
        return []
    listed = json.loads((folder / "kit-samples.json").read_text())
    return [entry for entry in listed if entry.get("rest")]


def test_the_last_request_has_the_route_of_adobes_kit(subtests):
    kits = kit_samples()
    assert kits
    for kit in kits:
        with subtests.test(kit["id"]):
            [event] = [
                e for e in INBOUND_EVENTS.values() if kit["event"].endswith(e.name)
            ]

            last = requests_of(event.name, event.load(kit["data"]), PAAS)[-1]

            assert (last.method, f"/V1/{last.path}") == (
                kit["rest"]["method"],
                kit["rest"]["path"],
            )
