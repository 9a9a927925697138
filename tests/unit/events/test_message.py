"""An event's form as a Pub/Sub message."""

import hashlib
import json

import pytest

from functions.events import samples
from functions.events.catalog import EVENTS, bounded_ordering_key
from functions.events.message import (
    json_bytes,
    message,
    parse_traceparent,
)
from tests.support.ledger_kit import HASHES

PREFIX = "be-observer."
TIME = "2026-01-02T03:04:05.000006Z"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_message_has_the_attributes_of_its_event():
    messages = {
        name: message(event, "15", samples.value(name), "/ingest/erp", TIME, TRACE)
        for name, event in EVENTS.items()
    }

    assert {name: result.attributes for name, result in messages.items()} == {
        name: {
            "ce-specversion": "1.0",
            "ce-id": "15",
            "ce-type": name,
            "ce-source": "/ingest/erp",
            "ce-time": TIME,
            "content-type": "application/json",
            "entity": event.entity,
            "traceparent": TRACE,
        }
        for name, event in EVENTS.items()
    }
    assert {name: json.loads(result.data) for name, result in messages.items()} == {
        name: samples.value(name) for name in EVENTS
    }


def test_without_a_trace_there_is_no_traceparent():
    event = EVENTS[PREFIX + "customer_delete"]

    assert (
        "traceparent" not in message(event, "1", {"id": 1}, "s", TIME, None).attributes
    )


def test_the_id_of_a_signed_request_is_an_attribute():
    event = EVENTS[PREFIX + "customer_delete"]
    result = message(event, "1", {"id": 1}, "s", TIME, None, "msg_1")

    assert result.attributes["webhook-id"] == "msg_1"


def test_data_is_compact_json_in_utf_8():
    assert json_bytes({"a": "é😀", "b": [1, 1.5, True]}) == (
        '{"a":"é😀","b":[1,1.5,true]}'.encode()
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"], ids=ascii)
def test_what_json_cannot_hold_is_an_error(value):
    with pytest.raises(ValueError):  # noqa: PT011 - NaN and surrogates differ in text
        json_bytes(value)


ORDERING_KEYS = [
    ("catalog_product_create", {"sku": "A b/É  "}, "product:a b/é"),
    ("catalog_product_update", {"sku": "A"}, "product:a"),
    ("catalog_product_delete", {"sku": "a"}, "product:a"),
    ("customer_create", {"email": "Ada@Example.COM"}, "customer:ada@example.com"),
    ("customer_update", {"id": 15}, "customer:15"),
    ("customer_delete", {"id": 15}, "customer:15"),
    ("customer_group_create", {"name": "Trade"}, "customer-group:trade"),
    ("customer_group_update", {"id": 3, "name": "T"}, "customer-group:3"),
    ("customer_group_delete", {"id": 3}, "customer-group:3"),
    ("sales_order_status_update", {"id": 8}, "order:8"),
    ("sales_order_shipment_create", {"orderId": 8}, "order:8"),
    ("sales_order_shipment_update", {"id": 33, "orderId": 8}, "order:8"),
    ("catalog_stock_update", [{"sku": "A"}], "stock:a"),
    ("catalog_stock_update", [{"sku": "A"}, {"sku": "a "}], "stock:a"),
    ("catalog_stock_update", [{"sku": "A"}, {"sku": "B"}], ""),
]


def test_the_ordering_key_names_the_resource():
    assert [
        (*row, actual)
        for row in ORDERING_KEYS
        if (actual := EVENTS[PREFIX + row[0]].ordering_key(row[1])) != row[2]
    ] == []


def test_a_key_too_long_for_pubsub_is_hashed(subtests):
    for name, hashed in [
        ("x" * (1024 - len("customer:")), False),
        ("x" * (1025 - len("customer:")), True),
        ("é" * ((1024 - len("customer:")) // 2), False),
        ("é" * ((1024 - len("customer:")) // 2 + 1), True),
        ("😀" * 300, True),
    ]:
        with subtests.test(name=name):
            digest = hashlib.sha256(name.encode()).hexdigest()
            key = bounded_ordering_key("customer", name)

            assert key == (
                f"customer:sha256:{digest}" if hashed else f"customer:{name}"
            )
            assert len(key.encode()) <= 1024


def test_a_long_email_is_lowered_before_it_is_hashed():
    event = EVENTS[PREFIX + "customer_create"]
    lower, upper = {"email": "é" * 600}, {"email": "É" * 600}

    assert event.ordering_key(lower) == event.ordering_key(upper)
    assert event.ordering_key(lower).startswith("customer:sha256:")


def test_the_content_hash_is_of_event_and_value_only():
    first = HASHES.content("e", {"a": 1, "b": [1, {"c": "é"}]})

    assert first == HASHES.content("e", {"b": [1, {"c": "é"}], "a": 1})
    assert (
        len(
            {
                first,
                HASHES.content("f", {"a": 1, "b": [1, {"c": "é"}]}),
                HASHES.content("e", {"a": 2, "b": [1, {"c": "é"}]}),
                HASHES.content("e", {"a": 1, "b": [{"c": "é"}, 1]}),
                HASHES.content("e", {"a": "1", "b": [1, {"c": "é"}]}),
                HASHES.content("e", {"a": True, "b": [1, {"c": "é"}]}),
            }
        )
        == 6
    )


TRACEPARENTS = {
    TRACE: TRACE,
    "cc" + TRACE[2:]: "cc" + TRACE[2:],
    "cc" + TRACE[2:] + "-what-later-versions-add": "cc" + TRACE[2:],
    TRACE + "-more": None,
    TRACE + "x": None,
    "cc" + TRACE[2:] + "x": None,
    "ff" + TRACE[2:]: None,
    TRACE.upper(): None,
    "00-" + "0" * 32 + "-b7ad6b7169203331-01": None,
    "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01": None,
    TRACE[:-1]: None,
    "\n" + TRACE: None,
    TRACE + "\n": None,
    "": None,
    None: None,
}


def test_only_a_valid_traceparent_is_parsed():
    assert {text: parse_traceparent(text) for text in TRACEPARENTS} == TRACEPARENTS
