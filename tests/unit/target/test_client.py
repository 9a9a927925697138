"""The client of the third party's webhook: what it sends, and when it sends nothing."""

import hashlib
import math
import time
from base64 import b64encode
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
import requests

from functions.errors import Rejected, Unavailable
from functions.standard_webhooks import is_signed
from functions.target.client import DELIVERED
from tests.support.commerce_adapter import reply
from tests.support.fake_clock import FakeClock
from tests.support.target_kit import (
    EVENT,
    NEW_SECRET,
    OAUTH,
    SECRET,
    TARGET,
    cloud_event,
    target_with,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DATA = {"increment_id": "000000041"}
TOKEN = reply(200, {"access_token": "t1", "expires_in": 3600})
NEW_TOKEN = reply(200, {"access_token": "t2", "expires_in": 3600})


def ignore(*_, **__):
    pass


def session_of(connection, event=EVENT, before=ignore, observe=ignore, trace=None):
    return connection.session(event, before, observe, trace)


def send(script=None, event=EVENT, **more):
    """The message, and the requests."""
    connection, adapter = target_with(script or [reply(202)], **more)
    return session_of(connection, event).send(DATA), adapter.requests


def test_a_webhook_is_a_cloud_event_in_structured_json():
    message, [request] = send()

    assert message == DELIVERED
    assert (request.method, request.url) == ("POST", TARGET["TARGET_URL"])
    assert request.headers["Content-Type"] == "application/cloudevents+json"
    assert cloud_event(request) == {
        "specversion": "1.0",
        "id": "a1b2-c3",
        "type": "commerce.order.created",
        "source": "/commerce/p1",
        "time": "2026-01-01T00:00:00.000000Z",
        "subject": "41",
        "datacontenttype": "application/json",
        "data": DATA,
    }


def test_a_webhook_is_signed_with_every_secret():
    _, [request] = send(TARGET_SECRETS=f"{SECRET},{NEW_SECRET}")

    headers = request.headers
    assert headers["webhook-id"] == "a1b2-c3"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    assert is_signed(SECRET, headers, request.body)
    assert is_signed(NEW_SECRET, headers, request.body)
    assert not is_signed(SECRET, headers, request.body + b" ")


def test_every_attempt_has_the_same_id():
    connection, adapter = target_with([reply(500), reply(202)])
    with pytest.raises(Unavailable):
        session_of(connection).send(DATA)
    session_of(connection).send(DATA)

    assert [r.headers["webhook-id"] for r in adapter.requests] == ["a1b2-c3"] * 2


def test_an_id_that_a_header_cannot_hold_is_hashed(subtests):
    for identifier in ["a.b", "ä", "a b", "x" * 200, "a\r\nb"]:
        with subtests.test(identifier=identifier):
            _, [request] = send(event=replace(EVENT, id=identifier))

            digest = hashlib.sha256(identifier.encode()).hexdigest()
            assert request.headers["webhook-id"] == digest
            assert cloud_event(request)["id"] == identifier


def test_the_url_of_the_entity_is_used():
    _, [request] = send(TARGET_URL_ORDER="https://orders.example/")

    assert request.url == "https://orders.example/"


def test_each_call_has_a_span_of_the_trace():
    connection, adapter = target_with([reply(202)])
    observed = []
    session_of(
        connection,
        observe=lambda *call, **more: observed.append((*call[:3], more)),
        trace=TRACE,
    ).send(DATA)

    sent = adapter.requests[0].headers["traceparent"]
    assert sent[:36] == TRACE[:36]
    assert sent != TRACE
    assert observed == [("POST", "webhook", 202, {"span_id": sent.split("-")[2]})]


def test_the_timeout_is_announced_before_the_call():
    """So that the lease lasts for it."""
    connection, adapter = target_with([reply(202)], TARGET_TIMEOUT_SECONDS="12")
    seconds = []

    session_of(connection, before=seconds.append).send(DATA)

    assert seconds == [12.0]


def test_nothing_is_sent_when_the_lease_is_lost():
    connection, adapter = target_with([])

    def taken_over(_):
        raise Unavailable(503, "taken over")

    with pytest.raises(Unavailable):
        session_of(connection, before=taken_over).send(DATA)
    assert adapter.requests == []


def test_a_bearer_token_is_sent():
    _, [request] = send(TARGET_TOKEN="secret-1")

    assert request.headers["Authorization"] == "Bearer secret-1"


def test_a_wrong_bearer_token_is_an_alarm():
    with pytest.raises(Unavailable) as raised:
        send([reply(401)], TARGET_TOKEN="secret-1")
    assert (raised.value.status, raised.value.alarm) == (401, True)


@pytest.mark.parametrize(
    ("auth", "form", "authorization"),
    [
        ("post", {"client_id": ["id:1"], "client_secret": ["secret/1"]}, None),
        ("basic", {}, "Basic " + b64encode(b"id%3A1:secret%2F1").decode()),
    ],
)
def test_a_token_is_requested_and_kept(auth, form, authorization):
    connection, adapter = target_with(
        [TOKEN, reply(202), reply(202)],
        **OAUTH,
        TARGET_OAUTH_CLIENT_AUTH=auth,
        TARGET_OAUTH_SCOPE="orders.write",
    )
    for _ in range(2):
        session_of(connection).send(DATA)

    request, *webhooks = adapter.requests
    assert request.url == OAUTH["TARGET_OAUTH_TOKEN_URL"]
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["orders.write"],
        **form,
    }
    assert request.headers.get("Authorization") == authorization
    assert [w.headers["Authorization"] for w in webhooks] == ["Bearer t1"] * 2


def test_a_rejected_token_is_renewed_once():
    script = [TOKEN, reply(401), NEW_TOKEN, reply(401)]

    with pytest.raises(Unavailable) as raised:
        send(script, **OAUTH)
    assert (raised.value.status, raised.value.alarm) == (401, True)
    _, requests_ = send([TOKEN, reply(401), NEW_TOKEN, reply(202)], **OAUTH)
    assert requests_[-1].headers["Authorization"] == "Bearer t2"
    assert len({r.headers["webhook-id"] for r in (requests_[1], requests_[3])}) == 1


def test_a_failing_token_server_is_an_alarm():
    with pytest.raises(Unavailable) as raised:
        send([reply(400, {"error": "invalid_client"})], **OAUTH)
    assert raised.value.message == (
        "The target's OAuth server rejected our credentials (status 400)"
    )
    assert raised.value.alarm


def test_nothing_is_sent_until_retry_after_has_passed(subtests):
    for status in [408, 425, 429, 500, 502, 503]:
        with subtests.test(status=status):
            clock = FakeClock()
            connection, adapter = target_with(
                [reply(status, b"", Retry_After="60"), reply(202), reply(202)],
                clock,
                TARGET_URL_STOCK="https://stock.example/",
            )
            for _ in range(2):
                with pytest.raises(Unavailable):
                    session_of(connection).send(DATA)
            assert len(adapter.requests) == 1

            # Another receiver asked for nothing.
            session_of(connection, replace(EVENT, entity="outbound-stock")).send(DATA)
            clock.now += 61
            session_of(connection).send(DATA)


@pytest.mark.parametrize(
    ("error", "status", "unknown"),
    [
        (requests.ReadTimeout(), 504, True),
        (requests.ConnectTimeout(), 503, False),
        (requests.ConnectionError("reset"), 503, True),
    ],
)
def test_a_failing_network_is_a_retry(error, status, unknown):
    with pytest.raises(Unavailable) as raised:
        send([error])
    assert (raised.value.status, raised.value.outcome_unknown) == (status, unknown)


def test_a_long_response_is_read_in_part():
    message, _ = send([reply(200, b"x" * 3_000_000)])

    assert message == DELIVERED


def test_a_second_webhook_of_an_event_is_an_error():
    """It would have the same id."""
    connection, _ = target_with([reply(202)])
    session = session_of(connection)
    session.send(DATA)

    with pytest.raises(RuntimeError):
        session.send(DATA)


def test_data_that_is_no_json_is_rejected():
    connection, _ = target_with([])

    with pytest.raises(Rejected):
        session_of(connection).send({"qty": math.inf})
