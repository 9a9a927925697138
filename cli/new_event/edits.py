"""Changes texts of the repository: JSON and Python that exist already."""

import ast
import json

BY_HAND = ": restore its form, or add the event by hand as README.md says"


class UnusualForm(ValueError):
    """A file cannot be changed by text; for the developer."""


def add_to_catalog(text: str, entity: str, line: str) -> str:
    """``catalog.json`` with *line* as the last event of *entity*."""
    head, start, rest = text.partition(f'\n  "{entity}": {{\n')
    block, end, tail = rest.partition("\n    }\n  }")
    if not (start and end):
        raise UnusualForm(f"catalog.json has no {entity} in its usual form{BY_HAND}")
    return _checked(f"{head}{start}{block},\n{line}{end}{tail}")


def add_source(text: str, entity: str, line: str) -> str:
    """``catalog.json`` with *line* as the first source of the outbound *entity*."""
    head, start, rest = text.partition(f'\n  "{entity}": {{\n')
    block, sources, tail = rest.partition('    "sources": {\n')
    if not (start and sources) or "\n  }" in block:
        raise UnusualForm(f"catalog.json has no {entity} in its usual form{BY_HAND}")
    return _checked(f"{head}{start}{block}{sources}{line},\n{tail}")


def append_member(text: str, member: str) -> str:
    """A JSON object with *member* as its last one."""
    return _checked(f"{text.rstrip().removesuffix('}').rstrip()},\n{member}\n}}\n")


def _checked(text: str) -> str:
    json.loads(text)
    return text


def add_import(text: str, module: str, names: list[str]) -> str:
    """Python *text* that imports *names* of *module*; ruff sorts and wraps them."""
    imports = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    lines = text.splitlines(keepends=True)
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.module == module:
            known = [alias.name for alias in node.names]
            merged = sorted({*known, *names})
            line = f"from {module} import {', '.join(merged)}\n"
            assert node.end_lineno is not None  # noqa: S101 of a parsed file
            return "".join([*lines[: node.lineno - 1], line, *lines[node.end_lineno :]])
    line = f"from {module} import {', '.join(names)}\n"
    # After the last import, or after the docstring.
    last = imports[-1].end_lineno if imports else ast.parse(text).body[0].end_lineno
    assert last is not None  # noqa: S101 of a parsed file
    before = [] if imports else ["\n"]
    return "".join([*lines[:last], *before, line, *lines[last:]])


def append_code(text: str, code: str) -> str:
    """Python *text* with *code* at its end."""
    return f"{text.rstrip()}\n\n\n{code}"


def add_route(text: str, row: str) -> str:
    """``local/commerce/routes.py`` with *row* as the last of ``ROUTES``."""
    head, start, rest = text.partition("\nROUTES = (\n")
    rows, end, tail = rest.partition("\n)\n")
    if not (start and end):
        raise UnusualForm(
            f"local/commerce/routes.py has no ROUTES in its usual form{BY_HAND}"
        )
    return f"{head}{start}{rows}\n{row}{end}{tail}"
