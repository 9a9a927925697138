"""The generated documents are what the code says, and say what the code does."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from docs.generate import __main__ as generate
from docs.generate import json_schema, openapi, topic_message
from functions.events import samples
from functions.events.catalog import EVENTS
from functions.events.message import message
from functions.settings import names
from functions.timestamps import timestamp

ROOT = Path(__file__).resolve().parents[2]


def test_no_document_is_stale():
    assert generate.stale() == [], "run: make docs"


def test_a_stale_a_missing_and_a_leftover_document_are_found(tmp_path):
    assert sorted(generate.write(tmp_path)) == sorted(generate.documents())
    assert generate.stale(tmp_path) == []
    (tmp_path / "openapi.json").write_text("{}")
    (tmp_path / "settings.md").unlink()
    (tmp_path / "schemas/old.json").write_text("{}")
    found = ["openapi.json", "schemas/old.json", "settings.md"]

    assert generate.stale(tmp_path) == found
    assert sorted(generate.write(tmp_path)) == found
    assert generate.stale(tmp_path) == []


def test_the_check_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", sorted(json_schema.documents()))
def test_each_schema_is_json_schema(name):
    Draft202012Validator.check_schema(json_schema.documents()[name])


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_each_schema_takes_its_sample_and_not_every_other(name):
    told = Draft202012Validator(json_schema.documents()[f"{name}.json"])

    assert told.is_valid(samples.value(name))
    assert not all(told.is_valid(samples.value(other)) for other in EVENTS)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_messages_schema_takes_what_is_published(name):
    event = EVENTS[name]
    sent = message(
        event,
        "15",
        samples.value(name),
        "/ingest/erp",
        timestamp(),
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    form = {
        "data": base64.b64encode(sent.data).decode(),
        "attributes": sent.attributes,
        "orderingKey": sent.ordering_key,
    }
    told = Draft202012Validator(topic_message.document())

    assert list(told.iter_errors(form)) == []
    other = next(e for e in EVENTS.values() if e.entity != event.entity)
    for wrong in (
        {**sent.attributes, "entity": other.entity},
        {**sent.attributes, "ce-type": f"acme.{name}"},
        {**sent.attributes, "ce-time": "2026-01-01T00:00:00Z"},
        {**sent.attributes, "more": "x"},
        {k: v for k, v in sent.attributes.items() if k != "ce-id"},
    ):
        assert not told.is_valid({**form, "attributes": wrong})


def test_the_contract_has_every_event_with_its_sample():
    told = openapi.document()
    body = told["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
    schemas = told["components"]["schemas"]

    assert len(body["schema"]["oneOf"]) == len(EVENTS)
    for name in EVENTS:
        short = name.removeprefix("be-observer.")
        value = Draft202012Validator(schemas[short])
        assert value.is_valid(body["examples"][short]["value"])


def test_every_setting_is_on_the_page():
    from docs.generate.tables import PARTS, settings_page

    page = settings_page()
    for settings in PARTS.values():
        for name in names(settings):
            assert f"| `{name}` |" in page


def test_every_event_has_its_section():
    page = (ROOT / "docs/events.md").read_text()
    for name in EVENTS:
        value = json.dumps(samples.value(name), indent=2, ensure_ascii=False)
        assert f"\n## {name}\n" in page
        assert value in page
