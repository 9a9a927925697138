"""Authentication by Adobe IMS: one token, renewed in time, shared by threads."""

import json
import threading
import time
from urllib.parse import parse_qs

import pytest
import requests

from functions.commerce.client import CommerceConnection
from functions.commerce.ims import Ims
from functions.errors import Unavailable
from tests.support.commerce_adapter import (
    SAAS,
    RecordingAdapter,
    commerce_settings,
    reply,
)
from tests.support.fake_clock import FakeClock

INVALID_CLIENT = reply(400, {"error": "invalid_client"})


class Store:
    """IMS and Commerce; Commerce accepts the tokens in ``valid``.

    Attributes:
        token_response: in place of a new token.
        commerce_response: in place of the check of the token.
        release: while cleared, token requests wait.
    """

    def __init__(self):
        self.issued = 0
        self.valid = set()
        self.lifetime = 86400
        self.token_response = None
        self.commerce_response = None
        self.release = threading.Event()
        self.release.set()
        self.adapter = RecordingAdapter(self.respond)

    def respond(self, request):
        if request.path:
            return self.commerce_response or self.check_token(request)
        self.release.wait(10)
        if self.token_response is not None:
            return self.token_response
        self.issued += 1
        self.valid.add(f"token-{self.issued}")
        token = {"access_token": f"token-{self.issued}", "token_type": "bearer"}
        return reply(200, {**token, "expires_in": self.lifetime})

    def check_token(self, request):
        if request.headers["Authorization"].removeprefix("Bearer ") in self.valid:
            return reply(200, True)
        return reply(401, {"error_code": "401013", "message": "Oauth token not valid"})

    @property
    def token_requests(self):
        return [r for r in self.adapter.requests if not r.path]

    @property
    def commerce_requests(self):
        return [r for r in self.adapter.requests if r.path]

    @property
    def used_tokens(self):
        return [r.headers["Authorization"] for r in self.commerce_requests]


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def clock():
    return FakeClock(1000.0)


@pytest.fixture
def connection(store, clock):
    session = requests.Session()
    session.mount("https://", store.adapter)
    settings = commerce_settings(
        SAAS, COMMERCE_STORE_SCOPE="de", COMMERCE_CONCURRENCY="8"
    )
    return CommerceConnection(settings, session, clock)


def test_a_token_is_requested_as_documented(connection, store):
    connection.session().get("products")

    [request] = store.token_requests
    assert request.method == "POST"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-id"],
        "client_secret": ["client-secret"],
        "scope": [
            "openid,AdobeID,email,profile,additional_info.roles,"
            "additional_info.projectedProductContext,commerce.accs"
        ],
    }


def test_a_call_has_token_key_organisation_and_store(connection, store):
    connection.session().delete("customers/{id}", id=15)

    [request] = store.commerce_requests
    assert (request.method, request.path) == ("DELETE", "customers/15")
    assert request.url == "https://na1.api.commerce.adobe.com/tenant1/V1/customers/15"
    headers = request.headers
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["x-api-key"] == "client-id"
    assert headers["x-gw-ims-org-id"] == "org@AdobeOrg"
    assert headers["Store"] == "de"


def test_threads_share_one_token(connection, store):
    store.release.clear()
    threads = [
        threading.Thread(target=lambda: connection.session().get("products"))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    store.release.set()
    for thread in threads:
        thread.join(10)

    assert len(store.token_requests) == 1
    assert len(store.commerce_requests) == 8


def test_a_token_is_renewed_before_it_expires(connection, store, clock):
    session = connection.session()
    session.get("products")
    clock.now += 86400 - 601
    session.get("products")
    assert store.issued == 1

    clock.now += 2
    session.get("products")

    assert store.issued == 2
    assert store.used_tokens[-1] == "Bearer token-2"


def test_a_valid_token_is_used_during_renewal(connection, store, clock):
    connection.session().get("products")
    clock.now += 86400 - 300
    store.release.clear()
    renewing = threading.Thread(target=lambda: connection.session().get("products"))
    renewing.start()
    while len(store.token_requests) < 2:
        time.sleep(0.01)

    connection.session().get("orders")

    assert not store.release.is_set()
    assert store.used_tokens[-1] == "Bearer token-1"
    store.release.set()
    renewing.join(10)
    assert store.used_tokens[-1] == "Bearer token-2"


def test_a_valid_token_is_used_while_ims_is_down(connection, store, clock):
    session = connection.session()
    session.get("products")
    store.token_response = reply(503, b"")
    clock.now += 86400 - 300
    assert session.get("products") is True

    clock.now += 301
    with pytest.raises(Unavailable) as raised:
        session.get("products")

    assert (raised.value.status, raised.value.alarm) == (503, True)


def test_a_short_lived_token_is_not_renewed_at_each_call(connection, store, clock):
    store.lifetime = 300
    session = connection.session()
    for _ in range(3):
        session.get("products")
        clock.now += 40

    assert store.issued == 1


def test_a_revoked_token_is_renewed_and_the_call_repeated(connection, store):
    session = connection.session()
    session.get("products")
    store.valid.clear()

    assert session.post("products", {"a": 1}) is True

    assert store.issued == 2
    assert store.used_tokens == [
        "Bearer token-1",
        "Bearer token-1",
        "Bearer token-2",
    ]
    assert store.commerce_requests[-1].body == {"a": 1}


def test_a_token_that_is_revoked_again_is_renewed_again(connection, store):
    session = connection.session()
    for _ in range(3):
        store.valid.clear()
        assert session.get("products") is True

    assert store.issued == 3


def test_a_second_401_is_an_alarm_not_a_rejection(connection, store):
    store.commerce_response = reply(401, {"message": "Token is invalid"})

    with pytest.raises(Unavailable) as raised:
        connection.session().get("products")

    assert (raised.value.status, raised.value.alarm) == (401, True)
    assert not raised.value.outcome_unknown
    assert len(store.commerce_requests) == 2


def test_a_missing_permission_costs_one_renewal(connection, store, clock):
    store.commerce_response = reply(
        401,
        {
            "message": "The consumer isn't authorized to access %resources.",
            "parameters": {"resources": "Magento_Sales::ship"},
        },
    )

    for _ in range(5):
        with pytest.raises(Unavailable) as raised:
            connection.session().get("products")

    assert raised.value.message == (
        "Commerce answered 401 to GET products: The consumer isn't authorized to"
        " access Magento_Sales::ship."
    )
    assert (len(store.commerce_requests), store.issued) == (6, 2)

    clock.now += 61
    store.valid.clear()
    store.commerce_response = None
    assert connection.session().get("products") is True
    assert store.issued == 3


def test_a_token_renewed_by_another_thread_is_used(connection, store):
    session = connection.session()
    session.get("products")
    assert connection.ims.renewal_may_help("an older token")

    session.get("products")

    assert store.issued == 1


@pytest.mark.parametrize(
    ("response", "status"),
    [
        pytest.param(INVALID_CLIENT, 401, id="rejected"),
        pytest.param(reply(401, {"error": "invalid_client"}), 401, id="unauthorized"),
        pytest.param(reply(408, b""), 503, id="timed out"),
        pytest.param(reply(429, b""), 503, id="throttled"),
        pytest.param(reply(500, b"<html>"), 503, id="error"),
        pytest.param(reply(302, b"", Location="https://x.y"), 503, id="redirect"),
        pytest.param(reply(200, b"<html>"), 503, id="page"),
        pytest.param(reply(200, {"access_token": ""}), 503, id="empty token"),
        pytest.param(reply(200, {"access_token": "a\r\nb"}), 503, id="invalid token"),
        pytest.param(reply(200, ["a"]), 503, id="list"),
        pytest.param(requests.ConnectionError(), 503, id="dropped"),
    ],
)
def test_a_failing_token_endpoint_is_an_alarm(connection, store, response, status):
    store.token_response = response

    with pytest.raises(Unavailable) as raised:
        connection.session().post("products", {})

    error = raised.value
    assert (error.status, error.alarm, error.outcome_unknown) == (status, True, False)
    assert "client-secret" not in error.message
    assert store.commerce_requests == []


def test_a_failure_is_cached_for_seconds(connection, store, clock):
    store.token_response = INVALID_CLIENT
    for _ in range(5):
        with pytest.raises(Unavailable) as raised:
            connection.session().get("products")
        assert (raised.value.status, raised.value.alarm) == (401, True)
    assert len(store.token_requests) == 1

    store.token_response = None
    clock.now += 6
    assert connection.session().get("products") is True


def test_an_invalid_lifetime_is_replaced(subtests, connection, store):
    for lifetime in [None, "soon", -1, 0, True, 1e30, "86400"]:
        with subtests.test(lifetime=lifetime):
            store.lifetime = lifetime

            assert connection.session().get("products") is True


def test_a_lifetime_may_be_text(connection, store, clock):
    store.lifetime = "86400"
    connection.session().get("products")
    clock.now += 86400 - 601

    connection.session().get("products")

    assert store.issued == 1


def test_a_token_request_asks_for_time_and_is_observed(connection):
    times, observed = [], []
    session = connection.session(
        times.append, lambda *call, **_: observed.append(call[:3])
    )

    session.get("products")

    assert times == [10, 30.0]
    assert observed == [("POST", "ims/token/v3", 200), ("GET", "products", 200)]


def test_no_error_contains_a_token(connection, store):
    store.commerce_response = reply(500, {"message": "no"})

    with pytest.raises(Unavailable) as raised:
        connection.session().get("products")

    assert "token-1" not in json.dumps([str(raised.value), raised.value.message])


def test_a_call_does_not_wait_long_for_another_threads_token(connection, store):
    connection.ims = Ims(
        connection.settings, connection._transport, request_seconds=0.02
    )
    store.release.clear()
    renewing = threading.Thread(target=lambda: connection.session().get("products"))
    renewing.start()
    while not store.token_requests:
        time.sleep(0.001)

    with pytest.raises(Unavailable) as raised:
        connection.session().get("products")

    assert (raised.value.status, raised.value.alarm) == (503, True)
    assert raised.value.message == "Adobe IMS: no token in time"
    store.release.set()
    renewing.join(10)
