"""Sign-in by Adobe IMS: one token, fetched once, renewed in time, shared by threads."""

import json
import threading
import time
from urllib.parse import parse_qs

import pytest

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable
from tests.commerce.canned import SAAS, settings
from tests.commerce.server import Server, answer


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Store:
    """IMS and Commerce in one server; takes the newest token alone."""

    def __init__(self):
        self.issued = 0
        self.valid = set()
        self.lasts = 86400
        self.token_answer = None
        self.commerce_answer = None
        self.release = threading.Event()
        self.release.set()
        self.server = Server(self.script)

    def script(self, request):
        if request.target == "/ims/token/v3":
            self.release.wait(10)
            if self.token_answer is not None:
                return self.token_answer or None
            self.issued += 1
            self.valid.add(f"token-{self.issued}")
            token = {"access_token": f"token-{self.issued}", "token_type": "bearer"}
            return answer(200, {**token, "expires_in": self.lasts})
        if self.commerce_answer is not None:
            return self.commerce_answer
        if request.headers["authorization"].removeprefix("Bearer ") in self.valid:
            return answer(200, True)
        return answer(401, {"error_code": "401013", "message": "Oauth token not valid"})

    @property
    def asked_for_tokens(self):
        return [r for r in self.server.received if r.target == "/ims/token/v3"]

    @property
    def asked_commerce(self):
        return [r for r in self.server.received if r.target != "/ims/token/v3"]


@pytest.fixture
def store():
    store = Store()
    with store.server:
        yield store


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(store, clock):
    base = {
        **SAAS,
        "COMMERCE_BASE_URL": f"{store.server.url}/tenant1",
        "COMMERCE_FLAVOUR": "saas",
        "OAUTH_BASE_URL": f"{store.server.url}/ims/token/",
        "COMMERCE_STORE_SCOPE": "de",
        "COMMERCE_CONCURRENCY": "8",
    }
    return CommerceConnection(settings(base), clock=clock)


def test_the_token_is_asked_for_as_documented(client, store):
    client.session().get("products")

    [request] = store.asked_for_tokens
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-id"],
        "client_secret": ["client-secret"],
        "scope": [
            "openid,AdobeID,email,profile,additional_info.roles,"
            "additional_info.projectedProductContext,commerce.accs"
        ],
    }


def test_a_call_carries_token_key_organisation_and_store(client, store):
    client.session().delete("customers/{id}", id=15)

    [request] = store.asked_commerce
    assert (request.method, request.target) == ("DELETE", "/tenant1/V1/customers/15")
    headers = request.headers
    assert headers["authorization"] == "Bearer token-1"
    assert headers["x-api-key"] == "client-id"
    assert headers["x-gw-ims-org-id"] == "org@AdobeOrg"
    assert headers["store"] == "de"


def test_threads_share_one_token(client, store):
    store.release.clear()
    threads = [
        threading.Thread(target=lambda: client.session().get("products"))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    store.release.set()
    for thread in threads:
        thread.join(10)

    assert len(store.asked_for_tokens) == 1
    assert len(store.asked_commerce) == 8


def test_the_token_is_renewed_minutes_before_it_ends(client, store, clock):
    shop = client.session()
    shop.get("products")
    clock.now += 86400 - 601
    shop.get("products")
    assert store.issued == 1

    clock.now += 2
    shop.get("products")

    assert store.issued == 2
    assert store.asked_commerce[-1].headers["authorization"] == "Bearer token-2"


def test_nobody_waits_for_the_one_who_renews_while_the_old_token_serves(
    client, store, clock
):
    client.session().get("products")
    clock.now += 86400 - 300
    store.release.clear()
    renewing = threading.Thread(target=lambda: client.session().get("products"))
    renewing.start()
    while len(store.asked_for_tokens) < 2:
        time.sleep(0.01)

    client.session().get("orders")

    assert not store.release.is_set()
    assert store.asked_commerce[-1].headers["authorization"] == "Bearer token-1"
    store.release.set()
    renewing.join(10)
    assert store.asked_commerce[-1].headers["authorization"] == "Bearer token-2"


def test_the_old_token_serves_until_its_end_while_ims_is_down(client, store, clock):
    shop = client.session()
    shop.get("products")
    store.token_answer = answer(503, b"")
    clock.now += 86400 - 300
    assert shop.get("products") is True

    clock.now += 301
    with pytest.raises(Unavailable) as raised:
        shop.get("products")

    assert (raised.value.status, raised.value.alarm) == (503, True)


def test_a_short_lived_token_is_not_renewed_at_every_call(client, store, clock):
    store.lasts = 300
    shop = client.session()
    for _ in range(3):
        shop.get("products")
        clock.now += 40

    assert store.issued == 1


def test_a_revoked_token_is_renewed_and_the_call_repeated_once(client, store):
    shop = client.session()
    shop.get("products")
    store.valid.clear()

    assert shop.post("products", {"a": 1}) is True

    assert store.issued == 2
    assert [r.headers["authorization"] for r in store.asked_commerce] == [
        "Bearer token-1",
        "Bearer token-1",
        "Bearer token-2",
    ]
    assert store.asked_commerce[-1].body == {"a": 1}


def test_a_token_that_is_revoked_again_at_once_is_renewed_again(client, store):
    shop = client.session()
    for _ in range(3):
        store.valid.clear()
        assert shop.get("products") is True

    assert store.issued == 3


def test_a_second_401_is_an_alarm_and_no_refusal(client, store):
    store.commerce_answer = answer(401, {"message": "Token is invalid"})

    with pytest.raises(Unavailable) as raised:
        client.session().get("products")

    assert (raised.value.status, raised.value.alarm) == (401, True)
    assert not raised.value.effect_unknown
    assert len(store.asked_commerce) == 2


def test_a_missing_permission_does_not_fetch_a_token_for_every_event(
    client, store, clock
):
    store.commerce_answer = answer(
        401,
        {
            "message": "The consumer isn't authorized to access %resources.",
            "parameters": {"resources": "Magento_Sales::ship"},
        },
    )

    for _ in range(5):
        with pytest.raises(Unavailable) as raised:
            client.session().get("products")

    assert raised.value.message == (
        "Commerce answered 401 to GET products: The consumer isn't authorized to"
        " access Magento_Sales::ship."
    )
    assert (len(store.asked_commerce), store.issued) == (6, 2)

    clock.now += 61
    store.valid.clear()
    store.commerce_answer = None
    assert client.session().get("products") is True
    assert store.issued == 3


def test_a_token_that_another_thread_renewed_is_not_renewed_again(client, store):
    shop = client.session()
    shop.get("products")
    assert client._ims.refused("an older token")

    shop.get("products")

    assert store.issued == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(answer(400, {"error": "invalid_client"}), 401, id="rejected"),
        pytest.param(answer(401, {"error": "invalid_client"}), 401, id="unauthorized"),
        pytest.param(answer(408, b""), 503, id="timed out"),
        pytest.param(answer(429, b""), 503, id="throttled"),
        pytest.param(answer(500, b"<html>"), 503, id="error"),
        pytest.param(answer(302, b"", Location="https://x.y"), 503, id="redirect"),
        pytest.param(answer(200, b"<html>"), 503, id="page"),
        pytest.param(answer(200, {"access_token": ""}), 503, id="empty token"),
        pytest.param(answer(200, {"access_token": "a\r\nb"}), 503, id="odd token"),
        pytest.param(answer(200, ["a"]), 503, id="list"),
        pytest.param(b"", 503, id="dropped"),
    ],
)
def test_a_failing_token_endpoint_is_an_alarm_and_no_refusal(
    client, store, said, status
):
    store.token_answer = said

    with pytest.raises(Unavailable) as raised:
        client.session().post("products", {})

    error = raised.value
    assert (error.status, error.alarm, error.effect_unknown) == (status, True, False)
    assert "client-secret" not in error.message
    assert store.asked_commerce == []


def test_a_failure_is_the_answer_to_all_who_ask_within_seconds(client, store, clock):
    store.token_answer = answer(400, {"error": "invalid_client"})
    for _ in range(5):
        with pytest.raises(Unavailable) as raised:
            client.session().get("products")
        assert (raised.value.status, raised.value.alarm) == (401, True)
    assert len(store.asked_for_tokens) == 1

    store.token_answer = None
    clock.now += 6
    assert client.session().get("products") is True


@pytest.mark.parametrize("lasts", [None, "soon", -1, 0, True, 1e30, "86400"])
def test_an_odd_span_of_life_is_survived(client, store, lasts):
    store.lasts = lasts

    assert client.session().get("products") is True


def test_a_span_of_life_may_be_text(client, store, clock):
    store.lasts = "86400"
    client.session().get("products")
    clock.now += 86400 - 601

    client.session().get("products")

    assert store.issued == 1


def test_fetching_a_token_asks_for_time_and_is_seen(client):
    times, seen = [], []
    shop = client.session(times.append, lambda *call: seen.append(call[:3]))

    shop.get("products")

    assert times == [10, 30.0]
    assert seen == [("POST", "ims/token/v3", 200), ("GET", "products", 200)]


def test_no_token_stands_in_an_error(client, store):
    store.commerce_answer = answer(500, {"message": "no"})

    with pytest.raises(Unavailable) as raised:
        client.session().get("products")

    assert "token-1" not in json.dumps([str(raised.value), raised.value.message])
