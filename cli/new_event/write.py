"""Writes a new event into the repository."""

import subprocess
import sys
from pathlib import Path

from cli.new_event import edits, templates
from cli.new_event.definition import KEY, KINDS, Definition

CATALOG = "functions/events/catalog.json"
SAMPLES = "functions/events/samples.json"
ROUTES = "local/commerce/routes.py"


class CannotWrite(Exception):
    """Nothing was changed; for the developer."""


def changes(root: Path, definition: Definition) -> dict[str, str]:
    """The new text of each file, by its path within the repository."""

    def read(path: str) -> str:
        file = root / path
        return file.read_text() if file.exists() else ""

    catalog = read(CATALOG)
    if definition.new_entity:
        catalog = edits.append_member(catalog, templates.catalog_entity(definition))
    else:
        line = templates.catalog_line(definition)
        catalog = edits.add_to_catalog(catalog, definition.entity, line)
        if definition.source and f'"{definition.source}": {{' not in catalog:
            source = templates.catalog_source(definition)
            catalog = edits.add_source(catalog, definition.entity, source)
    schemas = f"functions/events/schemas/{definition.module}.py"
    handlers = f"functions/handlers/{definition.module}.py"
    test = f"tests/unit/handlers/test_{definition.identifier}.py"
    texts = {
        CATALOG: catalog,
        SAMPLES: edits.append_member(read(SAMPLES), templates.sample(definition)),
        schemas: _schemas(read(schemas), definition),
        handlers: _handlers(read(handlers), definition),
        test: templates.handler_test(definition),
    }
    operation, routes = definition.operation, read(ROUTES)
    if operation and f'Route("{operation.method}", "{operation.path}",' not in routes:
        row = templates.route(operation)
        routes = edits.add_import(
            edits.add_route(routes, row), "local.commerce", ["stored"]
        )
        texts[ROUTES] = routes
    return texts


def _schemas(text: str, definition: Definition) -> str:
    text = text or f'"""Values of the {definition.noun} events."""\n'
    if definition.direction == "outbound":
        base, fields = "ForwardedSchema", {KEY.field}
    else:
        base, fields = "OpenSchema", {KINDS[f.kind].field for f in definition.fields}
    text = edits.add_import(text, "functions.events.fields", sorted(fields))
    text = edits.add_import(text, "functions.events.schemas", [base])
    return edits.append_code(text, templates.schema(definition, base))


def _handlers(text: str, definition: Definition) -> str:
    outbound = definition.direction == "outbound"
    where = "of Commerce, for the third party" if outbound else "applied to Commerce"
    text = text or f'"""{definition.noun.capitalize()} events: {where}."""\n'
    transform = f"transform_{definition.handler}"
    if "\ndef transform(" not in text:
        transform = "transform"
    imports = {
        "typing": ["Any"],
        "functions.handlers": ["CommerceClient", "DeliveryContext"],
    }
    if outbound:
        imports["functions.handlers"] = ["DeliveryContext", "Target"]
        imports["functions.handlers.outbound"] = ["public_fields"]
    elif not definition.idempotent:
        imports["functions.errors"] = ["Rejected"]
    for module, names in imports.items():
        text = edits.add_import(text, module, names)
    return edits.append_code(text, templates.handler(definition, transform))


def write(root: Path, definition: Definition) -> list[str]:
    """Write the event, and generate the documents that follow; the changed files.

    Raises:
        CannotWrite: a step failed; every file is as it was before.
    """
    texts = changes(root, definition)
    before = {
        path: (root / path).read_text() if (root / path).exists() else None
        for path in texts
    }
    try:
        for path, text in texts.items():
            (root / path).write_text(text)
        python = [path for path in texts if path.endswith(".py")]
        _run(root, "ruff", "check", "-q", "--fix", "--select", "I", *python)
        _run(root, "ruff", "format", "-q", *python)
        generated = _run(root, "tools.docs")
    except (CannotWrite, OSError, KeyboardInterrupt):
        for path, old in before.items():
            if old is None:
                (root / path).unlink(missing_ok=True)
            else:
                (root / path).write_text(old)
        raise
    return [*texts, *(line.split()[0] for line in generated.splitlines() if line)]


def _run(root: Path, module: str, *arguments: str) -> str:
    """The output of a module, which reads the files anew."""
    done = subprocess.run(  # noqa: S603 our own tools
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotWrite(
            f"Nothing was changed: python -m {module} failed: {done.stderr.strip()}"
        )
    return done.stdout
