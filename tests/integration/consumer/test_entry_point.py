"""The consumer's entry point under functions-framework: what HTTP adds."""

import base64
import importlib
import os
import sys

import pytest
from functions_framework import create_app

from functions.events import samples
from functions.settings import SettingsError
from tests.support.commerce_adapter import PAAS, SAAS
from tests.support.commerce_server import (
    CommerceServer,
    RecordingServer,
    raw_response,
)
from tests.support.consumer_kit import PRODUCT_CREATE, PRODUCT_VALUE, push
from tests.support.ingest_authentication import signed
from tests.support.running import ROOT
from tests.support.target_kit import SECRET

MAIN = str(ROOT / "functions/consumer/main.py")
NO_AUTHENTICATION = (
    "no authentication is set: set either COMMERCE_CONSUMER_KEY,"
    " COMMERCE_CONSUMER_SECRET, COMMERCE_ACCESS_TOKEN, COMMERCE_ACCESS_TOKEN_SECRET"
    " (OAuth 1.0a) or OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OAUTH_ORG_ID (Adobe IMS)"
)


def set_environment(monkeypatch, environment):
    """Replace the whole environment."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def commerce():
    with CommerceServer() as running:
        yield running


@pytest.fixture
def client(commerce, monkeypatch):
    environment = {
        **PAAS,
        "COMMERCE_BASE_URL": f"{commerce.url}/rest/",
        "GOOGLE_CLOUD_PROJECT": "p",
    }
    set_environment(monkeypatch, environment)
    return create_app("consumer", MAIN).test_client()


def test_a_push_is_handled(client, commerce):
    response = client.post("/", json=push())

    assert response.status_code == 200
    assert response.json["response"]["success"] is True
    assert [r.target for r in commerce.received] == ["/rest/all/V1/products"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_a_405(client, method):
    response = client.open("/", method=method)

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    error = {"statusCode": 405, "body": {"error": "POST only"}}
    assert response.json == {"error": error}


def test_retry_after_of_commerce_is_passed_on(client, commerce):
    commerce.response = raw_response(429, {"message": "Slow down"}, Retry_After="600")

    pushed = client.post("/", json=push())
    # Nothing is sent until then, and the response says how long that still is.
    direct = client.post("/", json={"type": PRODUCT_CREATE, "data": PRODUCT_VALUE})

    assert (pushed.status_code, pushed.headers["Retry-After"]) == (429, "600")
    assert direct.status_code == 503
    assert 0 < int(direct.headers["Retry-After"]) <= 600
    assert len(commerce.received) == 1


def test_a_rejection_has_no_retry_after(client):
    response = client.post("/", json={"type": "rocket.launch", "data": 0})

    assert (response.status_code, "Retry-After" in response.headers) == (400, False)


def test_the_traceparent_of_a_direct_call_is_sent_along(client, commerce):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    body = {"type": PRODUCT_CREATE, "data": PRODUCT_VALUE}

    client.post("/", json=body, headers={"traceparent": trace})

    assert commerce.received[0].headers["traceparent"][:36] == trace[:36]


def test_a_webhook_is_signed_and_repeated_until_it_is_accepted(monkeypatch):
    """Over a connection: URL, body and signature; a duplicate is not sent again."""
    responses = iter([raw_response(503), raw_response(202, b"")])
    with RecordingServer(lambda request: next(responses)) as third_party:
        environment = {
            "GOOGLE_CLOUD_PROJECT": "p",
            "TARGET_URL": f"{third_party.url}/hooks?code=7",
            "TARGET_SECRETS": SECRET,
        }
        set_environment(monkeypatch, environment)
        client = create_app("consumer", MAIN).test_client()
        order = samples.value("commerce.order.created")
        body = push(order, "commerce.order.created", uid="e7")
        statuses = [client.post("/", json=body).status_code for _ in range(3)]

    assert statuses == [503, 200, 200]
    assert len(third_party.received) == 2
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    for request in third_party.received:
        assert (request.method, request.target) == ("POST", "/hooks?code=7")
        assert request.headers["content-type"] == "application/cloudevents+json"
        assert request.body["type"] == "commerce.order.created"
        assert {**request.body["data"], "_isNew": True} == order
        sent_at = request.headers["webhook-timestamp"]
        expected = signed(key, request.content, "e7", sent_at)
        assert request.headers.items() >= expected.items()


@pytest.mark.parametrize(
    ("environment", "errors"),
    [
        pytest.param(
            {},
            "GOOGLE_CLOUD_PROJECT is not set; neither COMMERCE_BASE_URL nor TARGET_URL"
            " is set: set COMMERCE_BASE_URL to serve inbound events, TARGET_URL to"
            " serve outbound events",
            id="nothing",
        ),
        pytest.param(
            {"COMMERCE_BASE_URL": PAAS["COMMERCE_BASE_URL"]},
            f"GOOGLE_CLOUD_PROJECT is not set; {NO_AUTHENTICATION}",
            id="inbound",
        ),
        pytest.param(
            {"TARGET_URL_ORDER": "https://a/", "TARGET_OAUTH_CLIENT_ID": "a"},
            "GOOGLE_CLOUD_PROJECT is not set; TARGET_URL is not set;"
            " TARGET_SECRETS is not set; TARGET_OAUTH_TOKEN_URL is not set;"
            " TARGET_OAUTH_CLIENT_SECRET is not set",
            id="outbound",
        ),
        pytest.param(
            {**SAAS, "GOOGLE_CLOUD_PROJECT": "p", "OAUTH_CLIENT_SECRET": ""},
            "OAUTH_CLIENT_ID is set, but OAUTH_CLIENT_SECRET is not",
            id="incomplete authentication",
        ),
    ],
)
def test_wrong_settings_stop_the_start(environment, errors, monkeypatch):
    set_environment(monkeypatch, environment)
    monkeypatch.delitem(sys.modules, "functions.consumer.main", raising=False)

    with pytest.raises(SettingsError) as raised:
        importlib.import_module("functions.consumer.main")
    assert str(raised.value) == f"Wrong settings: {errors}"
