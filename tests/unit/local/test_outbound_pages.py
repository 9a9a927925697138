"""The console's forms that change Commerce, and the faults of the back office."""

import sqlite3

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from local.back_office import BackOffice
from local.commerce import StandIn
from local.console.outbound_pages import OutboundPages
from local.journal import Journal


def render(name, request, **values):
    return JSONResponse({"page": name, "values": sorted(values)})


@pytest.fixture
def parts():
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    yield BackOffice(), StandIn(db, orders=3), Journal(db)
    db.close()


def submit(parts, path, **fields):
    """The notice after a form was posted."""
    back_office, stand_in, journal = parts
    pages = OutboundPages(back_office, stand_in, journal, render)
    client = TestClient(Starlette(routes=pages.routes()), follow_redirects=False)
    response = client.post(path, data={"back": "/commerce", **fields})
    assert response.status_code == 303
    return dict(response.next_request.url.params)["notice"]


def product(parts, sku):
    return parts[1].entities.find("product", sku)[0][1]


def test_a_product_is_edited_and_deleted(parts):
    fields = {"sku": "STANDIN-LAMP", "name": "Red", "price": "9.5", "description": "d"}
    notice = submit(parts, "/commerce/product", **fields)

    assert notice == "STANDIN-LAMP is saved in Commerce."
    assert product(parts, "STANDIN-LAMP")["attributes"] == {
        "name": "Red",
        "price": 9.5,
        "status": 1,
        "visibility": 4,
        "custom": {"description": "d"},
    }
    submit(parts, "/commerce/product", sku="STANDIN-LAMP", action="delete")
    assert parts[1].entities.find("product", "STANDIN-LAMP") == []


@pytest.mark.parametrize(
    ("path", "fields", "notice"),
    [
        (
            "/commerce/product",
            {"sku": "NEW"},
            'Commerce rejects it: The "Product Name" attribute value is empty.'
            " Set the attribute and try again.",
        ),
        (
            "/commerce/product",
            {"sku": "STANDIN-LAMP", "price": "x"},
            "Nothing was changed: price must be a number.",
        ),
        (
            "/commerce/order",
            {"sku": "STANDIN-LAMP", "quantity": "0"},
            "Nothing was changed: quantity must be more than 0, at most 1000.",
        ),
        (
            "/commerce/order",
            {"sku": "unknown"},
            "Commerce rejects it: The product that was requested doesn't exist.",
        ),
        (
            "/back-office/fail",
            {"fault": "unknown"},
            "No fault was simulated: choose a fault.",
        ),
    ],
)
def test_an_invalid_form_says_why(parts, path, fields, notice):
    assert submit(parts, path, **fields) == notice


def test_an_order_is_placed(parts):
    notice = submit(parts, "/commerce/order", sku="STANDIN-LAMP", quantity="2")

    order_id = int(notice.split()[1])
    [item] = parts[1].entities.get("order", order_id)["items"]
    assert (item["sku"], item["qty_ordered"]) == ("STANDIN-LAMP", 2)


def test_deliveries_are_switched(parts):
    switches = parts[1].switches
    submit(parts, "/commerce/deliveries", event_duplicates="on")
    assert (switches.event_duplicates, switches.event_batches) == (True, False)
    submit(parts, "/commerce/deliveries")
    assert not switches.event_duplicates


def test_the_back_office_fails_and_recovers(parts):
    notice = submit(parts, "/back-office/fail", fault="503", calls="2")

    assert notice == "The back office fails for 2 calls."
    assert parts[0].faults.as_dicts()[0]["status"] == 503
    assert submit(parts, "/back-office/recover") == "The back office works again."
    assert parts[0].faults.as_dicts() == []


@pytest.mark.parametrize("path", ["/commerce/product", "/commerce/order"])
def test_a_real_store_is_not_changed(parts, path):
    notice = submit((None, None, parts[2]), path, sku="A")

    assert notice == "Commerce is a real store: change it there."


def test_a_real_third_party_has_no_faults(parts):
    notice = submit((None, None, parts[2]), "/back-office/fail", fault="503")

    assert notice.startswith("Events go to a real third party")
