"""The text of a new event's parts, from the files in ``templates/``."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.new_event.definition import KINDS, Definition, Operation

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
    line: dict[str, object] = {"source": definition.source} if definition.source else {}
    line |= {
        "schema": definition.schema,
        "handler": definition.handler,
        "key": definition.key,
    }
    if definition.key_case:
        line["key_case"] = definition.key_case
    if not definition.idempotent:
        line["idempotent"] = False
    return f'      "{definition.name}": {json.dumps(line)}'


def catalog_source(definition: Definition) -> str:
    """The fields to subscribe to, in ``catalog.json``, without a comma."""
    names = [field.name for field in definition.fields]
    return f'      "{definition.source}": {{"fields": {json.dumps(names)}}}'


def catalog_entity(definition: Definition) -> str:
    """A new entity in ``catalog.json``, without a comma."""
    line = catalog_line(definition)
    source = catalog_source(definition) if definition.source else None
    return _render("entity.json", event=definition, line=line, source=source).rstrip()


def sample(definition: Definition) -> str:
    """The event in ``samples.json``, without a comma."""
    value = json.dumps(definition.sample, ensure_ascii=False)
    return f'  "{definition.name}": {{\n    "value": {value}\n  }}'


def schema(definition: Definition, base: str) -> str:
    """The schema's class.

    Of an outbound event it has the key alone; every other field is kept anyway.
    """
    return _render("schema.py", event=definition, kinds=KINDS, base=base)


def handler(definition: Definition, transform: str) -> str:
    """The handler, and its function *transform*."""
    name = "handler.py" if definition.operation else "outbound_handler.py"
    return _render(
        name,
        event=definition,
        operation=definition.operation,
        transform=transform,
        constant=f"{definition.handler.upper()}_OUTCOME_UNKNOWN",
    )


def handler_test(definition: Definition) -> str:
    """The module that tests the handler, with the test kit."""
    operation = definition.operation
    if operation is None:
        return _render("outbound_handler_test.py", event=definition)
    path = operation.path.format(**definition.sample)
    return _render("handler_test.py", event=definition, operation=operation, path=path)


def route(operation: Operation) -> str:
    """The row in the stand-in's table of routes."""
    method, path = operation.method, operation.path
    verb = "remove" if method == "DELETE" else "save"
    kind = "/".join(part for part in path.split("/") if not part.startswith("{"))
    return f'    Route("{method}", "{path}", stored.{verb}("{kind}")),'


def _render(name: str, **context: object) -> str:
    return _templates.get_template(f"{name}.j2").render(context)
