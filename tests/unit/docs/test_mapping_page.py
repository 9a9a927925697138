"""docs/mapping.md: its two examples run as ingest's mapping."""

import json
import re
import types

import pytest

from functions.ingest import mapping
from tests.support import markdown
from tests.support.ingest_app import RecordingPublisher, ingest_client

PAGE = markdown.read("docs/mapping.md")
ERP = markdown.section(PAGE, "Example: an ERP's JSON")
WAREHOUSE = markdown.section(PAGE, "Example: a warehouse's XML")
TOKENS = {"erp": "token-of-the-erp-0001", "warehouse": "token-of-the-wms-0001"}
SETTINGS = {
    "INGEST_AUTH": "token",
    "INGEST_TOKENS": ",".join(f"{name}:{token}" for name, token in TOKENS.items()),
}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def run(code: str) -> types.SimpleNamespace:
    """The names that *code* defines."""
    namespace: dict = {}
    exec(compile(code, "docs/mapping.md", "exec"), namespace)  # noqa: S102 - our own page
    return types.SimpleNamespace(**namespace)


@pytest.fixture
def posted(monkeypatch):
    """Posts for a caller under an example; returns response and messages."""

    def post_under(example: str, caller: str, body: bytes):
        [code] = blocks(example, "python")
        monkeypatch.setattr(mapping, "to_events", run(code).to_events)
        publisher = RecordingPublisher()
        with ingest_client(publisher, **SETTINGS) as client:
            headers = {"x-api-key": TOKENS[caller]}
            response = client.post("/", content=body, headers=headers)
        return response, [message for _, message in publisher.published]

    return post_under


def test_the_erps_document_becomes_the_event_shown(posted):
    document, event, _ = map(json.loads, blocks(ERP, "json"))
    response, [message] = posted(ERP, "erp", json.dumps(document).encode())

    assert response.status_code == 200
    assert json.loads(message.data) == event["value"]
    assert message.attributes["ce-id"] == event["uid"] == document["DocumentNo"]
    assert message.attributes["ce-source"] == "/ingest/erp"


def test_a_wrong_quantity_is_answered_as_shown(posted):
    document, _, answer = map(json.loads, blocks(ERP, "json"))
    [quantity] = re.findall(r'`"Qty": "(.*)"` is answered with 400', ERP)
    body = json.dumps({**document, "Qty": quantity}).encode()
    response, messages = posted(ERP, "erp", body)

    assert (response.status_code, response.json()) == (400, answer)
    assert messages == []


def test_a_decimal_comma_is_read_or_left(subtests):
    for text, number in [
        ("12,5", 12.5),
        ("-1.234.567,25", -1234567.25),
        ("40", 40),
        ("12.5", "12.5"),
        ("NaN", "NaN"),
        ("9" * 400, "9" * 400),
        (3, 3),
        (None, None),
    ]:
        with subtests.test(text=text):
            [code] = blocks(ERP, "python")

            assert run(code).decimal_comma(text) == number


@pytest.mark.parametrize("body", [b"", b"<x/>", b"[1]", b"null"])
def test_an_unreadable_erp_document_is_a_400(posted, body):
    response, messages = posted(ERP, "erp", body)

    assert (response.status_code, messages) == (400, [])


def test_a_document_without_number_is_a_400(posted):
    response, messages = posted(ERP, "erp", b'{"ItemNo": "A", "Qty": "1"}')

    assert (response.status_code, messages) == (400, [])
    assert "data.0.uid" in response.json()["results"][0]["errors"]


def test_the_warehouses_xml_becomes_a_shipment(posted):
    [document] = blocks(WAREHOUSE, "xml")
    response, [message] = posted(WAREHOUSE, "warehouse", document.encode())

    assert response.status_code == 200
    assert message.attributes["ce-id"] == "WH-20417"
    value = json.loads(message.data)
    assert value["orderId"] == 8
    assert value["items"] == [
        {"orderItemId": 12, "qty": 2},
        {"orderItemId": 13, "qty": 1},
    ]
    assert [track["carrierCode"] for track in value["tracks"]] == ["dhl"]


def test_a_wrong_line_of_the_xml_is_named(posted):
    [document] = blocks(WAREHOUSE, "xml")
    body = document.replace('qty="1"', 'qty="one"').encode()
    response, messages = posted(WAREHOUSE, "warehouse", body)

    [result] = response.json()["results"]
    assert (response.status_code, messages) == (400, [])
    path = "data.0.value.items.1.qty"
    assert result["errors"][path] == ["Must be a number.", "Sent as Line 2, qty."]


BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Shipment number="1"><Order>&b;</Order></Shipment>"""


@pytest.mark.parametrize("body", [b"", b"<Shipment>", b"{}", BOMB], ids=len)
def test_a_dangerous_xml_is_a_400(posted, body):
    response, messages = posted(WAREHOUSE, "warehouse", body)

    assert (response.status_code, messages) == (400, [])
    assert response.json() == {"error": "The body is not the XML of a shipment"}


def test_a_caller_without_mapping_uses_ingests_form(posted):
    body = b'{"data":{"uid":1,"event":"be-observer.customer_delete","value":{"id":1}}}'
    response, messages = posted(WAREHOUSE, "erp", body)

    assert response.json()["type"] == "be-observer.customer_delete"
    assert len(messages) == 1


def test_the_test_shown_passes(monkeypatch):
    [code] = blocks(markdown.section(PAGE, "Test your mapping"), "python")
    [example] = blocks(ERP, "python")
    monkeypatch.setattr(mapping, "to_events", run(example).to_events)

    run(code).test_a_document_becomes_a_stock_event()


def test_the_functions_name_and_signature_are_the_pages(monkeypatch):
    for section in (ERP, WAREHOUSE):
        [code] = blocks(section, "python")
        hints = run(code).to_events.__annotations__
        assert hints == mapping.to_events.__annotations__
