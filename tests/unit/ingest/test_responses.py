"""Every response of ingest: status, sentence, fields, headers, and the message."""

import pytest

from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS
from functions.pubsub.errors import MessageTooLarge
from tests.support.ingest_app import CREATE, event, post

REQUIRED = ["Missing data for required field."]
UNKNOWN_EVENT = ["Unknown event type.", "All event types: docs/events.md"]
MEANT_CREATE = [
    "Unknown event type.",
    f"Did you mean {CREATE}?",
    "All event types: docs/events.md",
]
WRAP = ['Wrap uid, event and value in "data": {"data": {"uid": ..., ...}}.']
NOT_OBJECT = "The body must be a JSON object"
ALL_MISSING = "missing parameter(s) 'data.uid,data.event,data.value'"
ALL_REQUIRED = {f"data.{field}": REQUIRED for field in ("uid", "event", "value")}


def test_a_valid_event_is_published(subtests, client, publisher):
    for name in sorted(INBOUND_EVENTS):
        with subtests.test(name=name):
            publisher.published.clear()
            response = post(client, event(name=name, value=samples.value(name)))

            assert response.status_code == 200
            assert response.headers["content-type"] == "application/json"
            assert response.json() == {
                "type": name,
                "response": {
                    "success": True,
                    "message": "Event published successfully",
                },
            }
            [(topic, _)] = publisher.published
            assert topic == f"commerce-{INBOUND_EVENTS[name].entity}"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"content-type": "text/plain"}, id="text"),
        pytest.param({"content-type": "application/x-www-form-urlencoded"}, id="form"),
        pytest.param({"content-type": "multipart/form-data"}, id="multipart"),
        pytest.param({"content-type": "\xff"}, id="garbage"),
    ],
)
def test_the_content_type_does_not_matter(client, headers):
    body = (
        b'{"data":{"uid":"1","event":"be-observer.customer_delete","value":{"id":1}}}'
    )
    response = client.post(
        "/", content=body, headers={k: v.encode("latin-1") for k, v in headers.items()}
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "error", "errors"),
    [
        pytest.param({}, ALL_MISSING, ALL_REQUIRED, id="nothing"),
        pytest.param({"data": {}}, ALL_MISSING, ALL_REQUIRED, id="empty data"),
        pytest.param(
            event()["data"],
            ALL_MISSING,
            {**ALL_REQUIRED, "data": WRAP},
            id="inner object",
        ),
        pytest.param(
            {"event": "un.known"},
            ALL_MISSING,
            {**ALL_REQUIRED, "data": WRAP},
            id="part of the inner object",
        ),
        pytest.param(
            {"token": "x", "entity": "product"},
            ALL_MISSING,
            ALL_REQUIRED,
            id="other keys",
        ),
        pytest.param(
            {"data": {}, "uid": "1"}, ALL_MISSING, ALL_REQUIRED, id="data beside uid"
        ),
        pytest.param(
            {"data": None},
            ALL_MISSING,
            {"data": ["Must be an object."]},
            id="data is null",
        ),
        pytest.param(
            {"data": "[]"},
            ALL_MISSING,
            {"data": ["Must be an object."]},
            id="data is text",
        ),
        pytest.param(
            event(uid=""),
            "missing parameter(s) 'data.uid'",
            {"data.uid": REQUIRED},
            id="empty uid",
        ),
        pytest.param(
            event(name=""),
            "missing parameter(s) 'data.event'",
            {"data.event": REQUIRED},
            id="empty event",
        ),
        pytest.param(
            event(value=""),
            "missing parameter(s) 'data.value'",
            {"data.value": REQUIRED},
            id="empty value",
        ),
        pytest.param(
            {"data": {"event": "un.known", "entity": "x"}},
            "missing parameter(s) 'data.uid,data.value'",
            {
                "data.uid": REQUIRED,
                "data.value": REQUIRED,
                "data.event": UNKNOWN_EVENT,
            },
            id="missing goes before unknown event",
        ),
        pytest.param(
            {"data": {"event": CREATE, "value": {"sku": 1}, "entity": "stock"}},
            "missing parameter(s) 'data.uid'",
            {
                "data.uid": REQUIRED,
                "data.entity": ["Must be product, as the event's own."],
                "data.value.sku": ["Must be text."],
                "data.value.name": REQUIRED,
                "data.value.description": REQUIRED,
            },
            id="missing goes before an invalid value, all reported",
        ),
        pytest.param(
            event(uid=[], name="un.known"),
            "Unable to publish event un.known: Unknown event type",
            {
                "data.uid": ["Must be text or a whole number."],
                "data.event": UNKNOWN_EVENT,
            },
            id="unknown event goes before an invalid uid",
        ),
        pytest.param(
            event(name="catalog_product_create"),
            "Unable to publish event catalog_product_create: Unknown event type",
            {"data.event": MEANT_CREATE},
            id="name without its first part",
        ),
        pytest.param(
            event(name="acmebe-observer.catalog_product_create"),
            "Unable to publish event acmebe-observer.catalog_product_create:"
            " Unknown event type",
            {"data.event": MEANT_CREATE},
            id="namespace without a dot",
        ),
        pytest.param(
            event(name=".be-observer.catalog_product_create"),
            "Unable to publish event .be-observer.catalog_product_create:"
            " Unknown event type",
            {"data.event": MEANT_CREATE},
            id="empty namespace",
        ),
        pytest.param(
            event(name="x" * 5000),
            f"Unable to publish event {'x' * 200}: Unknown event type",
            {"data.event": UNKNOWN_EVENT},
            id="a long name is truncated",
        ),
        *(
            pytest.param(
                event(name=name),
                f"Unable to publish event {kind}: Unknown event type",
                {"data.event": ["Must be text."]},
                id=f"event is {kind}",
            )
            for name, kind in (
                (None, "null"),
                (True, "boolean"),
                (15, "number"),
                (1.5, "number"),
                ([CREATE], "array"),
                ({"a": 1}, "object"),
            )
        ),
        pytest.param(
            event(value={"sku": "", "name": 5, "price": "1.5", "x": 1}),
            f"Invalid value for {CREATE}",
            {
                "data.value.sku": ["Must not be empty."],
                "data.value.name": ["Must be text."],
                "data.value.price": ["Must be a number."],
                "data.value.description": REQUIRED,
            },
            id="every field at once",
        ),
        pytest.param(
            event(name="acme.be-observer.customer_delete", value={"id": "15"}),
            "Invalid value for acme.be-observer.customer_delete",
            {"data.value.id": ["Must be a whole number."]},
            id="name as it was sent",
        ),
        pytest.param(
            event(value=None),
            f"Invalid value for {CREATE}",
            {"data.value": ["Must be an object."]},
            id="null is not missing",
        ),
        pytest.param(
            event(entity="stock"),
            f"Invalid value for {CREATE}",
            {"data.entity": ["Must be product, as the event's own."]},
            id="entity of another event",
        ),
        pytest.param(
            event(entity=None),
            f"Invalid value for {CREATE}",
            {"data.entity": ["Must be product, as the event's own."]},
            id="entity is null",
        ),
        pytest.param(
            event(name="be-observer.catalog_stock_update", value=[]),
            "Invalid value for be-observer.catalog_stock_update",
            {"data.value": ["Must not be empty."]},
            id="empty stock list",
        ),
        pytest.param(
            event(
                name="be-observer.catalog_stock_update",
                value=[
                    {"sku": "A", "source": "d", "quantity": "1", "outOfStock": 0},
                    5,
                ],
            ),
            "Invalid value for be-observer.catalog_stock_update",
            {
                "data.value.0.quantity": ["Must be a number."],
                "data.value.0.outOfStock": ["Must be true or false."],
                "data.value.1": ["Must be an object."],
            },
            id="rows by their number",
        ),
        pytest.param(
            event(name="be-observer.customer_delete", value={"id": 1, "more": 2}),
            "Invalid value for be-observer.customer_delete",
            {"data.value.more": ["Unknown field."]},
            id="unknown key of a closed value",
        ),
    ],
)
def test_an_invalid_event_gets_all_its_errors(client, publisher, body, error, errors):
    response = post(client, body)

    assert response.status_code == 400
    assert response.json() == {"error": error, "errors": errors}
    assert publisher.published == []


@pytest.mark.parametrize(
    "name",
    [
        f"acme.{CREATE}",
        f"com.adobe.commerce.acme_kit.{CREATE}",
        f"a.be-observer.b.{CREATE}",
        f"\ud800é\0.{CREATE}",
    ],
    ids=ascii,
)
def test_a_namespace_is_in_the_response_only(client, publisher, name):
    response = post(client, event(name=name))

    assert (response.status_code, response.json()["type"]) == (200, name)
    [(_, message)] = publisher.published
    assert message.attributes["ce-type"] == CREATE


def test_an_unknown_event_names_the_nearest_one(subtests, client):
    for name, meant in [
        ("be-observer.catalog_product_creat", "catalog_product_create"),
        ("product_create", "catalog_product_create"),
        ("BE-OBSERVER.CUSTOMER_DELETE", "customer_delete"),
        ("be_observer.stock_update", "catalog_stock_update"),
        ("be-observer.sales_order_status", "sales_order_status_update"),
        ("observer.customer_group_updated", "customer_group_update"),
        ("x" * 10_000 + ".customer_update", "customer_update"),
    ]:
        with subtests.test(name=name):
            messages = post(client, event(name=name)).json()["errors"]["data.event"]

            assert messages[1] == f"Did you mean be-observer.{meant}?"


def test_unknown_envelope_keys_are_ignored(client, publisher):
    body = {**event(entity="product", more=[1]), "token": "x", "meta": {"a": None}}

    assert post(client, body).status_code == 200
    [(_, message)] = publisher.published
    assert message.data == (b'{"sku":"A","name":"Lamp","price":1.5,"description":"d"}')


def test_an_empty_entity_counts_as_absent(client):
    assert post(client, event(entity="")).status_code == 200


def test_any_path_accepts_events(client):
    assert client.post("/some/path", json=event()).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_get_a_405_with_allow(client, method):
    response = client.request(method, "/")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert response.json() == {"error": "POST events here"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_paths_allow_only_post(client, method):
    response = client.request(method, "/some/path")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_get_shows_one_plain_page(client):
    page = client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>POST events here</h1>" in page.text
    assert client.head("/").status_code == 200


def test_an_event_that_is_not_stored_is_a_503(client, publisher):
    publisher.failure = "UNAVAILABLE"
    response = post(client, event())

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert response.json() == {
        "error": "The event could not be stored; please send it again"
    }


def test_an_event_too_large_for_pubsub_is_a_413(client, publisher):
    publisher.failure = MessageTooLarge()
    response = post(client, event())

    assert response.status_code == 413
    assert response.json() == {
        "error": "The event is larger than Pub/Sub's 10 MB; split it"
    }
