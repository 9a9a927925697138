"""The text of a new event's parts, from the files in ``templates/``."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.new_event.definition import KINDS, Definition

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 the output is Python and JSON
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def catalog_line(definition: Definition) -> str:
    """The event's line in ``catalog.json``, without a comma."""
    line: dict[str, object] = {
        "schema": definition.schema,
        "handler": definition.handler,
        "key": definition.key,
    }
    if definition.key_case:
        line["key_case"] = definition.key_case
    if not definition.idempotent:
        line["idempotent"] = False
    return f'      "{definition.name}": {json.dumps(line)}'


def catalog_entity(definition: Definition) -> str:
    """A new entity in ``catalog.json``, without a comma."""
    line = catalog_line(definition)
    return _render("entity.json", event=definition, line=line).rstrip()


def sample(definition: Definition) -> str:
    """The event in ``samples.json``, without a comma."""
    value = json.dumps(definition.sample, ensure_ascii=False)
    return f'  "{definition.name}": {{\n    "value": {value}\n  }}'


def schema(definition: Definition) -> str:
    """The schema's class."""
    return _render("schema.py", event=definition, kinds=KINDS)


def handler(definition: Definition, transform: str) -> str:
    """The handler, and its function *transform*."""
    return _render(
        "handler.py",
        event=definition,
        operation=definition.operation,
        transform=transform,
        constant=f"{definition.handler.upper()}_OUTCOME_UNKNOWN",
    )


def handler_test(definition: Definition) -> str:
    """The module that tests the handler, with the test kit."""
    return _render(
        "handler_test.py",
        event=definition,
        operation=definition.operation,
        path=definition.operation.path.format(**definition.sample),
    )


def route(definition: Definition) -> str:
    """The row in the stand-in's table of routes."""
    method, path = definition.operation.method, definition.operation.path
    verb = "remove" if method == "DELETE" else "save"
    kind = "/".join(part for part in path.split("/") if not part.startswith("{"))
    return f'    Route("{method}", "{path}", stored.{verb}("{kind}")),'


def _render(name: str, **context: object) -> str:
    return _templates.get_template(f"{name}.j2").render(context)
