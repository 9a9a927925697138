"""The API reference shows everything that docs/openapi.json says."""

import html
import json
import re

import pytest

from local.console import api_page
from local.console.pages import templates

DOCUMENT = json.loads(api_page.DOCUMENT.read_text())
BASE = {
    **{"page": "api", "notice": "", "replayed": "", "here": "/api", "faults": []},
    **{"dead_count": 0, "undelivered": 0, "ingest": "http://127.0.0.1:8080"},
}


@pytest.fixture(scope="module")
def page() -> str:
    template = templates().get_template("api.html")
    return template.render(api=api_page.content(), **BASE)


def test_every_operation_and_schema_has_an_anchor(page):
    ids = re.findall(r' id="([^"]+)"', page)
    operations = [
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
    ]
    schemas = [f"schema-{name}" for name in DOCUMENT["components"]["schemas"]]

    assert len(ids) == len(set(ids))
    assert {*operations, *schemas} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_every_response_and_example_is_shown(page):
    text = html.unescape(page)
    operation = DOCUMENT["paths"]["/"]["post"]

    for status, response in operation["responses"].items():
        assert f'<td class="status">{status}</td><td>{response["description"]}' in text
    for example in operation["requestBody"]["content"]["application/json"][
        "examples"
    ].values():
        shown = json.dumps(example["value"], indent=2, ensure_ascii=False)
        assert shown in text


def test_fields_have_paths_types_and_limits():
    schema = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["sku"],
                    "properties": {
                        "sku": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 64,
                            "pattern": api_page.NO_NUL,
                        },
                        "id": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                        "state": {"enum": ["on", "off"], "description": "Of it."},
                        "name": {"type": "string", "pattern": "^a$", "maxLength": 2},
                    },
                },
            }
        },
    }

    assert list(api_page.fields(schema)) == [
        api_page.Field("data", "array of object", True, ["at least 1 items"], [], ""),
        api_page.Field(
            "data[].sku",
            "string",
            True,
            ["1 to 64 characters", "no NUL character"],
            [],
            "",
        ),
        api_page.Field("data[].id", "string or integer", False, [], [], ""),
        api_page.Field("data[].state", "one of", False, ['"on", "off"'], [], "Of it."),
        api_page.Field(
            "data[].name", "string", False, ["at most 2 characters"], ["^a$"], ""
        ),
    ]
