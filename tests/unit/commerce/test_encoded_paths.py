"""Encoded paths under OAuth 1.0a: why one is rejected."""

import pytest
import requests

from functions.errors import Rejected, Unavailable
from tests.support.commerce_adapter import (
    PAAS,
    SAAS,
    TOKEN_DOCUMENT,
    connection_with,
    reply,
)
from tests.support.commerce_outcomes import unavailable

UNAUTHENTICATED = {"message": "The signature is invalid. Verify and try again."}
UNKNOWN = {"message": "Request does not match any route."}
SKEWED = {"message": "Incorrect timestamp value in the oauth_timestamp parameter"}
MISSING = {"message": "No such entity."}
FORBIDDEN = {"message": "The consumer isn't authorized to access %resources."}


def test_one_probe_tells_why_an_encoded_path_is_rejected(subtests):
    for name, first, probe, error in [
        ("path", reply(401, UNAUTHENTICATED), reply(200, []), Rejected),
        (
            "path, forbidden probe",
            reply(401, UNAUTHENTICATED),
            reply(403, FORBIDDEN),
            Rejected,
        ),
        (
            "credentials",
            reply(401, UNAUTHENTICATED),
            reply(401, UNAUTHENTICATED),
            Unavailable,
        ),
        (
            "path, 400 about OAuth",
            reply(400, {"message": "oauth_problem=signature_invalid"}),
            reply(200, []),
            Rejected,
        ),
        ("clock", reply(400, SKEWED), reply(400, SKEWED), Unavailable),
        ("path, web server", reply(404, b"<html>"), reply(200, []), Rejected),
        ("path, decoded slash", reply(404, UNKNOWN), reply(200, []), Rejected),
        ("address", reply(404, b"<html>"), reply(404, b"<html>"), Unavailable),
        (
            "no response to the probe",
            reply(401, UNAUTHENTICATED),
            requests.ConnectTimeout(),
            Unavailable,
        ),
    ]:
        with subtests.test(name):
            connection, adapter = connection_with([first, probe])

            with pytest.raises(error):
                connection.session().delete("products/{sku}", sku="a b/c")

            assert [(request.method, request.path) for request in adapter.requests] == [
                ("DELETE", "products/a%20b%2Fc"),
                ("GET", "store/storeConfigs"),
            ]


@pytest.mark.parametrize(
    ("response", "status", "paths"),
    [(reply(401, UNAUTHENTICATED), 401, "signed paths"), (reply(404), 404, "paths")],
    ids=["signature", "route"],
)
def test_a_store_that_refuses_such_paths_is_named(response, status, paths):
    connection, _ = connection_with([response, reply(200, [])])

    with pytest.raises(Rejected) as raised:
        connection.session().delete("products/{sku}", sku="a b")

    assert (raised.value.status, raised.value.message) == (
        status,
        f"Commerce answered {status} to DELETE products/{{sku}}: this store refuses"
        f" {paths} with these characters",
    )


def test_a_401_on_a_plain_path_needs_no_probe():
    connection, adapter = connection_with([reply(401, UNAUTHENTICATED)])

    outcome = unavailable(
        lambda: connection.session().delete("products/{sku}", sku="a-b")
    )

    assert outcome == (401, "alarm")
    assert len(adapter.requests) == 1


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["oauth1", "ims"])
@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        (500, b"<html>", Unavailable),
        (400, MISSING, Rejected),
        (403, b"", Unavailable),
    ],
)
def test_other_errors_on_an_encoded_path_need_no_probe(base, status, document, error):
    response = reply(status, document)
    token = reply(200, TOKEN_DOCUMENT)
    connection, adapter = connection_with(
        [response] if base is PAAS else [token, response], base
    )

    with pytest.raises(error) as raised:
        connection.session().delete("products/{sku}", sku="a b")

    assert "with these characters" not in raised.value.message
    assert [request.method for request in adapter.requests].count("GET") == 0


def test_a_missing_permission_needs_no_probe():
    connection, adapter = connection_with([reply(401, FORBIDDEN)])

    outcome = unavailable(
        lambda: connection.session().delete("products/{sku}", sku="a b")
    )

    assert outcome == (401, "alarm")
    assert len(adapter.requests) == 1


def test_a_401_under_ims_needs_no_probe():
    token = reply(200, TOKEN_DOCUMENT)
    renewed = reply(200, {**TOKEN_DOCUMENT, "access_token": "renewed"})
    connection, adapter = connection_with(
        [token, reply(401, UNAUTHENTICATED), renewed, reply(401, UNAUTHENTICATED)], SAAS
    )

    outcome = unavailable(
        lambda: connection.session().delete("products/{sku}", sku="a b")
    )

    assert outcome == (401, "alarm")
    assert len(adapter.requests) == 4
