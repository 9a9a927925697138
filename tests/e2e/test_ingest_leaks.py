"""Ingest logs and answers nothing of what it receives: see leak_checks.py."""

import base64
import json
import time

import pytest
import requests

from functions.events import catalog
from tests.support import canaries
from tests.support.ingest_authentication import signed
from tests.support.ingest_pubsub import FakePubSub
from tests.support.ingest_server import send_raw
from tests.support.leak_checks import (
    CANARY,
    HEADERS,
    LEDGER_KEY,
    PRODUCT_CREATE,
    TOKEN,
    VALUES,
    assert_clean,
    assert_clean_response,
    post,
    with_wrong_fields,
)
from tests.support.running import free_port
from tests.support.serving import function, url

KEY = bytes(range(32))
SIGNING_SECRET = "whsec_" + base64.b64encode(KEY).decode()
# A body that ends before it should.
INCOMPLETE = (
    f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{CANARY}".encode()
)


@pytest.fixture
def pubsub():
    with FakePubSub() as running:
        yield running


def ingest(pubsub, source=None, **more):
    environment = {
        "PUBSUB_EMULATOR_HOST": pubsub.address,
        "PUBLISH_TIMEOUT_SECONDS": "1",
        "LOG_LEVEL": "DEBUG",
        "MAX_BODY_BYTES": "5000",
        "INGEST_AUTH": "token",
        "INGEST_TOKENS": f"erp:{TOKEN}",
        "LEDGER": "memory",
    }
    return function("ingest", source, **{**environment, **more})


def body(event, value, uid="u-1", **more):
    return {"data": {"uid": uid, "event": event, "value": value, **more}}


def invalid_bodies(event, value):
    """Bodies that are rejected."""
    yield body(event, CANARY)
    yield body(event, value, entity=CANARY)
    yield body(event, value, uid=[CANARY])
    yield body(event, with_wrong_fields(value))
    yield body(CANARY, value)


UNREADABLE_BODIES = (
    json.dumps(body(PRODUCT_CREATE, VALUES[PRODUCT_CREATE])).encode()[:-1],
    f'{{"{CANARY}": {CANARY}}}'.encode(),
    CANARY.encode() + b"\xff",
    json.dumps([CANARY]).encode(),
    b"",
    CANARY.encode() * 2000,
)
OTHER_REQUESTS = (
    ("GET", f"/events/{CANARY}?token={TOKEN}"),
    ("GET", f"/events/{CANARY}"),
    ("DELETE", f"/{CANARY}?token={TOKEN}"),
    ("GET", f"/{CANARY}"),
)


def test_no_response_leaks(pubsub, execution_id):
    """Every event alone, every invalid one in a batch, every other kind of request."""
    responses = []
    with ingest(pubsub, LOG_EXECUTION_ID=execution_id) as server:

        def send(content, **headers):
            target = f"{url(server)}/{CANARY}?{CANARY}={CANARY}"
            responses.append(post(target, content, **{**HEADERS, **headers}))

        for event, value in VALUES.items():
            send(body(event, value))
            bodies = [body(event, value), *invalid_bodies(event, value)]
            send({"data": [one["data"] for one in bodies]})
        product = VALUES[PRODUCT_CREATE]
        for invalid in invalid_bodies(PRODUCT_CREATE, product):
            send(invalid)
        wrong_token = {"Authorization": f"Bearer {CANARY}"}
        send({**body(PRODUCT_CREATE, product), "token": CANARY}, **wrong_token)
        for content in UNREADABLE_BODIES:
            send(content)
            send(content, **{"Content-Type": "application/x-ndjson"})
        for method, path in OTHER_REQUESTS:
            responses.append(requests.request(method, url(server) + path, timeout=30))
        send_raw(*server.address, INCOMPLETE, seconds=0.2)
        raw = send_raw(*server.address, f"{CANARY}\r\n\r\n".encode())
        pubsub.stop()
        send(body(PRODUCT_CREATE, VALUES[PRODUCT_CREATE]))
        output = server.stop()

    statuses = [response.status_code for response in responses]
    assert set(statuses) == {200, 207, 400, 401, 404, 405, 413, 503}
    assert statuses.count(200) == len(VALUES)
    # Each alone, and in a batch, whose events are logged at DEBUG.
    assert output.count(b'"event published"') == 2 * len(VALUES)
    assert_clean(output)
    assert_clean(raw)
    for response in responses:
        # The name of an unknown event is part of the response by design.
        text = response.text.replace(f"publish event {CANARY}", "")
        assert_clean(text + str(response.headers))


@pytest.mark.parametrize("method", ["hmac", "oidc"])
def test_failed_authentication_does_not_leak(pubsub, method, tmp_path):
    """Invalid signatures and ID tokens, and a ledger that is unavailable."""
    (tmp_path / "file").touch()
    environment = {
        "INGEST_AUTH": method,
        "INGEST_HMAC_SECRETS": f"erp:{SIGNING_SECRET}",
        "INGEST_OIDC_AUDIENCE": "https://ingest.example",
        "INGEST_OIDC_EMAILS": "erp@example.com",
        "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}",
        "LEDGER": f"sqlite:{tmp_path}/file/ledger",
        "LEDGER_KEY": LEDGER_KEY,
    }
    names = ("webhook-id", "webhook-signature", "X-API-Key")
    headers = {**HEADERS, **dict.fromkeys(names, f"v1,{CANARY}")}
    headers["webhook-timestamp"] = str(int(time.time()))
    # Decoded as far as the key's name, for which Google would be asked.
    parts = ({"alg": "RS256", "kid": CANARY}, {"email": CANARY})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
    token = b".".join([*encoded, b"AAAA"]).replace(b"=", b"").decode()
    with ingest(pubsub, **environment) as server:
        responses = [
            post(url(server), content, **{**headers, **more})
            for content in (
                body(PRODUCT_CREATE, VALUES[PRODUCT_CREATE]),
                CANARY.encode(),
            )
            for more in ({}, {"Authorization": f"Bearer {token}"})
        ]
        target = f"{url(server)}/events/{CANARY}"
        signature = signed(KEY, f"GET /events/{CANARY}".encode())
        responses.append(requests.get(target, headers=signature, timeout=30))
        output = server.stop()

    assert {response.status_code for response in responses} == {401, 503}
    assert pubsub.requests == []
    assert_clean(output)
    assert SIGNING_SECRET.encode() not in output
    for response in responses:
        assert_clean_response(response)


def test_an_exception_does_not_leak(pubsub, execution_id):
    source = "tests/support/broken_ingest.py"
    with ingest(pubsub, source, LOG_EXECUTION_ID=execution_id) as server:
        content = body(PRODUCT_CREATE, VALUES[PRODUCT_CREATE])
        response = post(url(server), content, **HEADERS)
        output = server.stop()

    assert response.status_code == 500
    assert b"RuntimeError in BrokenPublisher.publish" in output
    assert_clean(output)
    assert_clean_response(response)


def test_every_event_has_canaries():
    assert set(VALUES) == set(catalog.INBOUND_EVENTS)
    for event, value in VALUES.items():
        assert canaries.find(json.dumps(value)), event
