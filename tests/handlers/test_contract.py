"""Every request we make, held against Adobe's definitions and Adobe's own kit."""

import json

import pytest

from cli.check_commerce import READS
from functions.commerce.client import PROBE_ROUTE
from functions.commerce.errors import HandlerError
from functions.events import samples
from functions.events.catalog import EVENTS
from functions.handlers import DirectCall, dispatch
from tests import adobe, machine
from tests.commerce.canned import PAAS, SAAS, Asked, commerce, response
from tests.handlers.shops import Unsure, refused

pytestmark = pytest.mark.adobe

FULL = {
    "COMMERCE_WEBSITE_ID": "1",
    "COMMERCE_PRODUCT_TAX_CLASS_ID": "2",
    "COMMERCE_ORDER_STATUS_MODE": "status",
    "COMMERCE_SHIPMENT_NOTIFY": "true",
}
PARTS = [{"entity_id": 19, "order_item_id": 8, "qty": 1, "weight": None}]
SHIPMENT = {
    "entity_id": 33,
    "order_id": 8,
    "items": PARTS,
    "tracks": PARTS,
    "comments": PARTS,
}
CUSTOMER = {
    "group_id": 1,
    "store_id": 1,
    "website_id": 1,
    "default_billing": "7",
    "default_shipping": "8",
    "disable_auto_group_change": 0,
}


def store(asked: Asked):
    """A store that has whatever is asked for."""
    first = asked.path.split("/")[0]
    if not asked.path:
        return response(200, {"access_token": "t", "expires_in": 86400})
    if asked.method != "GET":
        return response(200, True)
    return response(
        200,
        {
            "orders": {"status": "processing", "items": []},
            "customers": CUSTOMER,
            "shipment": SHIPMENT,
            "products": {"items": [{"sku": "x"}]},
        }.get(first, {"items": []}),
    )


def full(asked: Asked):
    """The same store, which ships no more."""
    if asked.path.endswith("/ship"):
        return refused(400, "The order does not allow a shipment to be created.")
    return store(asked)


def requests_of(event, value, base, work=None, script=store, **settings):
    """All requests that handling *value* makes of Commerce."""
    client, adapter = commerce(script, base, **settings)
    try:
        dispatch(EVENTS[event])(value, client.session(), work or DirectCall())
    except HandlerError:
        assert script is full
    return [asked for asked in adapter.asked if asked.path]


def faults(version, asked):
    return adobe.validate_request(
        version,
        asked.method,
        f"/V1/{asked.path}",
        asked.query,
        # requests leaves None where there is no body
        asked.body,
    )


@pytest.mark.parametrize("version", adobe.VERSIONS)
@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_request_is_as_adobe_defines_it(event, version):
    base = SAAS if version == "saas" else PAAS
    value = samples.value(event)
    made = []
    for settings in ({}, FULL):
        made += requests_of(event, value, base, **settings)
        made += requests_of(event, value, base, Unsure(), **settings)
        made += requests_of(event, value, base, Unsure(), full, **settings)
    if event.endswith("catalog_product_update"):
        made += requests_of(event, {**value, "sku": "a/b c"}, base)

    assert made
    assert {
        f"{asked.method} {asked.path}": found
        for asked in made
        if (found := faults(version, asked))
    } == {}


@pytest.mark.parametrize("version", adobe.VERSIONS)
@pytest.mark.parametrize(
    ("path", "query"),
    [(PROBE_ROUTE, {}), *((route, query) for _, route, query in READS)],
    ids=[PROBE_ROUTE, *(route for _, route, _ in READS)],
)
def test_what_else_is_read_is_as_adobe_defines_it(version, path, query):
    assert adobe.validate_request(version, "GET", f"/V1/{path}", query) == []


@pytest.mark.parametrize("version", adobe.VERSIONS)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param(
            "POST",
            "order/8/ship",
            {"items": [], "extension_attributes": {"source_code": "default"}},
            id="source code where Commerce does not read it",
        ),
        pytest.param(
            "POST", "orders/8/comments", {"statusHistory": {"comment": "x"}}, id="short"
        ),
        pytest.param("POST", "products", {"sku": "a"}, id="no product"),
        pytest.param("POST", "nowhere", {}, id="no route"),
        pytest.param("DELETE", "products/a", {}, id="a body where none is due"),
    ],
)
def test_the_judge_finds_what_is_wrong(version, method, path, body):
    assert adobe.validate_request(version, method, f"/V1/{path}", {}, body) != []


def kit_samples():
    folder = machine.reference()
    if folder is None:
        return []
    listed = json.loads((folder / "kit-samples.json").read_text())
    return [one for one in listed if one.get("rest")]


@pytest.mark.parametrize("kit", kit_samples(), ids=lambda kit: kit["id"])
def test_the_last_request_goes_where_the_kits_goes(kit):
    [event] = [e for e in EVENTS.values() if kit["event"].endswith(e.name)]

    last = requests_of(event.name, event.load(kit["data"]), PAAS)[-1]

    assert (last.method, f"/V1/{last.path}") == (
        kit["rest"]["method"],
        kit["rest"]["path"],
    )
