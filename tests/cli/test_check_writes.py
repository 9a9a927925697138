"""``check-commerce --writes``: tells what we might write, and writes nothing."""

import json

import pytest
import requests

from cli.check_writes import WRITES
from tests import adobe
from tests.cli.test_check_commerce import checked, on_the_wire, store
from tests.commerce.canned import PAAS, SAAS, response
from tests.support.running_stand_in import RunningStandIn

REQUIRED = '"%fieldName" is required. Enter and try again.'


def writable(asked, refuse=(), **other):
    """A store that misses what an empty document lacks, where it allows to write."""
    if asked.method == "GET" or asked.url.endswith("/token/v3"):
        return store(asked)
    if asked.path in refuse:
        return store(asked, refuse=refuse)
    if asked.path in other:
        return response(*other[asked.path])
    [part] = [write.part for write in WRITES if write.route == asked.path]
    document = {"message": REQUIRED, "parameters": {"fieldName": part}}
    return response(400, document)


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["paas", "saas"])
def test_permissions_to_write_are_tried_by_empty_documents_alone(base):
    status, found, asked = checked(writable, base, writes=True)

    told = [(name, f["ok"]) for name, f in found.items() if "write" in name]
    assert status == 0
    assert told == [
        *((f"write {w.what}", True) for w in WRITES),
        ("other writes", None),
    ]
    sent = [one for one in asked if one.method != "GET" and "/token/" not in one.url]
    assert [(one.method, one.path) for one in sent] == [
        (write.method, write.route) for write in WRITES
    ]
    assert [one.body for one in sent] == [{}] * len(WRITES)


def test_a_missing_permission_to_write_is_named():
    status, found, _ = checked(
        lambda asked: writable(asked, refuse=("shipment",)), writes=True
    )

    assert status == 1
    assert [name for name, line in found.items() if line["ok"] is False] == [
        "write shipments"
    ]
    assert found["write shipments"]["detail"] == (
        "not allowed: Commerce answered 401 to POST shipment:"
        " The consumer isn't authorized to access Magento_shipment."
    )


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ((200, []), "Commerce took an empty document"),
        ((400, {"message": "No"}), "Commerce answered 400 to POST products: No"),
        ((500, b"<html>"), "Commerce answered 500 to POST products"),
    ],
    ids=["taken", "other-fault", "broken"],
)
def test_what_tells_nothing_of_a_permission_is_no_verdict(said, detail):
    status, found, _ = checked(
        lambda asked: writable(asked, products=said), writes=True
    )

    assert status == 0
    assert found["write products"] == {
        "check": "write products",
        "ok": None,
        "detail": f"not told: {detail}",
    }


def test_a_store_that_goes_away_amid_the_writes_is_3():
    def script(asked):
        return store(asked) if asked.method == "GET" else requests.ConnectTimeout()

    assert checked(script, writes=True)[0] == 3


@pytest.mark.adobe
@pytest.mark.parametrize("version", adobe.VERSIONS)
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.what)
def test_adobe_s_document_demands_what_an_empty_one_lacks(write, version):
    faults = adobe.validate_request(
        version, write.method, f"/V1/{write.route}", body={}
    )

    assert faults == [f"$: '{write.part}' is a required property"]


@pytest.fixture(scope="module")
def stand_in():
    with RunningStandIn() as opened:
        yield opened


@pytest.mark.parametrize("way", [{}, {"sign_in": "ims"}, {"saas": True}], ids=str)
def test_what_is_tried_of_writing_changes_nothing_on_the_wire(stand_in, way):
    status, lines = on_the_wire(stand_in, way, writes=True)

    found = {(line := json.loads(text))["check"]: line for text in lines}
    assert status == 0
    assert [found[f"write {write.what}"]["detail"] for write in WRITES] == [
        "allowed"
    ] * len(WRITES)
    assert stand_in.effects() == []
