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


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"", "The body is empty; it must be a JSON object", id="empty"),
        pytest.param(b"\xff\xfe", "The body is not UTF-8", id="not UTF-8"),
        pytest.param(
            GOOD.decode().encode("utf-16"), "The body is not UTF-8", id="UTF-16"
        ),
        pytest.param(
            with_value('"\xed\xa0\x80"').replace(
                b"\xc3\xad\xc2\xa0\xc2\x80", b"\xed\xa0\x80"
            ),
            "The body is not UTF-8",
            id="surrogate as bytes",
        ),
        pytest.param(
            b"{",
            f"{NOT_JSON} (line 1, column 2: Expecting property name enclosed in"
            " double quotes)",
            id="cut off",
        ),
        pytest.param(
            GOOD + b"x",
            f"{NOT_JSON} (line 1, column {len(GOOD) + 1}: Extra data)",
            id="more after the end",
        ),
        pytest.param(
            b"[]",
            'The body must be a JSON object; wrap a list of events in "data":'
            ' {"data": [...]}',
            id="list",
        ),
        pytest.param(b"null", "The body must be a JSON object", id="null"),
        pytest.param(b'"x"', "The body must be a JSON object", id="text"),
        pytest.param(b"1", "The body must be a JSON object", id="number"),
        pytest.param(product(price="NaN"), f"{NOT_JSON} (NaN is not JSON)", id="NaN"),
        pytest.param(
            product(price="-Infinity"), f"{NOT_JSON} (-Infinity is not JSON)", id="inf"
        ),
        pytest.param(
            product(price="9" * 5000),
            f"{NOT_JSON} (a number has too many digits)",
            id="number of 5000 digits",
        ),
        pytest.param(
            b'{"data":{},"data":{}}',
            f"{NOT_JSON} (a key stands twice in one object)",
            id="key twice",
        ),
        pytest.param(
            product(**{"name": '"n","name":"m"'}),
            f"{NOT_JSON} (a key stands twice in one object)",
            id="key twice inside",
        ),
        pytest.param(
            json.dumps({str(n): 0 for n in range(1001)}).encode(),
            f"{NOT_JSON} (an object holds more than 1000 keys)",
            id="many keys",
        ),
        pytest.param(b"[" * 50_000, "The body is nested too deeply", id="deep lists"),
        pytest.param(
            b'{"a":' * 15_000, "The body is nested too deeply", id="deep objects"
        ),
        pytest.param(
            with_value("[" * 40_000 + "]" * 40_000),
            "The body is nested too deeply",
            id="deep value",
        ),
        pytest.param(
            product(name='"a\nb"'),
            f"{NOT_JSON} (line 1, column 93: Invalid control character at)",
            id="control character",
        ),
    ],
)
def test_an_unreadable_body_is_rejected(client, publisher, body, error):
    response = client.post("/", content=body)

    assert response.status_code == 400
    assert response.json() == {"error": error}
    assert publisher.published == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param(
            product(price="1e999"),
            {"price": "Must be between -100000000000000 and 100000000000000."},
            id="number beyond floats",
        ),
        pytest.param(
            product(price="9" * 4000),
            {"price": "Must be between -100000000000000 and 100000000000000."},
            id="number of 4000 digits",
        ),
        pytest.param(
            product(name=r'"\ud800"'),
            {"name": "Must not hold lone surrogates or NUL characters."},
            id="lone surrogate",
        ),
        pytest.param(
            product(name=r'"a\u0000"'),
            {"name": "Must not hold lone surrogates or NUL characters."},
            id="NUL",
        ),
        pytest.param(
            product(sku='".."'), {"sku": 'Must not be "." or "..".'}, id="dots"
        ),
        pytest.param(
            product(sku=f'"{"s" * 65}"'),
            {"sku": "Must be at most 64 characters."},
            id="long SKU",
        ),
        pytest.param(
            product(name="null"), {"name": "Field may not be null."}, id="null"
        ),
        pytest.param(
            with_value('{"__proto__":{"sku":"A"}}'),
            {
                "sku": "Missing data for required field.",
                "name": "Missing data for required field.",
                "description": "Missing data for required field.",
            },
            id="__proto__",
        ),
        pytest.param(
            product(price="[" * 500 + "]" * 500),
            {"price": "Must be a number."},
            id="deep, but not too deep",
        ),
    ],
)
def test_a_hostile_value_is_rejected_by_field(client, publisher, body, errors):
    response = client.post("/", content=body)

    assert response.status_code == 400
    assert response.json() == {
        "error": f"Invalid value for {CREATE}",
        "errors": {f"data.value.{field}": [text] for field, text in errors.items()},
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


@pytest.mark.parametrize("row", ["{}", "null", "0", "[]", '{"sku":1}'])
@pytest.mark.parametrize(
    "body",
    [
        '{"data":{"uid":"1","event":"be-observer.catalog_stock_update","value":[%s]}}',
        '{"data":{"uid":"1","event":"be-observer.sales_order_shipment_create",'
        '"value":{"items":[%s]}}}',
    ],
    ids=["stock", "items"],
)
def test_many_invalid_rows_cost_little(client, publisher, body, row):
    max_bytes = 100_000  # that the client accepts
    rows = ",".join([row] * ((max_bytes - len(body)) // (len(row) + 1)))
    content = (body % rows).encode()
    began = time.process_time()
    response = client.post("/", content=content)
    seconds = time.process_time() - began

    assert response.status_code == 400
    assert 0 < len(response.json()["errors"]) <= 1000
    assert len(response.content) < 200_000
    # Without the bound it is a second, and ten for a megabyte, during which no other
    # request is served.
    assert seconds < 0.3
    assert publisher.published == []
