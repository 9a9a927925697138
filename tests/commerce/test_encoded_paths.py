"""Encoded paths under OAuth 1.0a: whose fault it is that one is refused."""

import pytest
import requests.exceptions as faults

from functions.commerce.errors import Rejected, Unavailable
from tests.commerce.canned import PAAS, SAAS, commerce, response
from tests.commerce.clients import SAID, unavailable

REFUSED = {"message": "The signature is invalid. Verify and try again."}
UNKNOWN = {"message": "Request does not match any route."}
SKEWED = {"message": "Incorrect timestamp value in the oauth_timestamp parameter"}
FORBIDDEN = {"message": "The consumer isn't authorized to access %resources."}


@pytest.mark.parametrize(
    ("first", "probe", "verdict"),
    [
        pytest.param(
            response(401, REFUSED), response(200, []), Rejected, id="the path's fault"
        ),
        pytest.param(
            response(401, REFUSED), response(403, FORBIDDEN), Rejected, id="known, but"
        ),
        pytest.param(
            response(401, REFUSED), response(401, REFUSED), Unavailable, id="ours"
        ),
        pytest.param(
            response(400, {"message": "oauth_problem=signature_invalid"}),
            response(200, []),
            Rejected,
            id="a 400 that counts as 401",
        ),
        pytest.param(
            response(400, SKEWED), response(400, SKEWED), Unavailable, id="the clock's"
        ),
        pytest.param(
            response(404, b"<html>"),
            response(200, []),
            Rejected,
            id="%2F at the server",
        ),
        pytest.param(
            response(404, UNKNOWN), response(200, []), Rejected, id="%2F decoded"
        ),
        pytest.param(
            response(404, b"<html>"),
            response(404, b"<html>"),
            Unavailable,
            id="address",
        ),
        pytest.param(
            response(401, REFUSED), faults.ConnectTimeout(), Unavailable, id="then down"
        ),
    ],
)
def test_a_refused_encoded_path_is_told_apart_by_one_harmless_call(
    first, probe, verdict
):
    client, adapter = commerce([first, probe])

    with pytest.raises(verdict):
        client.session().delete("products/{sku}", sku="a b/c")

    assert [(asked.method, asked.path) for asked in adapter.asked] == [
        ("DELETE", "products/a%20b%2Fc"),
        ("GET", "store/storeConfigs"),
    ]


@pytest.mark.parametrize(
    ("said", "status", "paths"),
    [(response(401, REFUSED), 401, "signed paths"), (response(404), 404, "paths")],
    ids=["signature", "route"],
)
def test_a_store_that_refuses_such_paths_is_named_as_the_cause(said, status, paths):
    client, _ = commerce([said, response(200, [])])

    with pytest.raises(Rejected) as raised:
        client.session().delete("products/{sku}", sku="a b")

    assert (raised.value.status, raised.value.message) == (
        status,
        f"Commerce answered {status} to DELETE products/{{sku}}: this store refuses"
        f" {paths} with these characters",
    )


def test_a_401_on_a_plain_path_needs_no_second_call():
    client, adapter = commerce([response(401, REFUSED)])

    verdict = unavailable(lambda: client.session().delete("products/{sku}", sku="a-b"))

    assert verdict == (401, "alarm")
    assert len(adapter.asked) == 1


@pytest.mark.parametrize("base", [PAAS, SAAS], ids=["oauth1", "ims"])
@pytest.mark.parametrize(
    ("status", "document", "verdict"),
    [(500, b"<html>", Unavailable), (400, SAID, Rejected), (403, b"", Unavailable)],
)
def test_other_faults_on_an_encoded_path_need_no_second_call(
    base, status, document, verdict
):
    said = response(status, document)
    token = response(200, {"access_token": "t", "expires_in": 86400})
    client, adapter = commerce([said] if base is PAAS else [token, said], base)

    with pytest.raises(verdict) as raised:
        client.session().delete("products/{sku}", sku="a b")

    assert "with these characters" not in raised.value.message
    assert [asked.method for asked in adapter.asked].count("GET") == 0


def test_a_missing_permission_on_an_encoded_path_needs_no_second_call():
    client, adapter = commerce([response(401, FORBIDDEN)])

    verdict = unavailable(lambda: client.session().delete("products/{sku}", sku="a b"))

    assert verdict == (401, "alarm")
    assert len(adapter.asked) == 1


def test_under_ims_a_401_is_no_question_of_the_path():
    token = response(200, {"access_token": "t", "expires_in": 86400})
    again = response(200, {"access_token": "u", "expires_in": 86400})
    client, adapter = commerce(
        [token, response(401, REFUSED), again, response(401, REFUSED)], SAAS
    )

    verdict = unavailable(lambda: client.session().delete("products/{sku}", sku="a b"))

    assert verdict == (401, "alarm")
    assert len(adapter.asked) == 4
