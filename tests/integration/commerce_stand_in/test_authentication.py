"""Authentication by OAuth 1.0a and IMS, verified on the wire."""

import re
import time
from urllib.parse import quote, urlencode

import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1

from tests.support.running_stand_in import RunningStandIn
from tests.support.stand_in_cases import product

SKUS = [
    *("a b", "a+b", "a/b", "a%b", "a%2Fb", "a#b", "a?b=c&d", "ä/日本", "a;b:c@d"),
    "~'\"*",
]
INVALID = "The signature is invalid. Verify and try again."
TARGET = "/rest/all/V1/products/STANDIN-LAMP"
CONFIGS = "/V1/store/storeConfigs"


def test_encoded_paths_are_accepted_by_switch(commerce):
    for sku in SKUS:
        commerce.reset()
        path = f"products/{quote(sku, safe='')}"
        rejected = commerce.call("PUT", path, product(sku=sku)).document
        assert rejected["message"] == INVALID, sku
        commerce.switch(refuses_encoded_signed_paths=False)

        commerce.call("PUT", path, product(sku=sku))
        assert commerce.call("GET", path).document["sku"] == sku
        commerce.call("DELETE", path)

        changes = [("product.created", sku), ("product.deleted", sku)]
        assert commerce.changes() == changes


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({}, 200, None),
        ({"client_secret": "wrong"}, 401, INVALID),
        ({"resource_owner_secret": "wrong"}, 401, INVALID),
        (
            {"client_key": "wrong"},
            401,
            "A consumer having the specified key does not exist",
        ),
        ({"resource_owner_key": "wrong"}, 401, "Specified token does not exist"),
        (
            {"signature_method": SIGNATURE_HMAC_SHA1},
            400,
            "Signature method %1 is not supported",
        ),
        ({"realm": "shop"}, 400, "parameter_rejected: %1"),
        (
            {"resource_owner_key": None},
            400,
            '"%fieldName" is required. Enter and try again.',
        ),
        *(
            (
                {"timestamp": str(int(time.time()) + skew)},
                400,
                "Incorrect timestamp value in the oauth_timestamp parameter",
            )
            for skew in (-700, 1_200)
        ),
    ],
)
def test_signature(commerce, options, status, message):
    headers = commerce.sign("GET", TARGET, **options)
    response = commerce.send("GET", TARGET, headers)

    assert (response.status, response.document.get("message")) == (status, message)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("DELETE", TARGET),
        ("GET", "/rest/all/V1/products/STANDIN-CHAIR"),
        ("GET", f"{TARGET}?fields=sku"),
        ("GET", "/rest/second/V1/products/STANDIN-LAMP"),
    ],
)
def test_a_signature_is_of_one_request(commerce, method, target):
    response = commerce.send(method, target, commerce.sign("GET", TARGET))

    assert (response.status, response.document["message"]) == (401, INVALID)
    assert commerce.effects() == []


def test_a_nonce_is_valid_once(commerce):
    headers = commerce.sign("GET", TARGET)
    first, second = (commerce.send("GET", TARGET, headers) for _ in range(2))

    assert (first.status, second.status) == (200, 401)
    assert second.document == {
        "message": "The nonce is already being used by the consumer with ID %1",
        "parameters": [1],
    }


def test_a_parameter_that_comes_twice_is_rejected(commerce):
    def change_headers(headers):
        nonce = re.search(r'oauth_nonce="[^"]*"', headers["Authorization"]).group()
        headers["Authorization"] += f", {nonce}"

    response = commerce.call(
        "GET", "products/STANDIN-LAMP", change_headers=change_headers
    )

    assert (response.status, response.document["parameters"]) == (400, ["oauth_nonce"])


@pytest.mark.parametrize("authorization", [None, "Basic eA==", "Bearer unknown"])
def test_a_call_without_authentication_gets_401(commerce, authorization):
    headers = {"Authorization": authorization} if authorization else {}

    assert commerce.send("GET", TARGET, headers).status == 401


def test_a_skewed_clock_of_the_server_rejects_calls():
    with RunningStandIn(clock=lambda: time.time() - 3_600) as commerce:
        assert commerce.call("GET", "products/STANDIN-LAMP").status == 400


def token_response(commerce, **changes: str):
    credentials = commerce.stand_in.credentials
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "scope": f"openid,{credentials.scope}",
        **changes,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    return commerce.send("POST", "/ims/token/v3", headers, body)


@pytest.fixture
def ims_headers(commerce):
    token = token_response(commerce).document["access_token"]
    return {
        "authorization": f"Bearer {token}",
        "x-api-key": commerce.stand_in.credentials.client_id,
        "x-gw-ims-org-id": commerce.stand_in.credentials.org_id,
    }


@pytest.mark.parametrize("base", ["/rest/all", "/stand-in-tenant"])
def test_an_ims_token_authenticates(commerce, ims_headers, base):
    assert commerce.send("GET", base + CONFIGS, ims_headers).status == 200


def test_a_revoked_token_gets_401(commerce, ims_headers):
    commerce.control("POST", "ims", {"revoke": True})

    assert commerce.send("GET", "/rest" + CONFIGS, ims_headers).status == 401


def test_the_lifetime_of_tokens_can_be_set(commerce):
    commerce.control("POST", "ims", {"lifetime_seconds": 5})
    expires_in = token_response(commerce).document["expires_in"]
    commerce.control("POST", "ims", {"lifetime_seconds": 86_400})

    assert expires_in == 5


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
    ids=str,
)
def test_ims_rejects_other_credentials(commerce, changes, error):
    response = token_response(commerce, **changes)

    assert (response.status, response.document["error"]) == (400, error)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("x-api-key", 403, "403000"),
        ("x-gw-ims-org-id", 403, "403027"),
        ("authorization", 401, "401010"),
    ],
)
def test_a_missing_ims_header_is_rejected(commerce, ims_headers, name, status, code):
    del ims_headers[name]
    response = commerce.send("GET", f"/stand-in-tenant{CONFIGS}", ims_headers)

    assert (response.status, response.document["error_code"]) == (status, code)


def test_saas_does_not_take_oauth1(commerce):
    target = f"/stand-in-tenant{CONFIGS}"

    assert commerce.send("GET", target, commerce.sign("GET", target)).status == 401


def test_the_scope_of_saas_is_in_a_header(commerce, ims_headers):
    target = "/stand-in-tenant/V1/products/STANDIN-LAMP"
    statuses = [
        commerce.send("GET", target, {**ims_headers, "store": store}).status
        for store in ("all", "second", "unknown")
    ]

    assert statuses == [200, 200, 404]


def test_secrets_are_in_no_list_and_no_repr(commerce, ims_headers):
    credentials = commerce.stand_in.credentials
    text = f"{commerce.calls()} {credentials!r}"

    assert ims_headers["authorization"].removeprefix("Bearer ") not in text
    assert "/ims/token/v3" in text
    for secret in ("client_secret", "consumer_secret", "access_token_secret"):
        assert getattr(credentials, secret) not in text
