"""docs/import.md has every option of import, and its examples work."""

import json
import re
import shlex

import click
import pytest

from cli.__main__ import main
from cli.environment import ROOT
from cli.imports.events import Builder, RejectedRow
from cli.imports.source import Row
from cli.imports.values import Values
from functions.events.catalog import EVENTS

PAGE = (ROOT / "docs/import.md").read_text()
EXAMPLES = re.findall(r"\.venv/bin/python -m cli import (.+)$", PAGE, re.M)
STOCK = EVENTS["be-observer.catalog_stock_update"]


def command() -> click.Command:
    return main.get_command(click.Context(main), "import")


def test_every_option_is_described():
    options = {o for p in command().params for o in p.opts if o.startswith("--")}

    assert options - set(re.findall(r"--[a-z-]+", PAGE)) == set()


def test_every_example_is_valid(subtests):
    assert EXAMPLES
    for example in EXAMPLES:
        with subtests.test(example=example):
            command().make_context("import", shlex.split(example))


def test_the_rejected_row_is_what_is_written():
    [text] = re.findall(r"```json\n(.*)\n```", PAGE)
    entry = json.loads(text)
    columns = ["sku", "source", "quantity", "outOfStock"]
    builder = Builder("i", STOCK, Values(STOCK, columns, {}, {}), 1, 1)

    with pytest.raises(RejectedRow) as rejected:
        list(builder.add(Row(entry["line"], entry["row"])))

    assert (rejected.value.error, rejected.value.errors) == (
        entry["error"],
        entry["errors"],
    )
