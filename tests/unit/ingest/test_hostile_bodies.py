"""Hostile bodies: a 400 with its sentence, in bounded time; nothing is published."""

import json
import time

import pytest

from tests.support.ingest_app import CREATE, event, post

BOM = b"\xef\xbb\xbf"
GOOD = json.dumps(event()).encode()
NOT_JSON = "The body is not JSON"


def with_value(value: str) -> bytes:
    return f'{{"data":{{"uid":"1","event":"{CREATE}","value":{value}}}}}'.encode()


def product(**texts: str) -> bytes:
    """A product whose fields are written as given, JSON or not."""
    fields = {"sku": '"A"', "name": '"n"', "description": '"d"'} | texts
    inner = ",".join(f'"{name}":{text}' for name, text in fields.items())
    return with_value(f"{{{inner}}}")


def test_an_unreadable_body_is_rejected(subtests, client, publisher):
    for name, body, error in [
        ("empty", b"", "The body is empty; it must be a JSON object"),
        ("not UTF-8", b"\xff\xfe", "The body is not UTF-8"),
        ("UTF-16", GOOD.decode().encode("utf-16"), "The body is not UTF-8"),
        (
            "surrogate as bytes",
            with_value('"\xed\xa0\x80"').replace(
                b"\xc3\xad\xc2\xa0\xc2\x80", b"\xed\xa0\x80"
            ),
            "The body is not UTF-8",
        ),
        (
            "cut off",
            b"{",
            f"{NOT_JSON} (line 1, column 2: Expecting property name enclosed in"
            " double quotes)",
        ),
        (
            "more after the end",
            GOOD + b"x",
            f"{NOT_JSON} (line 1, column {len(GOOD) + 1}: Extra data)",
        ),
        (
            "list",
            b"[]",
            'The body must be a JSON object; wrap a list of events in "data":'
            ' {"data": [...]}',
        ),
        ("null", b"null", "The body must be a JSON object"),
        ("text", b'"x"', "The body must be a JSON object"),
        ("number", b"1", "The body must be a JSON object"),
        ("NaN", product(price="NaN"), f"{NOT_JSON} (NaN is not JSON)"),
        ("inf", product(price="-Infinity"), f"{NOT_JSON} (-Infinity is not JSON)"),
        (
            "number of 5000 digits",
            product(price="9" * 5000),
            f"{NOT_JSON} (a number has too many digits)",
        ),
        (
            "key twice",
            b'{"data":{},"data":{}}',
            f"{NOT_JSON} (a key stands twice in one object)",
        ),
        (
            "key twice inside",
            product(**{"name": '"n","name":"m"'}),
            f"{NOT_JSON} (a key stands twice in one object)",
        ),
        (
            "many keys",
            json.dumps({str(n): 0 for n in range(1001)}).encode(),
            f"{NOT_JSON} (an object holds more than 1000 keys)",
        ),
        ("deep lists", b"[" * 50_000, "The body is nested too deeply"),
        ("deep objects", b'{"a":' * 15_000, "The body is nested too deeply"),
        (
            "deep value",
            with_value("[" * 40_000 + "]" * 40_000),
            "The body is nested too deeply",
        ),
        (
            "control character",
            product(name='"a\nb"'),
            f"{NOT_JSON} (line 1, column 93: Invalid control character at)",
        ),
    ]:
        with subtests.test(name):
            response = client.post("/", content=body)

            assert response.status_code == 400
            assert response.json() == {"error": error}
            assert publisher.published == []


def test_a_hostile_value_is_rejected_by_field(subtests, client, publisher):
    for name, body, errors in [
        (
            "number beyond floats",
            product(price="1e999"),
            {"price": "Must be between -100000000000000 and 100000000000000."},
        ),
        (
            "number of 4000 digits",
            product(price="9" * 4000),
            {"price": "Must be between -100000000000000 and 100000000000000."},
        ),
        (
            "lone surrogate",
            product(name=r'"\ud800"'),
            {"name": "Must not hold lone surrogates or NUL characters."},
        ),
        (
            "NUL",
            product(name=r'"a\u0000"'),
            {"name": "Must not hold lone surrogates or NUL characters."},
        ),
        ("dots", product(sku='".."'), {"sku": 'Must not be "." or "..".'}),
        (
            "long SKU",
            product(sku=f'"{"s" * 65}"'),
            {"sku": "Must be at most 64 characters."},
        ),
        ("null", product(name="null"), {"name": "Field may not be null."}),
        (
            "__proto__",
            with_value('{"__proto__":{"sku":"A"}}'),
            {
                "sku": "Missing data for required field.",
                "name": "Missing data for required field.",
                "description": "Missing data for required field.",
            },
        ),
        (
            "deep, but not too deep",
            product(price="[" * 500 + "]" * 500),
            {"price": "Must be a number."},
        ),
    ]:
        with subtests.test(name):
            response = client.post("/", content=body)

            assert response.status_code == 400
            assert response.json() == {
                "error": f"Invalid value for {CREATE}",
                "errors": {
                    f"data.value.{field}": [text] for field, text in errors.items()
                },
            }
            assert publisher.published == []


@pytest.mark.parametrize("key", ["__proto__", "constructor", "__class__", "toString"])
def test_special_keys_of_other_languages_are_unknown(client, publisher, key):
    open_value = {"sku": "A", "name": "n", "description": "d", key: {"x": 1}}
    assert post(client, event(value=open_value)).status_code == 200
    [(_, message)] = publisher.published
    assert key.encode() not in message.data

    closed = event(name="be-observer.customer_delete", value={"id": 1, key: 2})
    response = post(client, closed)
    assert response.json()["errors"] == {f"data.value.{key}": ["Unknown field."]}


def test_surrogates_in_keys_give_valid_unicode(client, publisher):
    body = event(name="be-observer.customer_delete", value={"id": 1, "\ud800k": 2})
    response = post(client, body)

    assert response.status_code == 400
    assert response.json()["errors"] == {"data.value.?k": ["Unknown field."]}
    assert post(client, {**event(), "\udfff": 1}).status_code == 200


def test_a_surrogate_in_a_name_gives_valid_unicode(client):
    response = post(client, event(name="\ud800"))

    assert response.json()["error"] == "Unable to publish event ?: Unknown event type"


def test_a_byte_order_mark_is_skipped(client):
    assert client.post("/", content=BOM + GOOD).status_code == 200


def test_long_keys_are_truncated_and_reported_once(client):
    keys = {"x" * 200 + str(n): 0 for n in range(300)}
    body = event(name="be-observer.customer_delete", value={"id": 1, **keys})

    response = post(client, body)

    assert response.json()["errors"] == {f"data.value.{'x' * 100}": ["Unknown field."]}


def test_many_invalid_rows_cost_little(subtests, client, publisher):
    for body in [
        '{"data":{"uid":"1","event":"be-observer.catalog_stock_update","value":[%s]}}',
        '{"data":{"uid":"1","event":"be-observer.sales_order_shipment_create",'
        '"value":{"items":[%s]}}}',
    ]:
        for row in ["{}", "null", "0", "[]", '{"sku":1}']:
            with subtests.test(body=body, row=row):
                max_bytes = 100_000  # that the client accepts
                rows = ",".join([row] * ((max_bytes - len(body)) // (len(row) + 1)))
                content = (body % rows).encode()
                began = time.process_time()
                response = client.post("/", content=content)
                seconds = time.process_time() - began

                assert response.status_code == 400
                assert 0 < len(response.json()["errors"]) <= 1000
                assert len(response.content) < 200_000
                # Without the bound it is a second, and ten for a megabyte, during
                # which no other request is served.
                assert seconds < 0.3
                assert publisher.published == []
