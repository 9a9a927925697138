"""Writes a new event into the repository."""

import subprocess
import sys
from pathlib import Path

from cli.new_event import edits, templates
from cli.new_event.definition import KINDS, Definition

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
    module = f"{definition.module}.py"
    schemas = f"functions/events/schemas/{module}"
    handlers = f"functions/handlers/{module}"
    texts = {
        CATALOG: catalog,
        SAMPLES: edits.append_member(read(SAMPLES), templates.sample(definition)),
        schemas: _schemas(read(schemas), definition),
        handlers: _handlers(read(handlers), definition),
        f"tests/unit/handlers/test_{definition.short}.py": templates.handler_test(
            definition
        ),
    }
    routes = read(ROUTES)
    operation = definition.operation
    if f'Route("{operation.method}", "{operation.path}",' not in routes:
        routes = edits.add_route(routes, templates.route(definition))
        texts[ROUTES] = edits.add_import(routes, "local.commerce", ["stored"])
    return texts


def _schemas(text: str, definition: Definition) -> str:
    text = text or f'"""Values of the {definition.noun} events."""\n'
    fields = sorted({KINDS[field.kind].field for field in definition.fields})
    text = edits.add_import(text, "functions.events.fields", fields)
    text = edits.add_import(text, "functions.events.schemas", ["OpenSchema"])
    return edits.append_code(text, templates.schema(definition))


def _handlers(text: str, definition: Definition) -> str:
    text = text or f'"""{definition.noun.capitalize()}s: applied to Commerce."""\n'
    transform = "transform"
    if "\ndef transform(" in text:
        transform = f"transform_{definition.handler}"
    text = edits.add_import(text, "typing", ["Any"])
    names = ["CommerceClient", "DeliveryContext"]
    text = edits.add_import(text, "functions.handlers", names)
    if not definition.idempotent:
        text = edits.add_import(text, "functions.commerce.errors", ["Rejected"])
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
