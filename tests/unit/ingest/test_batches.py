"""A batch: every item is judged by itself, and answered."""

import json
import time

import pytest

from tests.support.ingest_app import (
    CREATE,
    VALUE,
    RecordingPublisher,
    event,
    ingest_client,
    post,
)
from tests.support.ingest_authentication import KEYS, SECRETS, signed

DELETE = "be-observer.customer_delete"
STOCK = "be-observer.catalog_stock_update"
ROW = {"sku": "A", "source": "d", "quantity": 1, "outOfStock": False}
UNSTORED = "The event could not be stored; please send it again"


def item(uid="1", name=DELETE, value=None, **fields):
    """One item; by default the deletion of customer 1."""
    return event(uid, name, {"id": 1} if value is None else value, **fields)["data"]


def accepted(uid: str, name=DELETE) -> dict:
    response = {"success": True, "message": "Event published successfully"}
    return {"uid": uid, "status": 200, "type": name, "response": response}


def uids(publisher) -> list[str]:
    return [message.attributes["ce-id"] for _, message in publisher.published]


def statuses(response) -> list[int]:
    return [result["status"] for result in response.json()["results"]]


@pytest.fixture
def failing(publisher):
    """Events that cannot be stored."""
    yield publisher.failing_uids
    publisher.failing_uids.clear()


def test_all_accepted_is_a_200(client, publisher):
    items = [item("1"), item(2, name=f"acme.{DELETE}"), item("3", CREATE, VALUE)]
    response = post(client, {"data": items})

    assert response.status_code == 200
    assert response.json() == {
        "results": [
            accepted("1"),
            accepted("2", f"acme.{DELETE}"),
            accepted("3", CREATE),
        ],
        "accepted": 3,
        "rejected": 0,
        "failed": 0,
    }
    assert sorted(uids(publisher)) == ["1", "2", "3"]


def test_some_rejected_is_a_207(client, publisher):
    bad = item("b", CREATE, {**VALUE, "sku": 1})
    stock = item("s", STOCK, [ROW, {**ROW, "quantity": "1"}])
    items = [item("1"), bad, stock, 5, {"uid": "", "event": DELETE}, {"uid": "u"}]
    response = post(client, {"data": items})

    content = response.json()
    assert response.status_code == 207
    assert (content["accepted"], content["rejected"], content["failed"]) == (1, 5, 0)
    required = ["Missing data for required field."]
    assert content["results"][1:] == [
        {
            "uid": "b",
            "status": 400,
            "error": f"Invalid value for {CREATE}",
            "errors": {"data.1.value.sku": ["Must be text."]},
        },
        {
            "uid": "s",
            "status": 400,
            "error": f"Invalid value for {STOCK}",
            "errors": {"data.2.value.1.quantity": ["Must be a number."]},
        },
        {
            "uid": None,
            "status": 400,
            "error": "missing parameter(s) 'data.3.uid,data.3.event,data.3.value'",
            "errors": {"data.3": ["Must be an object."]},
        },
        {
            "uid": None,
            "status": 400,
            "error": "missing parameter(s) 'data.4.uid,data.4.value'",
            "errors": {"data.4.uid": required, "data.4.value": required},
        },
        {
            "uid": "u",
            "status": 400,
            "error": "missing parameter(s) 'data.5.event,data.5.value'",
            "errors": {"data.5.event": required, "data.5.value": required},
        },
    ]
    assert uids(publisher) == ["1"]


def test_none_valid_is_a_400(client, publisher):
    response = post(client, {"data": [item(value={"id": "1"}), item(name="x.y")]})

    assert response.status_code == 400
    assert response.json()["error"] == "No event of the batch is valid"
    assert statuses(response) == [400, 400]
    assert publisher.published == []


@pytest.mark.parametrize("count", [0, 501])
def test_a_batch_holds_1_to_500_events(client, publisher, count):
    response = post(client, {"data": [item()] * count})

    assert response.status_code == 400
    assert response.json() == {
        "error": "A batch holds 1 to 500 events",
        "errors": {"data": ["Must hold 1 to 500 events."]},
    }
    assert publisher.published == []


def test_500_events_are_accepted(client, publisher):
    items = [item(str(n), value={"id": n % 7 + 1}) for n in range(500)]
    response = post(client, {"data": items})

    assert (response.status_code, response.json()["accepted"]) == (200, 500)
    for key in {message.ordering_key for _, message in publisher.published}:
        order = [
            int(message.attributes["ce-id"])
            for _, message in publisher.published
            if message.ordering_key == key
        ]
        assert order == sorted(order)


def test_later_items_of_a_failed_key_are_503(client, publisher, failing):
    """Another key, and an item without a key, are independent."""
    failing |= {"a2", "s1"}
    two_skus = [ROW, {**ROW, "sku": "B"}]
    items = [
        item("a1"),
        item("b1", value={"id": 2}),
        item("a2"),
        item("s1", STOCK, two_skus),
        item("bad", value={}),
        item("a3"),
        item("s2", STOCK, two_skus),
    ]
    response = post(client, {"data": items})

    content = response.json()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert content["error"] == "Not every event could be stored; send the batch again"
    assert statuses(response) == [200, 200, 503, 503, 400, 503, 200]
    assert (content["accepted"], content["rejected"], content["failed"]) == (3, 1, 3)
    unstored = {"uid": "a3", "status": 503, "error": UNSTORED}
    assert content["results"][5] == unstored
    assert sorted(uids(publisher)) == ["a1", "b1", "s2"]


def test_one_uid_twice_is_published_in_order(client, publisher):
    second = {**VALUE, "name": "Other"}
    items = [item("u", CREATE, VALUE), item("u", CREATE, second)]
    response = post(client, {"data": items})

    assert statuses(response) == [200, 200]
    values = [json.loads(message.data) for _, message in publisher.published]
    assert values == [VALUE, second]


def test_an_error_elsewhere_does_not_change_the_root(client):
    """The message of an item names its own position."""
    response = post(client, {"data": [item(), item(uid={"a": 1}), item(entity="x")]})

    assert [result.get("errors") for result in response.json()["results"]] == [
        None,
        {"data.1.uid": ["Must be text or a whole number."]},
        {"data.2.entity": ["Must be customer, as the event's own."]},
    ]


# NDJSON


def post_lines(client, body: bytes, content_type="application/x-ndjson"):
    return client.post("/", content=body, headers={"content-type": content_type})


@pytest.mark.parametrize(
    "content_type", ["application/x-ndjson", "Application/X-NDJSON ; charset=utf-8"]
)
def test_each_line_of_ndjson_is_one_event(client, publisher, content_type):
    lines = [json.dumps(item(str(n))) for n in range(3)]
    body = "\r\n".join(["", *lines, " ", ""]).encode()

    response = post_lines(client, body, content_type)

    assert (response.status_code, statuses(response)) == (200, [200, 200, 200])
    assert uids(publisher) == ["0", "1", "2"]


def test_an_unreadable_line_harms_no_other(client, publisher):
    good = json.dumps(item()).encode()
    response = post_lines(client, b"\n".join([b"{", good, b"\xff", b"[1]", b"", good]))

    results = response.json()["results"]
    assert response.status_code == 207
    assert statuses(response) == [400, 200, 400, 400, 200]
    assert results[0] == {
        "uid": None,
        "status": 400,
        "error": "Line 1 is not JSON (line 1, column 2: Expecting property name"
        " enclosed in double quotes)",
    }
    assert results[2]["error"] == "Line 3 is not UTF-8"
    assert results[3]["errors"] == {"data.3": ["Must be an object."]}
    assert len(publisher.published) == 2


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "The body is empty; it must be a JSON object"),
        (b"\n \n", "A batch holds 1 to 500 events"),
        (b"{}\n" * 501, "A batch holds 1 to 500 events"),
    ],
    ids=["empty", "blank lines", "501 lines"],
)
def test_ndjson_has_the_same_bounds(client, body, error):
    response = post_lines(client, body)

    assert (response.status_code, response.json()["error"]) == (400, error)


def test_json_lines_need_their_content_type(client, publisher):
    line = json.dumps(item()).encode()
    response = post_lines(client, line + b"\n" + line, "application/json")

    assert response.status_code == 400
    assert response.json()["error"].endswith(
        "Extra data); one event in each line needs Content-Type: application/x-ndjson"
    )
    assert publisher.published == []


# Attributes, logs


def test_items_share_the_trace_and_time(client, publisher):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    items = [item("1"), item("2", value={"id": 2})]
    post(client, {"data": items}, headers={"traceparent": traceparent})

    attributes = [message.attributes for _, message in publisher.published]
    assert {one["traceparent"] for one in attributes} == {traceparent}
    assert len({one["ce-time"] for one in attributes}) == 1


def test_items_of_a_signed_batch_have_own_ids():
    """A value that returns within a batch is no replay of itself."""
    publisher = RecordingPublisher()
    body = json.dumps({"data": [item("u"), item("u"), item("u")]}).encode()
    settings = {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": f"erp:{SECRETS[0]}"}
    with ingest_client(publisher, **settings) as client:
        response = client.post("/", content=body, headers=signed(KEYS[0], body))

    assert response.status_code == 200
    ids = [message.attributes["webhook-id"] for _, message in publisher.published]
    assert ids == ["msg_1 0", "msg_1 1", "msg_1 2"]


def logged(items: list, level: str, **failing) -> list[dict]:
    written: list[bytes] = []
    publisher = RecordingPublisher()
    publisher.failing_uids |= failing.get("uids", set())
    with ingest_client(publisher, write=written.append, LOG_LEVEL=level) as client:
        written.clear()
        post(client, {"data": items})
    return [json.loads(line) for line in written]


def test_a_batch_is_one_info_entry_with_counts():
    [entry] = logged([item("1"), item("2", value={}), item("3")], "info")

    assert entry.pop("ms") >= 0
    del entry["time"]
    assert entry == {
        "severity": "INFO",
        "message": "batch published",
        "stage": "batch",
        "outcome": "rejected",
        "caller": "anonymous",
        "accepted": 2,
        "rejected": 1,
        "failed": 0,
        "fields": ["data.1.value.id"],
        "status": 207,
    }


def test_a_failed_batch_is_an_error():
    [entry] = logged([item("1"), item("2")], "info", uids={"1"})

    assert entry["message"] == (
        "batch not stored, the caller must send again: UNAVAILABLE"
    )
    assert (entry["severity"], entry["outcome"]) == ("ERROR", "retry")
    assert (entry["accepted"], entry["failed"], entry["status"]) == (0, 2, 503)


def test_each_item_is_one_debug_entry():
    entries = logged(
        [item("1"), item("2", value={}), item("3", value={"id": 3})],
        "debug",
        uids={"3"},
    )

    [*items, batch] = entries
    assert batch["stage"] == "batch"
    assert {entry["severity"] for entry in items} == {"DEBUG"}
    assert sorted(
        (entry["uid"], entry["message"], entry["status"], entry.get("outcome"))
        for entry in items
    ) == [
        ("1", "event published", 200, None),
        ("2", "event rejected", 400, "rejected"),
        ("3", "event not stored: UNAVAILABLE", 503, "retry"),
    ]


# Hostile batches


def hostile(event_name: str, value: str, count: int = 150) -> bytes:
    one = f'{{"uid":"1","event":"{event_name}","value":{value}}}'
    return f'{{"data":[{",".join([one] * count)}]}}'.encode()


ROWS = "[" + ",".join(["{}"] * 160) + "]"
SHIPMENT = "be-observer.sales_order_shipment_create"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(hostile(STOCK, ROWS), id="rows"),
        pytest.param(
            hostile(SHIPMENT, f'{{"items":{ROWS},"tracks":{ROWS}}}', 70), id="nested"
        ),
        pytest.param(
            hostile(DELETE, json.dumps({str(n): 0 for n in range(40)})), id="keys"
        ),
        pytest.param(
            (
                "".join(f'{{"event":"{n:03}{"x" * 197}"}}\n' for n in range(400))
            ).encode(),
            id="unknown events",
        ),
    ],
)
def test_a_hostile_batch_takes_bounded_time(client, publisher, body):
    content_type = "json" if body.startswith(b'{"data"') else "x-ndjson"
    began = time.process_time()
    response = post_lines(client, body, f"application/{content_type}")
    seconds = time.process_time() - began

    assert response.status_code == 400
    errors = [
        path
        for result in response.json()["results"]
        for path in result.get("errors", ())
    ]
    assert len(errors) < 5000
    assert len(response.content) < 400_000
    # Without the bounds it is more than ten seconds for the largest body.
    assert seconds < 0.3
    assert publisher.published == []
