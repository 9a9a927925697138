"""The API page: ``docs/openapi.json``, prepared for a template."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
METHODS = ("post", "get", "put", "patch", "delete")
NO_NUL = r"^[^\u0000]*$"

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One row of a table of fields.

    Attributes:
        path: from the root of the body; ``[]`` stands for the items of a list.
        kind: its type, in the words of JSON Schema.
        limits: sentences about its values.
        patterns: regular expressions that it matches.
    """

    path: str
    kind: str
    required: bool
    limits: list[str]
    patterns: list[str]
    description: str


def content(document: Schema | None = None) -> dict[str, Any]:
    """Title, operations, security schemes and schemas of *document*.

    Args:
        document: OpenAPI 3.1; by default ingest's.
    """
    document = document or json.loads(DOCUMENT.read_text())
    schemas = document["components"]["schemas"]
    operations = list(_operations(document))
    examples: dict[str, Any] = {}
    for operation in operations:
        examples |= operation["examples"]
    return {
        "info": document["info"],
        "servers": document.get("servers", []),
        "operations": operations,
        "security": document["components"].get("securitySchemes", {}),
        "schemas": {
            name: {
                "description": _sentences(schema),
                "fields": list(fields(schema)),
                "example": examples.get(name),
            }
            for name, schema in schemas.items()
        },
    }


def _operations(document: Schema) -> Iterator[dict[str, Any]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                yield {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("summary", ""),
                    "description": operation.get("description", ""),
                    "security": _security(operation.get("security")),
                    "parameters": [
                        {**one, "fields": list(fields(one["schema"], one["name"]))}
                        for one in operation.get("parameters", [])
                    ],
                    "bodies": _schema_names(operation.get("requestBody", {})),
                    "examples": _examples(operation.get("requestBody", {})),
                    "responses": {
                        status: {
                            "description": response["description"],
                            "schemas": _schema_names(response),
                            "types": [
                                kind
                                for kind, one in response.get("content", {}).items()
                                if "$ref" not in one.get("schema", {})
                            ],
                            "headers": {
                                name: header.get("schema", {}).get("const", "")
                                for name, header in response.get("headers", {}).items()
                            },
                        }
                        for status, response in operation["responses"].items()
                    },
                }


def _security(requirements: list[dict[str, Any]] | None) -> bool:
    """Whether authentication may be required; the document's default is so."""
    return requirements is None or any(requirements)


def _schema_names(holder: Schema) -> list[str]:
    """The named schemas of a request body or a response."""
    names = []
    for one in holder.get("content", {}).values():
        schema = one.get("schema", {})
        for part in schema.get("oneOf", [schema]):
            if reference := part.get("$ref"):
                names.append(reference.rpartition("/")[2])
    return names


def _examples(body: Schema) -> dict[str, Any]:
    return {
        name: example["value"]
        for one in body.get("content", {}).values()
        for name, example in one.get("examples", {}).items()
    }


def _sentences(schema: Schema) -> str:
    """The description of an event's value, or of the schema itself."""
    value = schema.get("properties", {}).get("data", {}).get("properties", {})
    value = value.get("value", {})
    value = value.get("items", value)
    return schema.get("description") or value.get("description", "")


def fields(schema: Schema, path: str = "", required: bool = True) -> Iterator[Field]:
    """*schema* and everything within it, one row each; the root has none."""
    if path:
        yield Field(
            path,
            _kind(schema),
            required,
            list(_limits(schema)),
            _patterns(schema),
            schema.get("description", ""),
        )
    needed = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        yield from fields(one, f"{path}.{name}" if path else name, name in needed)
    items = schema.get("items", {})
    needed = items.get("required", [])
    for name, one in items.get("properties", {}).items():
        yield from fields(one, f"{path}[].{name}", name in needed)


def _kind(schema: Schema) -> str:
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_kind(one) for one in options)
    if reference := schema.get("$ref"):
        return reference.rpartition("/")[2]
    if "const" in schema or "enum" in schema:
        return "constant" if "const" in schema else "one of"
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    return schema.get("type", "any")


def _limits(schema: Schema) -> Iterator[str]:
    for one in schema.get("anyOf", []):
        yield from _limits(one)
    if "const" in schema:
        yield json.dumps(schema["const"])
    if "enum" in schema:
        yield ", ".join(map(json.dumps, schema["enum"]))
    for unit, low, high in (
        ("characters", "minLength", "maxLength"),
        ("", "minimum", "maximum"),
        ("items", "minItems", "maxItems"),
    ):
        if bounds := _bounds(schema.get(low), schema.get(high)):
            yield f"{bounds} {unit}".strip()
    if schema.get("format"):
        yield schema["format"]
    if schema.get("additionalProperties") is False:
        yield "no other fields"
    if schema.get("pattern") == NO_NUL:
        yield "no NUL character"


def _bounds(low: int | None, high: int | None) -> str:
    if low is None:
        return "" if high is None else f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"


def _patterns(schema: Schema) -> list[str]:
    pattern = schema.get("pattern")
    return [pattern] if pattern and pattern != NO_NUL else []
