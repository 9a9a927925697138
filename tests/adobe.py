"""Adobe's own definitions of Commerce's REST operations, as a judge of requests."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from tests import machine

VERSIONS = ("saas", "paas-2.4.6", "paas-2.4.8")

# What Commerce takes though Adobe's definition does not have it, and why we may rely
# on it. Two more exceptions stand where they are made, below.
EXCEPTED_QUERIES = {
    "fields": "every operation takes it (commerce-webapi, rest/use-rest/"
    "retrieve-filtered-responses); the definitions list it nowhere",
}


@cache
def definitions(version: str) -> dict:
    """The Swagger document of *version*, in which unknown keys are faults.

    Commerce drops what it does not know, so a misplaced key is a silent error.
    """
    path = machine.reference() / "commerce-rest" / f"{version}.json"
    document = json.loads(path.read_text())
    _close(document)
    return document


def validate_request(
    version: str, method: str, path: str, query: dict | None = None, body: Any = None
) -> list[str]:
    """The faults of a request; *path* begins with ``/V1/`` and is still encoded."""
    document = definitions(version)
    operation = _operation(document, method, path)
    if operation is None:
        return [f"{version} has no {method} {path}"]
    parameters = operation.get("parameters", [])
    known = {p["name"] for p in parameters if p["in"] == "query"}
    faults = [
        f"query parameter {name} is not known"
        for name in query or {}
        # Of each list of filters, the definitions show the first alone.
        if name not in EXCEPTED_QUERIES and re.sub(r"\[\d+\]", "[0]", name) not in known
    ]
    wanted = next((p["schema"] for p in parameters if p["in"] == "body"), None)
    if wanted is None:
        return faults + (["takes no body"] if body is not None else [])
    schema = {**wanted, "definitions": document["definitions"]}
    return faults + [
        f"{error.json_path}: {error.message}"
        for error in Draft4Validator(schema).iter_errors(body)
    ]


def validate_answer(
    version: str, method: str, path: str, status: int, document: Any
) -> list[str]:
    """The faults of an answer with *status* to a request."""
    operation = _operation(definitions(version), method, path)
    if operation is None:
        return [f"{version} has no {method} {path}"]
    responses = operation["responses"]
    said = responses.get(str(status)) or (responses["default"] if status >= 400 else {})
    if "schema" not in said:
        return []
    schema = {**said["schema"], "definitions": definitions(version)["definitions"]}
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft4Validator(schema).iter_errors(document)
    ]


def _operation(document: dict, method: str, path: str) -> dict | None:
    # POST /V1/shipment is defined with a slash at its end, which Commerce's router
    # trims; web servers that strip it would answer with a redirect.
    asked = path.rstrip("/").split("/")
    found = []
    for template, operations in document["paths"].items():
        parts = template.rstrip("/").split("/")
        places = sum(part.startswith("{") for part in parts)
        same = len(parts) == len(asked) and all(
            ours == theirs or theirs.startswith("{")
            for ours, theirs in zip(asked, parts, strict=True)
        )
        if same and method.lower() in operations:
            found.append((places, operations[method.lower()]))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        for child in node.values():
            _close(child)
    elif isinstance(node, list):
        for child in node:
            _close(child)
