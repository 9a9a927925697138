"""Wrong ways to sign in."""

import json
import time
from urllib.parse import unquote

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, Client

from functions.commerce.oauth1 import OAuth1
from tests.local.commerce.wrong.case import Case
from tests.local.commerce.wrong.paths import SAAS, create, there

CREATED = ["product.created LAMP-1"]
BODY = json.dumps({"product": {"sku": "LAMP-1", "name": "n", "price": 1}})
JSON = {"Content-Type": "application/json"}
TARGET = "/rest/all/V1/products"


def post(commerce, headers) -> list[str]:
    """The status of the creation of a product with *headers*."""
    said = commerce.send("POST", TARGET, {**headers, **JSON}, BODY.encode())
    return [str(said.status)]


def signed(body=None, **how):
    """A creation that is signed by a client of other options than ours."""

    def act(commerce):
        ours = commerce.settings()
        client = Client(
            ours.consumer_key,
            client_secret=ours.consumer_secret,
            resource_owner_key=ours.access_token,
            resource_owner_secret=ours.access_token_secret,
            **{"signature_method": SIGNATURE_HMAC_SHA256, **how},
        )
        url = commerce.address + TARGET
        return post(commerce, client.sign(url, "POST", body, dict(JSON))[1])

    return act


def unquoted(commerce):
    """Signs a path before it is quoted."""
    target = f"{TARGET}/A%2FB"
    headers = OAuth1(commerce.settings()).headers(
        "DELETE", commerce.address + unquote(target)
    )
    return [str(commerce.send("DELETE", target, headers).status)]


def quoted(commerce):
    commerce.shop().delete("products/{sku}", sku="A/B")


def twice(commerce):
    """Signs once and sends twice."""
    headers = OAuth1(commerce.settings()).headers("POST", commerce.address + TARGET)
    return post(commerce, headers) + post(commerce, headers)


def each_signed(commerce):
    shop = commerce.shop()
    for _ in range(2):
        shop.post("products", json.loads(BODY))


CASES = {
    "oauth1_signature": Case(
        before=there("A/B"),
        wrong=unquoted,
        noticed=["401"],
        right=quoted,
        good=["product.deleted A/B"],
    ),
    "oauth1_nonce": Case(
        wrong=twice,
        noticed=["product.created LAMP-1", "200", "401"],
        right=each_signed,
        good=["product.created LAMP-1", "product.updated LAMP-1"],
    ),
    "oauth1_time": Case(
        wrong=signed(timestamp=str(int(time.time()) - 86_400)),
        noticed=["400"],
        right=create(),
        good=CREATED,
    ),
    "oauth1_method": Case(
        wrong=signed(signature_method=SIGNATURE_HMAC_SHA1),
        noticed=["400"],
        right=create(),
        good=CREATED,
    ),
    "oauth1_seven": Case(
        wrong=signed(body=BODY),  # oauthlib adds a hash of it
        noticed=["400"],
        right=create(),
        good=CREATED,
    ),
    "ims_credentials": Case(
        wrong=create(SAAS, OAUTH_CLIENT_SECRET="wrong"),
        noticed=["Unavailable 401"],
        right=create(SAAS),
        good=CREATED,
    ),
    "ims_scope": Case(
        wrong=create(SAAS, OAUTH_SCOPES="openid,AdobeID"),
        noticed=["Unavailable 401"],
        right=create(SAAS),
        good=CREATED,
    ),
    "ims_headers": Case(
        wrong=create(SAAS, OAUTH_ORG_ID="OTHER@AdobeOrg"),
        noticed=["Unavailable 403"],
        right=create(SAAS),
        good=CREATED,
    ),
}
