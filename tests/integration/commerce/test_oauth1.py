"""OAuth 1.0a as a server sees it: checked against RFC 5849 by hand, on the wire."""

import base64
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote

import pytest

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Rejected
from functions.commerce.routes import search
from tests.commerce.canned import PAAS, settings
from tests.commerce.server import Server, answer

ODD_SKUS = [
    "plain-1_a.b~c",
    "two words",
    "a+b",
    "a/b",
    "100%",
    "a%2Fb",
    "#1",
    "what?",
    "a&b=c;d",
    "é",
    "日本",
    "😀",
    "'\"<>\\^`{|}",
    "(a)*!,:@$[]",
    "../orders/1",
    " ",
]


def percent(text: str) -> str:
    return quote(text, safe="-._~")


def signature(method: str, scheme_and_host: str, target: str, oauth: dict) -> str:
    """RFC 5849, 3.4: over the target exactly as it came."""
    path, _, query = target.partition("?")
    pairs = [(percent(k), percent(v)) for k, v in oauth.items()]
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        pairs.append((percent(unquote(name)), percent(unquote(value))))
    normal = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    base = "&".join(map(percent, (method, scheme_and_host + path, normal)))
    key = f"{percent('consumer-secret')}&{percent('access-token-secret')}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def parameters(request) -> dict:
    scheme, _, rest = request.headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    pairs = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert ", ".join(f'{n}="{v}"' for n, v in pairs.items()) == rest
    return {name: unquote(value) for name, value in pairs.items()}


def is_signed(request, port: int) -> bool:
    given = parameters(request)
    theirs = given.pop("oauth_signature")
    host = f"http://127.0.0.1:{port}"
    return theirs == signature(request.method, host, request.target, given)


@pytest.fixture
def server():
    with Server(lambda request: answer()) as running:
        yield running


@pytest.fixture
def shop(server):
    base = {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"}
    return CommerceConnection(settings(base)).session()


def test_the_header_has_the_seven_parameters_and_no_realm(server, shop):
    shop.post("products", {"product": {"sku": "a"}})

    [request] = server.received
    given = parameters(request)
    assert sorted(given) == [
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_token",
        "oauth_version",
    ]
    assert given["oauth_signature_method"] == "HMAC-SHA256"
    assert given["oauth_version"] == "1.0"
    assert given["oauth_consumer_key"] == "consumer-key"
    assert given["oauth_token"] == "access-token"
    assert request.body == {"product": {"sku": "a"}}
    assert request.headers["content-type"] == "application/json"
    # None of Adobe IMS's; and no store, which the path names.
    ours = {"authorization", "content-type", "accept", "accept-encoding", "user-agent"}
    assert set(request.headers) == ours | {"host", "content-length"}
    assert is_signed(request, server.port)


@pytest.mark.parametrize("sku", ODD_SKUS)
def test_what_is_sent_is_what_was_signed(server, shop, sku):
    shop.delete("products/{sku}", sku=sku)
    shop.get("products", search(("sku", sku, "eq"), page_size=1, only="items[sku]"))

    by_path, by_query = server.received
    assert by_path.target == f"/rest/all/V1/products/{percent(sku)}"
    assert f"={percent(sku)}&" in by_query.target
    assert is_signed(by_path, server.port)
    assert is_signed(by_query, server.port)


def test_every_attempt_is_signed_anew(server, shop):
    began = int(time.time())
    for _ in range(20):
        shop.get("store/storeConfigs")

    given = [parameters(request) for request in server.received]
    assert len({each["oauth_nonce"] for each in given}) == 20
    times = [int(each["oauth_timestamp"]) for each in given]
    assert times == sorted(times)
    assert began <= times[0] <= times[-1] <= time.time()


@pytest.mark.parametrize("sku", ["", ".", ".."])
def test_a_sku_that_names_another_route_is_never_sent(server, shop, sku):
    with pytest.raises(Rejected):
        shop.delete("products/{sku}", sku=sku)
    assert server.received == []


def test_a_netrc_does_not_replace_the_signature(server, shop, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    shop.get("store/storeConfigs")

    assert is_signed(server.received[0], server.port)
