"""The consumer logs and answers nothing of what it receives: see leak_checks.py."""

import base64
import itertools
import json
import re

import pytest
import requests

from tests.support import canaries
from tests.support.commerce_server import CommerceServer, raw_response
from tests.support.ingest_pubsub import FakePubSub
from tests.support.ingest_server import send_raw
from tests.support.leak_checks import (
    CANARY,
    CLIENT_SECRET,
    HEADERS,
    IMS_TOKEN,
    LEDGER_KEY,
    PRODUCT_CREATE,
    VALUES,
    assert_clean,
    assert_clean_response,
    post,
    with_wrong_fields,
)
from tests.support.serving import OAUTH1, function, url

MESSAGE = {
    "message": "The value %1 is odd",
    "parameters": [CANARY, canaries.NUMBER],
    "trace": f"STACK {CANARY}",
}
# Part of a response by design: Commerce's own sentence, and an unknown event's name.
QUOTED = re.compile(
    f"The value {CANARY} is odd|Deadlock found: {CANARY}|not supported: {CANARY}"
)
RESPONSES = {
    "handled": raw_response(200, {"id": 1, "status": "x", "items": []}),
    "rejected": raw_response(400, MESSAGE),
    "not found": raw_response(404, MESSAGE),
    "unauthenticated": raw_response(401, MESSAGE),
    "failed": raw_response(500, MESSAGE),
    "contention": raw_response(400, {**MESSAGE, "message": "Deadlock found: %1"}),
    "ambiguous": raw_response(400, {"message": "Unable to save product"}),
    "unavailable": raw_response(503, MESSAGE, Retry_After="0"),
    "page": raw_response(200, f"<html>{CANARY} STACK".encode()),
    "redirect": raw_response(302, b"", Location="https://a.example/canary"),
    "dropped connection": None,
}


def push(event, value, message_id, **more):
    """A push with a canary in every attribute that is no label."""
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": "u-1",
        "ce-type": event,
        "ce-source": f"/ingest/{CANARY}",
        "ce-time": "2026-01-01T00:00:00.000000Z",
        "traceparent": CANARY,
        CANARY: CANARY,
    }
    return {
        "message": {
            "data": base64.b64encode(json.dumps(value).encode()).decode(),
            "attributes": attributes,
            "messageId": message_id,
            "publishTime": "2026-01-01T00:00:00.001Z",
            "orderingKey": f"product:{CANARY}",
            **more,
        },
        "subscription": f"projects/p/subscriptions/{CANARY}",
        "deliveryAttempt": 1,
    }


def invalid_pushes(number):
    """Pushes without an event that could be handled."""
    valid = push(PRODUCT_CREATE, VALUES[PRODUCT_CREATE], "x")
    for changes in (
        {"data": "***canary"},
        {"data": base64.b64encode(f'{{"{CANARY}'.encode()).decode()},
        {"data": [CANARY]},
        {"attributes": {"ce-type": [CANARY], CANARY: {CANARY: 1}}},
        {"attributes": {"ce-type": PRODUCT_CREATE, "ce-time": CANARY}},
        {"attributes": CANARY},
        {"messageId": None},
    ):
        message = {**valid["message"], "messageId": f"m{next(number)}", **changes}
        yield {**valid, "message": message}
    yield {**valid, "message": CANARY}
    yield {**valid, "message": [CANARY], "deliveryAttempt": CANARY}
    wrong = with_wrong_fields(VALUES[PRODUCT_CREATE])
    yield push(PRODUCT_CREATE, wrong, f"m{next(number)}")
    yield push(CANARY, VALUES[PRODUCT_CREATE], f"m{next(number)}")


INVALID_CALLS = (
    {"type": "", "data": CANARY},
    {"type": CANARY, "data": CANARY},
    {"type": PRODUCT_CREATE, "data": with_wrong_fields(VALUES[PRODUCT_CREATE])},
    {"type": [CANARY], "data": {CANARY: CANARY}},
    CANARY.encode() + b"\xff",
)
# A body that ends before it should.
INCOMPLETE = (
    f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{CANARY}".encode()
)


@pytest.fixture
def commerce():
    with CommerceServer() as running:
        yield running


@pytest.fixture
def pubsub():
    with FakePubSub() as running:
        yield running


def consumer(commerce, pubsub, source=None, **more):
    environment = {
        **OAUTH1,
        "COMMERCE_BASE_URL": f"{commerce.url}/rest/",
        "COMMERCE_TIMEOUT_SECONDS": "5",
        "PUBSUB_EMULATOR_HOST": pubsub.address,
        "LOG_LEVEL": "DEBUG",
        "THREADS": "4",
    }
    return function("consumer", source, **{**environment, **more})


def pairs(execution_id):
    """Every event is handled, rejected, repeated; one event gets every response.

    LOG_EXECUTION_ID only changes how entries are written: one event is enough for it.
    """
    events = VALUES if execution_id == "false" else ()
    yield from itertools.product(events, ("handled", "rejected", "failed"))
    yield from itertools.product([PRODUCT_CREATE], RESPONSES)
    yield "be-observer.customer_delete", "not found"


def test_no_result_leaks(commerce, pubsub, execution_id):
    """Every event, every response of Commerce, and every kind of invalid push."""
    responses = []
    number = itertools.count()
    with consumer(commerce, pubsub, LOG_EXECUTION_ID=execution_id) as server:

        def send(content):
            target = f"{url(server)}/{CANARY}?{CANARY}"
            responses.append(post(target, content, **HEADERS))

        for event, name in pairs(execution_id):
            commerce.response = RESPONSES[name]
            pushed = push(event, VALUES[event], f"m{next(number)}")
            for content in (pushed, pushed, {"type": event, "data": VALUES[event]}):
                send(content)
        for content in (*invalid_pushes(number), *INVALID_CALLS):
            send(content)
        responses.append(requests.delete(f"{url(server)}/{CANARY}", timeout=30))
        send_raw(*server.address, INCOMPLETE, seconds=0.2)
        pubsub.stop()
        wrong = with_wrong_fields(VALUES[PRODUCT_CREATE])
        send(push(PRODUCT_CREATE, wrong, "without dead-letter topic"))
        output = server.stop()

    entries = [json.loads(x) for x in output.splitlines() if x.startswith(b"{")]
    assert {entry["outcome"] for entry in entries if "outcome" in entry} == {
        *("handled", "duplicate", "rejected", "retry"),
    }
    statuses = {response.status_code for response in responses}
    assert statuses == {200, 400, 401, 404, 405, 500, 503}
    assert_clean(output)
    for response in responses:
        assert_clean(QUOTED.sub("", response.text) + str(response.headers))


def test_an_exception_does_not_leak(commerce, pubsub, execution_id):
    source = "tests/support/broken_consumer.py"
    with consumer(commerce, pubsub, source, LOG_EXECUTION_ID=execution_id) as server:
        contents = [push(event, value, f"m-{event}") for event, value in VALUES.items()]
        direct = {"type": PRODUCT_CREATE, "data": VALUES[PRODUCT_CREATE]}
        responses = [
            post(url(server), content, **HEADERS) for content in (*contents, direct)
        ]
        output = server.stop()

    assert {response.status_code for response in responses} == {500}
    assert output.count(b"RuntimeError in BrokenConnection.send") == len(responses)
    assert_clean(output)
    for response in responses:
        assert_clean_response(response)


def test_an_unavailable_ledger_does_not_leak(commerce, pubsub, tmp_path):
    (tmp_path / "file").touch()
    ledger = f"sqlite:{tmp_path}/file/ledger"
    with consumer(commerce, pubsub, LEDGER=ledger, LEDGER_KEY=LEDGER_KEY) as server:
        pushed = push(PRODUCT_CREATE, VALUES[PRODUCT_CREATE], "m1")
        response = post(url(server), pushed)
        output = server.stop()

    assert response.status_code == 503
    assert output.count(b"LedgerUnavailable in") == 1
    assert_clean(output)
    assert_clean_response(response)


@pytest.mark.parametrize("status", [200, 401])
def test_ims_does_not_leak(commerce, pubsub, status):
    """IMS answers with our secret and, or instead of, a token."""

    def respond(request):
        if "token" in request.target:
            document = {"access_token": IMS_TOKEN, "error": CLIENT_SECRET}
            return raw_response(status, document)
        message = f"{IMS_TOKEN} {CANARY}"
        return raw_response(401, {"message": message, "trace": "STACK"})

    commerce.response = respond
    environment = {
        **dict.fromkeys(OAUTH1, ""),
        "OAUTH_CLIENT_ID": "client-0123456789",
        "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
        "OAUTH_ORG_ID": "org@AdobeOrg",
        "OAUTH_BASE_URL": f"{commerce.url}/ims/token/",
    }
    with consumer(commerce, pubsub, **environment) as server:
        pushed = push(PRODUCT_CREATE, VALUES[PRODUCT_CREATE], "m1")
        response = post(url(server), pushed)
        output = server.stop()

    assert response.status_code == 401
    assert any("token" in request.target for request in commerce.received)
    assert_clean(output)
