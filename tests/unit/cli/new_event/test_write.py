"""The texts that ``new-event`` writes; test_add_event.py runs them in a copy."""

import ast
import json

import pytest
from click.testing import CliRunner

from cli.__main__ import main
from cli.environment import ROOT
from cli.new_event import edits
from cli.new_event.define import define
from cli.new_event.write import changes

CATALOG = "functions/events/catalog.json"


def texts(**definition) -> dict[str, str]:
    return changes(ROOT, define(ROOT, **definition))


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_every_method_has_a_handler_with_its_docstring(method):
    written = texts(
        entity="specimen",
        event="specimen_change",
        fields="id:id name:text",
        operation=f"{method} specimens/{{id}}",
    )

    handler = written["functions/handlers/specimen.py"]
    assert f"    Calls: `{method} specimens/{{id}}`.\n" in handler
    assert ("Not idempotent. " in handler) == (method == "POST")
    assert ("raise Rejected(409" in handler) == (method == "POST")
    test = written["tests/unit/handlers/test_specimen_change.py"]
    assert ("unknown_outcome" in test) == (method == "POST")
    for path, text in written.items():
        if path.endswith(".py"):
            ast.parse(text)
    verb = "remove" if method == "DELETE" else "save"
    row = f'    Route("{method}", "specimens/{{id}}", stored.{verb}("specimens")),\n)'
    assert row in written["local/commerce/routes.py"]
    [line] = json.loads(written[CATALOG])["specimen"]["events"].values()
    assert line.get("idempotent", True) == (method != "POST")


def test_a_known_route_of_the_stand_in_is_kept():
    written = texts(
        entity="product",
        event="catalog_product_specimen",
        fields="sku:sku name:text",
        operation="PUT products/{sku}",
    )

    assert "local/commerce/routes.py" not in written
    assert "def transform_specimen(" in written["functions/handlers/product.py"]


def test_an_outbound_event_names_its_source():
    written = texts(
        direction="outbound",
        entity="product",
        event="commerce.product.specimen",
        fields="sku:sku name:text",
        source="observer.specimen_done",
    )

    entity = json.loads(written[CATALOG])["outbound-product"]
    assert entity["sources"]["observer.specimen_done"] == {"fields": ["sku", "name"]}
    assert entity["events"]["commerce.product.specimen"]["source"] == (
        "observer.specimen_done"
    )


def test_the_catalogue_keeps_its_form():
    text = (ROOT / CATALOG).read_text()

    added = edits.add_to_catalog(text, "stock", '      "x": {}')

    [last] = set(text.splitlines()) - set(added.splitlines())
    assert f'{last},\n      "x": {{}}\n' in added


def test_imports_are_merged(subtests):
    for text, expected in [
        ('"""Doc."""\n', '"""Doc."""\n\nfrom a.b import C\n'),
        ('"""Doc."""\n\nimport x\n', '"""Doc."""\n\nimport x\nfrom a.b import C\n'),
        ("from a.b import D\n", "from a.b import C, D\n"),
        ("from a.b import (\n    D,\n    E,\n)\n", "from a.b import C, D, E\n"),
        ("from a.b import C\n", "from a.b import C\n"),
    ]:
        with subtests.test(text=text):
            assert edits.add_import(text, "a.b", ["C"]) == expected


def test_the_command_asks_for_what_no_option_gives():
    answers = "specimen\nspecimen_update\nid:id\nPUT specimens/{id}\nn\n"

    result = CliRunner().invoke(main, ["new-event"], input=answers)

    assert result.exit_code == 1
    assert "create  functions/handlers/specimen.py" in result.output
    assert "Write be-observer.specimen_update? [y/N]: n" in result.output
    assert not (ROOT / "functions/handlers/specimen.py").exists()


def test_an_unusual_form_is_a_usage_error(monkeypatch):
    def changes(root, definition):
        return edits.add_to_catalog("{}", definition.entity, "")

    monkeypatch.setattr("cli.commands.new_event.changes", changes)
    answers = "product\nspecimen_update\nid:id\nPUT specimens/{id}\n"
    result = CliRunner().invoke(main, ["new-event"], input=answers)

    assert result.exit_code == 2
    assert "catalog.json has no product in its usual form: restore" in result.output


def test_a_usage_error_writes_nothing():
    result = CliRunner().invoke(
        main,
        ["new-event", "--entity", "x", "--event", "y", "--fields", "z", "--yes"],
        input="PUT a\n",
    )

    assert result.exit_code == 2
    assert "words joined by underscores" in result.output
