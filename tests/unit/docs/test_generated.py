"""The generated documents match the code, and describe what the code accepts."""

import base64
import json
import re

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS
from functions.events.message import message
from functions.settings import names
from functions.timestamps import timestamp
from tests.support import markdown
from tools.docs import __main__ as generate
from tools.docs import json_schema, openapi, tables, topic_message


def test_no_document_is_stale():
    assert generate.stale() == [], "run: make docs"


def test_stale_missing_and_leftover_documents_are_found(tmp_path):
    assert sorted(generate.write(tmp_path)) == sorted(generate.documents())
    assert generate.stale(tmp_path) == []
    (tmp_path / "docs/openapi.json").write_text("{}")
    (tmp_path / "docs/settings.md").unlink()
    (tmp_path / "docs/schemas/old.json").write_text("{}")
    expected = ["docs/openapi.json", "docs/schemas/old.json", "docs/settings.md"]

    assert generate.stale(tmp_path) == expected
    assert sorted(generate.write(tmp_path)) == expected
    assert generate.stale(tmp_path) == []


@pytest.mark.parametrize(
    ("paths", "status", "output"),
    [
        pytest.param([], 0, "", id="fresh"),
        pytest.param(
            ["docs/events.md"],
            1,
            "docs/events.md is stale\nrun: make docs\n",
            id="stale",
        ),
    ],
)
def test_check_reports_stale_documents(monkeypatch, capsys, paths, status, output):
    monkeypatch.setattr(generate, "stale", lambda: paths)

    assert generate.main(["--check"]) == status
    assert capsys.readouterr().out == output


def test_each_schema_is_json_schema(subtests):
    for name, schema in json_schema.documents().items():
        with subtests.test(name=name):
            Draft202012Validator.check_schema(schema)


def test_each_schema_accepts_its_own_sample_only(subtests):
    """Not every other sample, at least: some events share a value's form."""
    documents = json_schema.documents()
    for name in INBOUND_EVENTS:
        with subtests.test(name=name):
            schema = Draft202012Validator(documents[f"{name}.json"])

            assert schema.is_valid(samples.value(name))
            assert not all(
                schema.is_valid(samples.value(other)) for other in INBOUND_EVENTS
            )


def test_message_schema_accepts_what_is_published(subtests):
    for name in sorted(INBOUND_EVENTS):
        with subtests.test(name=name):
            event = INBOUND_EVENTS[name]
            published = message(
                event,
                "15",
                samples.value(name),
                "/ingest/erp",
                timestamp(),
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "msg_1",
            )
            form = {
                "data": base64.b64encode(published.data).decode(),
                "attributes": published.attributes,
                "orderingKey": published.ordering_key,
            }
            schema = Draft202012Validator(topic_message.document())

            assert list(schema.iter_errors(form)) == []
            other = next(e for e in INBOUND_EVENTS.values() if e.entity != event.entity)
            for wrong in (
                {**published.attributes, "entity": other.entity},
                {**published.attributes, "ce-type": f"acme.{name}"},
                {**published.attributes, "ce-time": "2026-01-01T00:00:00Z"},
                {**published.attributes, "more": "x"},
                {k: v for k, v in published.attributes.items() if k != "ce-id"},
            ):
                assert not schema.is_valid({**form, "attributes": wrong})


def test_openapi_has_every_event_with_its_sample():
    document = openapi.document()
    body = document["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
    schemas = document["components"]["schemas"]

    assert len(body["schema"]["oneOf"]) == len(INBOUND_EVENTS) + 1  # and the batch
    for name in INBOUND_EVENTS:
        short = name.removeprefix("be-observer.")
        schema = Draft202012Validator(schemas[short])
        assert schema.is_valid(body["examples"][short]["value"])


def test_a_batch_of_every_sample_is_valid():
    """By the OpenAPI document, and by the schema of its own."""
    items = [
        {"uid": "1", "event": f"acme.{name}", "value": samples.value(name)}
        for name in INBOUND_EVENTS
    ]
    wrong = [*items, {**items[0], "value": {}}]
    documents = json_schema.documents()
    schemas = openapi.document()["components"]
    contract = {"$ref": "#/components/schemas/Batch", "components": schemas}
    resources = [
        (name, DRAFT202012.create_resource(one)) for name, one in documents.items()
    ]
    registry = Registry().with_resources(resources)
    batch = Draft202012Validator(documents["batch.json"], registry=registry)

    for schema in (Draft202012Validator(contract), batch):
        assert schema.is_valid({"data": items})
        assert not schema.is_valid({"data": wrong})
        assert not schema.is_valid({"data": []})


def test_every_setting_is_on_the_page():
    page = tables.settings_page()
    for settings in tables.PARTS.values():
        for name in names(settings):
            assert f"| `{name}` |" in page


def test_every_event_has_its_section():
    page = tables.events_page()
    for name in INBOUND_EVENTS:
        value = json.dumps(samples.value(name), indent=2, ensure_ascii=False)
        assert f"\n## {name}\n" in page
        assert value in page


def test_every_limit_is_in_the_table():
    table = markdown.section(tables.events_page(), "Limits")
    limits = {
        (row[0], event): row[1]
        for row in markdown.tables(table)[0][1:]
        for event in row[2].split(", ")
    }

    assert limits["`name`", "customer_group_create"] == "1 to 32 bytes of UTF-8"
    assert "no blank at either end" in limits["`sku`", "catalog_product_create"]
    assert "no blank" not in limits["`sku`", "catalog_product_update"]
    assert limits["`email`", "customer_update"] == "1 to 255 characters"
    assert limits["`description`", "catalog_product_update"] == (
        "0 to 65,535 bytes of UTF-8"
    )
    assert limits["`[].quantity`", "catalog_stock_update"] == (
        "-99,999,999 to 99,999,999"
    )
    assert ("`status`", "sales_order_status_update") not in limits


def test_the_commerce_page_describes_the_calls_of_every_event():
    page = generate.documents()["docs/commerce.md"]

    for name in INBOUND_EVENTS:
        [row] = re.findall(rf"^\| `{name.removeprefix('be-observer.')}` .*", page, re.M)
        assert "see the handler" not in row
