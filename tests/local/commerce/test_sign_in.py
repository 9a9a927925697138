"""Who is let in: OAuth 1.0a and IMS, checked on the wire."""

import re
import time
from urllib.parse import quote

import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, Client

from functions.commerce.errors import Rejected, Unavailable
from functions.commerce.oauth1 import OAuth1
from tests.local.commerce.opened import Opened

ODD = [
    "a b",
    "a+b",
    "a/b",
    "a%b",
    "a%2Fb",
    "a#b",
    "a?b=c&d",
    "ä/日本",
    "a;b:c@d",
    "~'\"*",
]
INVALID = "The signature is invalid. Verify and try again."
PRODUCTS = "/rest/all/V1/products/STANDIN-LAMP"


def product(sku: str) -> dict:
    return {"product": {"sku": sku, "name": "n", "price": 1}}


def signed(commerce, target=PRODUCTS, method="GET", **how):
    """The header of a client that may sign in another way than ours."""
    ours = commerce.settings()
    how = {
        "client_key": ours.consumer_key,
        "client_secret": ours.consumer_secret,
        "resource_owner_key": ours.access_token,
        "resource_owner_secret": ours.access_token_secret,
        "signature_method": SIGNATURE_HMAC_SHA256,
        **how,
    }
    return Client(**how).sign(commerce.address + target, method)[1]


def test_one_who_signs_is_let_in(commerce):
    assert commerce.send("GET", PRODUCTS, signed(commerce)).status == 200


@pytest.mark.parametrize("sku", ODD)
def test_odd_skus_are_signed_as_sent_and_arrive_as_meant(commerce, sku):
    commerce.rules(refuses_encoded_signed_paths=False)
    shop = commerce.shop()

    shop.put("products/{sku}", product(sku), sku=sku)
    there = shop.get("products/{sku}", sku=sku)
    shop.delete("products/{sku}", sku=sku)

    assert there["sku"] == sku
    assert commerce.did() == [("product.created", sku), ("product.deleted", sku)]
    assert {path for _, path, _ in commerce.asked()} == {
        f"/rest/all/V1/products/{quote(sku, safe='')}"
    }


@pytest.mark.parametrize(
    ("how", "status", "message"),
    [
        pytest.param({"client_secret": "wrong"}, 401, INVALID, id="consumer secret"),
        pytest.param(
            {"resource_owner_secret": "wrong"}, 401, INVALID, id="token secret"
        ),
        pytest.param(
            {"client_key": "wrong"},
            401,
            "A consumer having the specified key does not exist",
            id="consumer key",
        ),
        pytest.param(
            {"resource_owner_key": "wrong"},
            401,
            "Specified token does not exist",
            id="token",
        ),
        pytest.param(
            {"signature_method": SIGNATURE_HMAC_SHA1},
            400,
            "Signature method %1 is not supported",
            id="SHA1",
        ),
        pytest.param({"realm": "shop"}, 400, "parameter_rejected: %1", id="realm"),
        pytest.param(
            {"resource_owner_key": None},
            400,
            '"%fieldName" is required. Enter and try again.',
            id="no token",
        ),
        pytest.param(
            {"timestamp": str(int(time.time()) - 700)},
            400,
            "Incorrect timestamp value in the oauth_timestamp parameter",
            id="clock behind",
        ),
        pytest.param(
            {"timestamp": str(int(time.time()) + 1_200)},
            400,
            "Incorrect timestamp value in the oauth_timestamp parameter",
            id="clock ahead",
        ),
    ],
)
def test_one_who_signs_wrongly_is_not_let_in(commerce, how, status, message):
    said = commerce.send("GET", PRODUCTS, signed(commerce, **how))

    assert (said.status, said.document["message"]) == (status, message)


@pytest.mark.parametrize(
    ("signed_target", "sent"),
    [
        pytest.param(PRODUCTS, PRODUCTS.replace("LAMP", "CHAIR"), id="path"),
        pytest.param(PRODUCTS, f"{PRODUCTS}?fields=sku", id="query"),
        pytest.param(
            "/rest/all/V1/products/a%2Fb", "/rest/all/V1/products/a%2fb", id="case"
        ),
        pytest.param(
            "/rest/all/V1/products/a%20b", "/rest/all/V1/products/a+b", id="plus"
        ),
    ],
)
def test_another_path_than_was_signed_is_noticed(commerce, signed_target, sent):
    said = commerce.send("GET", sent, signed(commerce, signed_target))

    assert (said.status, said.document["message"]) == (401, INVALID)


def test_another_method_than_was_signed_is_noticed(commerce):
    said = commerce.send("DELETE", PRODUCTS, signed(commerce))

    assert (said.status, said.document["message"]) == (401, INVALID)
    assert commerce.effects() == []


def test_a_nonce_is_good_once(commerce):
    headers = signed(commerce)
    first, second = (commerce.send("GET", PRODUCTS, headers) for _ in range(2))

    assert (first.status, second.status) == (200, 401)
    assert second.document == {
        "message": "The nonce is already being used by the consumer with ID %1",
        "parameters": [1],
    }


def test_a_parameter_that_comes_twice_is_refused(commerce):
    def changed(headers):
        nonce = re.search(r'oauth_nonce="[^"]*"', headers["Authorization"]).group()
        headers["Authorization"] += f", {nonce}"

    said = commerce.ask("GET", "products/STANDIN-LAMP", changed=changed)

    assert (said.status, said.document["parameters"]) == (400, ["oauth_nonce"])


@pytest.mark.parametrize("authorization", [None, "Basic eA==", "Bearer nobody"])
def test_one_who_does_not_sign_in_is_not_let_in(commerce, authorization):
    headers = {"Authorization": authorization} if authorization else {}

    assert commerce.send("GET", PRODUCTS, headers).status == 401


def test_a_skewed_clock_is_its_own():
    with Opened(clock=lambda: time.time() - 3_600) as commerce:
        headers = OAuth1(commerce.settings()).headers(
            "GET", commerce.address + PRODUCTS
        )
        said = commerce.send("GET", PRODUCTS, headers)

    assert (said.status, said.document) == (
        400,
        {"message": "Incorrect timestamp value in the oauth_timestamp parameter"},
    )


# IMS

WAYS = {
    "paas": {"sign_in": "ims"},
    "saas": {"saas": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_one_with_an_ims_token_is_let_in(commerce, way):
    shop = commerce.shop(WAYS[way])

    shop.post("products", product("A/B"))
    shop.delete("products/{sku}", sku="A/B")

    assert [did for did, _ in commerce.did()] == ["product.created", "product.deleted"]
    tokens = [path for _, path, _ in commerce.asked() if "ims" in path]
    assert tokens == ["/ims/token/v3"]


def test_a_revoked_token_is_renewed_by_the_client(commerce):
    shop = commerce.shop(WAYS["saas"])
    shop.get("store/storeConfigs")
    commerce.control("POST", "ims", {"revoke": True})

    shop.get("store/storeConfigs")

    assert [status for *_, status in commerce.asked()] == [200, 200, 401, 200, 200]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"OAUTH_CLIENT_SECRET": "wrong"}, 401),
        ({"OAUTH_CLIENT_ID": "wrong"}, 401),
        ({"OAUTH_SCOPES": "openid"}, 401),
        ({"OAUTH_ORG_ID": "OTHER@AdobeOrg"}, 403),
    ],
    ids=lambda value: "".join(value) if isinstance(value, dict) else "",
)
def test_one_whom_ims_does_not_know_is_not_let_in(commerce, wrong, status):
    with pytest.raises(Unavailable) as raised:
        commerce.shop(WAYS["saas"], **wrong).get("store/storeConfigs")

    assert (raised.value.status, raised.value.alarm) == (status, True)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("x-api-key", 403, "403000"),
        ("x-gw-ims-org-id", 403, "403027"),
        ("authorization", 401, "401010"),
    ],
)
def test_a_header_that_goes_with_the_token_is_missed(commerce, name, status, code):
    ours = commerce.stand_in.credentials
    form = (
        f"grant_type=client_credentials&client_id={ours.client_id}"
        f"&client_secret={ours.client_secret}&scope=openid,{ours.scope}"
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    token = commerce.send("POST", "/ims/token/v3", kind, form.encode()).document
    headers = {
        "authorization": f"Bearer {token['access_token']}",
        "x-api-key": ours.client_id,
        "x-gw-ims-org-id": ours.org_id,
    }
    target = f"/{ours.tenant}/V1/store/storeConfigs"
    assert commerce.send("GET", target, headers).status == 200

    del headers[name]
    said = commerce.send("GET", target, headers)

    assert (said.status, said.document["error_code"]) == (status, code)


def test_oauth1_is_not_for_saas(commerce):
    target = f"/{commerce.stand_in.credentials.tenant}/V1/store/storeConfigs"

    assert commerce.send("GET", target, signed(commerce, target)).status == 401


def test_secrets_stand_in_no_list_and_no_repr(commerce):
    commerce.shop(WAYS["saas"]).get("store/storeConfigs")
    told = str(commerce.control("GET", "requests")) + repr(
        commerce.stand_in.credentials
    )

    ours = commerce.stand_in.credentials
    for secret in (ours.client_secret, ours.consumer_secret, ours.access_token_secret):
        assert secret not in told
    assert "access_token" not in str(commerce.control("GET", "requests"))


def test_a_store_that_refuses_signed_paths_says_so_to_the_client(commerce):
    with pytest.raises(Rejected, match="this store refuses signed paths"):
        commerce.shop().delete("products/{sku}", sku="a b")
