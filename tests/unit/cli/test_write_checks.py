"""``check-commerce --writes`` reports write permissions, and writes nothing."""

import pytest
import requests

from cli.write_checks import WRITES
from tests.support import adobe_definitions
from tests.support.cli_store_kit import check, store
from tests.support.commerce_adapter import PAAS, SAAS, reply

REQUIRED = '"%fieldName" is required. Enter and try again.'


def writable(request, rejects=(), **replies):
    """A store that reports the missing part of a document where it allows to write."""
    if request.method == "GET" or request.url.endswith("/token/v3"):
        return store(request)
    if request.path in rejects:
        return store(request, rejects=rejects)
    if request.path in replies:
        return reply(*replies[request.path])
    [part] = [write.required for write in WRITES if write.route == request.path]
    document = {"message": REQUIRED, "parameters": {"fieldName": part}}
    return reply(400, document)


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["paas", "saas"])
def test_writes_are_checked_by_empty_documents_alone(base):
    status, findings, sent = check(writable, base, writes=True)

    checked = [(name, f["ok"]) for name, f in findings.items() if "write" in name]
    assert status == 0
    assert checked == [
        *((f"write {write.what}", True) for write in WRITES),
        ("other writes", None),
    ]
    writes = [r for r in sent if r.method != "GET" and "/token/" not in r.url]
    assert [(request.method, request.path) for request in writes] == [
        (write.method, write.route) for write in WRITES
    ]
    assert [request.body for request in writes] == [{}] * len(WRITES)


def test_a_missing_write_permission_is_named():
    status, findings, _ = check(
        lambda request: writable(request, rejects=("shipment",)), writes=True
    )

    assert status == 1
    assert [name for name, f in findings.items() if f["ok"] is False] == [
        "write shipments"
    ]
    assert findings["write shipments"]["detail"] == (
        "not allowed: Commerce answered 401 to POST shipment:"
        " The consumer isn't authorized to access Magento_shipment."
    )


@pytest.mark.parametrize(
    ("response", "detail"),
    [
        ((200, []), "Commerce accepted an empty document"),
        ((400, {"message": "No"}), "Commerce answered 400 to POST products: No"),
        ((500, b"<html>"), "Commerce answered 500 to POST products"),
    ],
    ids=["accepted", "another error", "server error"],
)
def test_another_response_is_inconclusive(response, detail):
    status, findings, _ = check(
        lambda request: writable(request, products=response), writes=True
    )

    assert status == 0
    assert findings["write products"] == {
        "check": "write products",
        "ok": None,
        "detail": f"inconclusive: {detail}",
    }


def test_a_missing_entity_shows_that_writing_is_allowed():
    response = 404, {"message": "No such entity with %fieldName = %fieldValue"}

    status, findings, _ = check(
        lambda request: writable(request, **{"customers/0": response}), writes=True
    )

    assert (status, findings["write customers"]["detail"]) == (0, "allowed")


def test_a_store_that_stops_answering_exits_3():
    def script(request):
        if request.method == "GET":
            return store(request)
        return requests.ConnectTimeout()

    assert check(script, writes=True)[0] == 3


@pytest.mark.adobe
def test_adobes_definition_requires_the_missing_part(subtests):
    for write in WRITES:
        for version in adobe_definitions.VERSIONS:
            with subtests.test(write=write, version=version):
                errors = adobe_definitions.request_errors(
                    version, write.method, f"/V1/{write.route}", body={}
                )

                assert errors == [f"$: '{write.required}' is a required property"]
