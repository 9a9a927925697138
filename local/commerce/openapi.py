"""Validates requests and responses against Adobe's OpenAPI, where it is available."""

import copy
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

MAX_ERRORS = 5
# Properties that Adobe's generated definitions require and Commerce does not:
# definition, properties, reason.
NOT_REQUIRED = (
    (
        "sales-data-order-status-history-interface",
        ("parent_id",),
        "the path names the order",
    ),
    (
        "sales-data-shipment-comment-interface",
        ("parent_id",),
        "the shipment around it is the parent",
    ),
    (
        "sales-data-shipment-track-interface",
        ("parent_id", "weight", "qty", "description"),
        "Adobe's starter kit omits them and Commerce accepts it",
    ),
    (
        "sales-data-shipment-interface",
        ("items", "tracks", "comments"),
        "a partial update has not all of them",
    ),
)
# Defined as a list of objects; Commerce sends a list of values or one mapping.
ERROR_PARAMETERS = "error-parameters"
# Every operation takes this query parameter; no definition lists it.
FIELDS = "fields"


class OpenApi:
    """One of Adobe's Swagger 2.0 documents, parsed.

    Properties that it does not name are errors: Commerce drops or rejects them.
    """

    def __init__(self, document: dict) -> None:
        self._operations = {
            (method.upper(), _template(path)): operation
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        self._definitions = _relaxed(document["definitions"])
        self._validator = cache(self._new_validator)

    def request_errors(
        self, method: str, route: str, body: Any, query: Iterable[str] = ()
    ) -> list[str]:
        """What is wrong with a request.

        Args:
            route: a template, relative to ``V1/``.
            query: the names of its parameters.
        """
        operation = self._operations.get((method, _template(route)))
        if operation is None:
            return ["no such operation in Adobe's document"]
        known = {
            _parameter_name(parameter["name"])
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "query"
        }
        for name in query:
            if name != FIELDS and _parameter_name(name) not in known:
                return [f"query parameter {name[:100]} is not known"]
        validator = self._validator(method, _template(route), "body")
        if validator is None:
            return [] if body is None else ["a body where none is expected"]
        return _errors(validator, {} if body is None else body)

    def response_errors(
        self, method: str, route: str, status: int, document: Any
    ) -> list[str]:
        """What is wrong with a response."""
        if (method, _template(route)) not in self._operations:
            return ["no such operation in Adobe's document"]
        validator = self._validator(method, _template(route), str(status))
        return [] if validator is None else _errors(validator, document)

    def _new_validator(
        self, method: str, route: str, part: str
    ) -> Draft4Validator | None:
        """The validator of an operation's body or of its response with a status."""
        operation = self._operations[method, route]
        if part == "body":
            schemas = [
                _closed(copy.deepcopy(parameter["schema"]))
                for parameter in operation.get("parameters", [])
                if parameter["in"] == "body"
            ]
            schema = schemas[0] if schemas else None
        else:
            responses = operation["responses"]
            # Some operations document their errors only.
            default = {} if part == "200" else responses.get("default", {})
            schema = responses.get(part, default).get("schema")
        if schema is None:
            return None
        return Draft4Validator({**schema, "definitions": self._definitions})


def _errors(validator: Draft4Validator, document: Any) -> list[str]:
    errors = []
    for error in validator.iter_errors(document):
        path = ".".join(str(part) for part in error.absolute_path) or "body"
        errors.append(f"{path}: {error.message[:200]}")
        if len(errors) == MAX_ERRORS:
            break
    return errors


def _template(path: str) -> str:
    """A path without names of parameters, which differ from document to document."""
    path = path.removeprefix("/V1").strip("/")
    return re.sub(r"\{\w+\}", "{}", path)


def _parameter_name(name: str) -> str:
    """A query parameter's name in one spelling.

    Commerce takes two spellings; the definitions show one, and of each list the first
    element alone.
    """
    return re.sub(r"\[\d+\]", "[0]", name).replace("_", "").lower()


def _relaxed(definitions: dict) -> dict:
    relaxed = {name: _closed(copy.deepcopy(d)) for name, d in definitions.items()}
    for name, properties, _ in NOT_REQUIRED:
        required = set(relaxed.get(name, {}).pop("required", ())) - set(properties)
        if required:
            relaxed[name]["required"] = sorted(required)
    if ERROR_PARAMETERS in relaxed:
        relaxed[ERROR_PARAMETERS] = {"type": ["array", "object"]}
    return relaxed


def _closed(schema: dict) -> dict:
    """*schema* in place, rejecting properties that it does not name."""
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
        for inner in schema["properties"].values():
            _closed(inner)
    if isinstance(schema.get("items"), dict):
        _closed(schema["items"])
    return schema
