"""A mapping's events are validated as a batch; its bugs publish nothing."""

import json
from decimal import Decimal

import pytest

from functions.ingest import mapping
from functions.ingest.mapping import InvalidPayload
from tests.support.ingest_app import RecordingPublisher, ingest_client

STOCK = "be-observer.catalog_stock_update"
TOKEN = "token-0123456789abc"
OTHER = "token-of-another-01"
SETTINGS = {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{TOKEN},wms:{OTHER}"}


def stock(uid="1", quantity=1, **fields) -> dict:
    row = {"sku": "A", "source": "d", "quantity": quantity, "outOfStock": False}
    return {"uid": uid, "event": STOCK, "value": [row], **fields}


@pytest.fixture
def posted(monkeypatch):
    """Posts for erp under a mapping; returns response, published and log entries."""

    def post_under(to_events, body=b"payload", token=TOKEN, **headers):
        monkeypatch.setattr(mapping, "to_events", to_events)
        publisher, written = RecordingPublisher(), []
        with ingest_client(publisher, write=written.append, **SETTINGS) as client:
            headers = {"authorization": f"Bearer {token}", **headers}
            response = client.post("/", content=body, headers=headers)
        return response, publisher.published, [json.loads(line) for line in written]

    return post_under


def test_a_mapping_gets_what_the_caller_sent(posted):
    calls = []

    def to_events(caller, headers, body):
        calls.append((caller, headers["x-document"], body))
        return [stock("1"), stock("2")]

    response, published, _ = posted(to_events, b"\xff", **{"X-Document": "4711"})

    assert calls == [("erp", "4711", b"\xff")]
    assert (response.status_code, response.json()["accepted"]) == (200, 2)
    [(topic, message), _] = published
    assert topic == "commerce-stock"
    assert message.attributes["ce-source"] == "/ingest/erp"


def test_a_mapping_runs_after_authentication(posted):
    def to_events(caller, headers, body):
        raise AssertionError

    response, _, _ = posted(to_events, token="x" * 16)

    assert response.status_code == 401


def test_other_callers_keep_ingests_own_form(posted):
    def to_events(caller, headers, body):
        return [stock()] if caller == "erp" else None

    body = json.dumps({"data": stock()}).encode()
    response, published, _ = posted(to_events, body, OTHER)

    assert response.json()["type"] == STOCK
    assert len(published) == 1


def test_no_event_is_published_for_an_empty_list(posted):
    response, published, _ = posted(lambda *_: [])

    assert response.status_code == 200
    assert response.json() == {
        "results": [],
        "accepted": 0,
        "rejected": 0,
        "failed": 0,
    }
    assert published == []


def test_more_than_500_mapped_events_are_a_400(posted):
    response, published, _ = posted(lambda *_: [stock()] * 501)

    assert (response.status_code, published) == (400, [])


@pytest.mark.parametrize("uid", [{}, {"uid": None}, {"uid": ""}])
def test_a_missing_uid_is_a_400(posted, uid):
    event = stock()
    del event["uid"]
    response, published, _ = posted(lambda *_: [event | uid])

    assert (response.status_code, published) == (400, [])
    [result] = response.json()["results"]
    assert list(result["errors"]) == ["data.0.uid"]


def test_an_error_names_the_callers_own_field(posted):
    names = {"value.0.quantity": "Qty", "value.0.sku": "ItemNo"}
    events = [stock("1"), stock("2", "12,5", sent_as=names), stock("3", "x")]
    response, published, _ = posted(lambda *_: events)

    assert response.status_code == 207
    assert [result.get("errors") for result in response.json()["results"]] == [
        None,
        {"data.1.value.0.quantity": ["Must be a number.", "Sent as Qty."]},
        {"data.2.value.0.quantity": ["Must be a number."]},
    ]
    assert len(published) == 1


def test_only_a_mapping_names_own_fields(posted):
    names = {"value.0.quantity": "Qty"}
    body = json.dumps({"data": [stock("1", "x", sent_as=names)]}).encode()
    response, _, _ = posted(lambda *_: None, body)

    [result] = response.json()["results"]
    assert result["errors"] == {"data.0.value.0.quantity": ["Must be a number."]}


def test_a_mapping_may_reject_the_payload(posted):
    def to_events(caller, headers, body):
        raise InvalidPayload("The XML cannot be read", {"Document": ["Is missing."]})

    response, published, [*_, entry] = posted(to_events)

    assert response.status_code == 400
    assert response.json() == {
        "error": "The XML cannot be read",
        "errors": {"Document": ["Is missing."]},
    }
    assert (entry["severity"], entry["caller"]) == ("WARNING", "erp")
    assert published == []


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_a_400(posted, number):
    response, published, _ = posted(lambda *_: [stock(quantity=number)])

    assert (response.status_code, published) == (400, [])


def raising(caller, headers, body):
    raise KeyError("jane@example.com")


@pytest.mark.parametrize(
    "to_events",
    [
        pytest.param(raising, id="raises"),
        pytest.param(lambda *_: stock(), id="no list"),
        pytest.param(lambda *_: [stock(), None], id="an item is no event"),
        pytest.param(lambda *_: [stock(quantity=Decimal(1))], id="no JSON"),
        pytest.param(lambda *_: [stock(), {"uid": {1}}], id="the last one"),
    ],
)
def test_a_bug_of_a_mapping_is_a_500_with_an_alarm(posted, to_events):
    response, published, [*_, entry] = posted(to_events)

    assert response.status_code == 500
    assert response.json() == {
        "error": "The payload could not be mapped; nothing is published"
    }
    assert published == []
    assert entry.pop("message").startswith("mapping failed: ")
    assert (entry["severity"], entry["alarm"], entry["caller"]) == (
        "ERROR",
        True,
        "erp",
    )
    assert "jane" not in json.dumps(entry)
