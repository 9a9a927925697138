"""Adobe's definitions of Commerce's REST operations, to check requests against."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from tests.support import machine

VERSIONS = ("saas", "paas-2.4.6", "paas-2.4.8")

# Query parameters that Commerce accepts and Adobe's definitions do not have, and why.
UNDEFINED_QUERIES = {
    "fields": "every operation accepts it (commerce-webapi, rest/use-rest/"
    "retrieve-filtered-responses); the definitions list it nowhere",
}


@cache
def definitions(version: str) -> dict[str, Any]:
    """The Swagger document of *version*, in which unknown keys are errors.

    Commerce drops what it does not know, so a misplaced key is a silent error.
    """
    path = machine.reference() / "commerce-rest" / f"{version}.json"
    document = json.loads(path.read_text())
    _forbid_unknown_keys(document)
    return document


def request_errors(
    version: str,
    method: str,
    path: str,
    query: dict[str, Any] | None = None,
    body: Any = None,
) -> list[str]:
    """The errors of a request; *path* begins with ``/V1/`` and is still encoded."""
    operation = _operation(version, method, path)
    if operation is None:
        return [f"{version} has no {method} {path}"]
    parameters = operation.get("parameters", [])
    known = {p["name"] for p in parameters if p["in"] == "query"}
    errors = [
        f"query parameter {name} is not known"
        for name in query or {}
        # The definitions show only the first of each list of filters.
        if name not in UNDEFINED_QUERIES
        and re.sub(r"\[\d+\]", "[0]", name) not in known
    ]
    schema = next((p["schema"] for p in parameters if p["in"] == "body"), None)
    if schema is None:
        return errors + (["takes no body"] if body is not None else [])
    return errors + _schema_errors(version, schema, body)


def response_errors(
    version: str, method: str, path: str, status: int, document: Any
) -> list[str]:
    """The errors of a response with *status* to a request."""
    operation = _operation(version, method, path)
    if operation is None:
        return [f"{version} has no {method} {path}"]
    responses = operation["responses"]
    default = responses["default"] if status >= 400 else {}
    definition = responses.get(str(status)) or default
    if "schema" not in definition:
        return []
    return _schema_errors(version, definition["schema"], document)


@cache
def _validator(version: str, schema: str) -> Draft4Validator:
    shared = {"definitions": definitions(version)["definitions"]}
    return Draft4Validator({**json.loads(schema), **shared})


def _schema_errors(version: str, schema: dict[str, Any], document: Any) -> list[str]:
    validator = _validator(version, json.dumps(schema, sort_keys=True))
    return [
        f"{error.json_path}: {error.message}"
        for error in validator.iter_errors(document)
    ]


def _operation(version: str, method: str, path: str) -> dict[str, Any] | None:
    # POST /V1/shipment is defined with a slash at its end, which Commerce's router
    # trims; web servers that strip it would answer with a redirect.
    segments = path.rstrip("/").split("/")
    candidates = []
    for template, operations in definitions(version)["paths"].items():
        parts = template.rstrip("/").split("/")
        matches = len(parts) == len(segments) and all(
            part.startswith("{") or part == segment
            for part, segment in zip(parts, segments, strict=True)
        )
        if matches and method.lower() in operations:
            parameters = sum(part.startswith("{") for part in parts)
            candidates.append((parameters, operations[method.lower()]))
    return min(candidates, key=lambda pair: pair[0])[1] if candidates else None


def _forbid_unknown_keys(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        for child in node.values():
            _forbid_unknown_keys(child)
    elif isinstance(node, list):
        for child in node:
            _forbid_unknown_keys(child)
