"""What ingest logs: one entry per request."""

import json

import pytest

from functions.ingest.auth import AuthenticationUnavailable
from tests.support.ingest_app import (
    CREATE,
    VALUE,
    RecordingPublisher,
    event,
    ingest_client,
    post,
)

TOKEN = "token-0123456789abc"
TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {
    "Authorization": f"Bearer {TOKEN}",
    "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
}
EVENT = {"event": CREATE, "entity": "product", "uid": "u-1", "caller": "erp"}


def logged(body, publisher=None, headers=HEADERS, **settings) -> list[dict]:
    """The entries of one request, without those of the start."""
    written: list[bytes] = []
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{TOKEN}", **settings}
    publisher = publisher or RecordingPublisher()
    with ingest_client(publisher, write=written.append, **given) as client:
        post(client, body, headers=headers)
    entries = [json.loads(line) for line in written]
    for entry in entries:
        assert entry["logging.googleapis.com/trace"] == f"projects/p/traces/{TRACE}"
        assert entry.pop("ms", 0.0) >= 0
        for name in list(entry):
            if name == "time" or name.startswith("logging."):
                del entry[name]
    return entries


def test_an_accepted_event_is_one_info_entry():
    assert logged(event(uid="u-1")) == [
        {
            "severity": "INFO",
            "message": "event published",
            **EVENT,
            "stage": "published",
            "message_id": "1",
            "status": 200,
        }
    ]


def test_a_received_event_is_logged_at_debug():
    received, published = logged(event(uid="u-1"), LOG_LEVEL="debug")

    assert received == {
        "severity": "DEBUG",
        "message": "event received",
        **EVENT,
        "stage": "received",
    }
    assert published["stage"] == "published"


def test_an_invalid_event_is_one_warning_with_its_fields():
    body = event(uid="u-1", value={**VALUE, "price": "9.5"})

    assert logged(body) == [
        {
            "severity": "WARNING",
            "message": "event rejected",
            **EVENT,
            "stage": "published",
            "outcome": "rejected",
            "fields": ["data.value.price"],
            "status": 400,
        }
    ]


def test_keys_that_the_caller_chose_are_not_logged():
    value = {"id": 1, "secret-key": 2}
    [entry] = logged(event(name="be-observer.customer_delete", value=value))

    assert "secret-key" not in json.dumps(entry)


@pytest.mark.parametrize(
    ("headers", "settings", "logged_fields"),
    [
        pytest.param(
            {"traceparent": HEADERS["traceparent"]},
            {},
            {"status": 401, "reason": "no token was sent"},
            id="401",
        ),
        pytest.param(HEADERS, {"MAX_BODY_BYTES": "1000"}, {"status": 413}, id="413"),
    ],
)
def test_a_rejected_request_is_one_warning(headers, settings, logged_fields):
    assert logged(event(more="x" * 1000), headers=headers, **settings) == [
        {
            "severity": "WARNING",
            "message": "request rejected",
            "stage": "published",
            "outcome": "rejected",
            **logged_fields,
        }
    ]


def test_an_event_that_is_not_stored_is_one_error():
    publisher = RecordingPublisher()
    publisher.failure = "UNAVAILABLE"

    assert logged(event(uid="u-1"), publisher) == [
        {
            "severity": "ERROR",
            "message": "event not stored, the caller must send again: UNAVAILABLE",
            **EVENT,
            "stage": "published",
            "outcome": "retry",
            "status": 503,
        }
    ]


def test_unavailable_authentication_is_an_error_and_an_alarm(monkeypatch):
    async def unavailable(*_):
        raise AuthenticationUnavailable

    monkeypatch.setattr("functions.ingest.auth.check_authentication", unavailable)
    [entry] = logged(event())

    assert (entry["severity"], entry["outcome"]) == ("ERROR", "retry")
    assert (entry["alarm"], entry["status"]) == (True, 503)


def test_a_crash_is_one_error_without_values():
    class BrokenPublisher:
        async def publish(self, topic, message):
            raise RuntimeError("jane@example.com")

    [entry] = logged(event(), BrokenPublisher())

    assert entry.pop("message").startswith("ingest failed: RuntimeError in ")
    assert entry == {
        "severity": "ERROR",
        "stage": "published",
        "outcome": "error",
        "status": 500,
    }
