"""OAuth 1.0a as a server sees it: checked against RFC 5849 on the wire."""

import time

import pytest

from functions.commerce.routes import search_query
from functions.errors import Rejected
from tests.support.commerce_server import RecordingServer, connection_to, raw_response
from tests.support.commerce_signatures import (
    is_signed,
    oauth_parameters,
    percent_encode,
)

SKUS = [
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


@pytest.fixture
def server():
    with RecordingServer(lambda request: raw_response()) as running:
        yield running


@pytest.fixture
def session(server):
    return connection_to(server).session()


def test_the_header_has_the_seven_parameters(server, session):
    session.post("products", {"product": {"sku": "a"}})

    [request] = server.received
    oauth = oauth_parameters(request)
    assert sorted(oauth) == [
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_token",
        "oauth_version",
    ]
    assert oauth["oauth_signature_method"] == "HMAC-SHA256"
    assert oauth["oauth_version"] == "1.0"
    assert oauth["oauth_consumer_key"] == "consumer-key"
    assert oauth["oauth_token"] == "access-token"
    assert is_signed(request, server.url)


def test_a_request_has_no_headers_of_ims(server, session):
    session.post("products", {"product": {"sku": "a"}})

    [request] = server.received
    assert request.body == {"product": {"sku": "a"}}
    assert request.headers["content-type"] == "application/json"
    assert set(request.headers) == {
        *("host", "authorization", "content-type", "content-length"),
        *("accept", "accept-encoding", "user-agent", "traceparent"),
    }


@pytest.mark.parametrize("sku", SKUS)
def test_the_url_is_sent_as_it_was_signed(server, session, sku):
    session.delete("products/{sku}", sku=sku)
    session.get("products", search_query(("sku", sku, "eq"), fields="items[sku]"))

    by_path, by_query = server.received
    assert by_path.target == f"/rest/all/V1/products/{percent_encode(sku)}"
    assert f"={percent_encode(sku)}&" in by_query.target
    assert is_signed(by_path, server.url)
    assert is_signed(by_query, server.url)


def test_every_request_has_its_own_nonce_and_timestamp(server, session):
    start = int(time.time())
    for _ in range(20):
        session.get("store/storeConfigs")

    oauth = [oauth_parameters(request) for request in server.received]
    assert len({parameters["oauth_nonce"] for parameters in oauth}) == 20
    times = [int(parameters["oauth_timestamp"]) for parameters in oauth]
    assert times == sorted(times)
    assert start <= times[0] <= times[-1] <= time.time()


@pytest.mark.parametrize("sku", ["", ".", ".."])
def test_a_sku_that_names_another_route_is_never_sent(server, session, sku):
    with pytest.raises(Rejected):
        session.delete("products/{sku}", sku=sku)
    assert server.received == []


def test_a_netrc_does_not_replace_the_signature(server, session, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    session.get("store/storeConfigs")

    assert is_signed(server.received[0], server.url)
