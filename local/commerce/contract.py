"""Requests and answers held against Adobe's OpenAPI, where that is at hand."""

import copy
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

MAX_ERRORS = 5
# Where Adobe's generated definition is known to be stricter than Commerce, or wrong:
# definition, property no longer demanded, reason.
NOT_DEMANDED = (
    (
        "sales-data-order-status-history-interface",
        "parent_id",
        "the path names the order; Commerce tolerates its absence (Q5)",
    ),
    (
        "sales-data-shipment-comment-interface",
        "parent_id",
        "the shipment around it is the parent; the kit omits it (Q7)",
    ),
    *(
        (
            "sales-data-shipment-track-interface",
            name,
            "the kit omits it and Commerce takes it (Q7)",
        )
        for name in ("parent_id", "weight", "qty", "description")
    ),
    *(
        (
            "sales-data-shipment-interface",
            name,
            "an answer to a partial change, or a shipment without any, has none",
        )
        for name in ("items", "tracks", "comments")
    ),
)
# The definition of an error's parameters is a list of objects; Commerce sends a list
# of values or one mapping (notes, "Errors").
ERROR_PARAMETERS = "error-parameters"


# Queries: every operation takes fields (commerce-webapi, retrieve-filtered-responses),
# which the definitions list nowhere; they show the first of each list alone, and one
# of the two spellings that Commerce takes (notes, "Pagination").
FIELDS = "fields"


class Contract:
    """One of Adobe's Swagger 2.0 documents, parsed.

    Properties that it does not name are faults: Commerce drops or refuses them (Q4).
    """

    def __init__(self, definition: dict) -> None:
        self._operations = {
            (method.upper(), _template(path)): operation
            for path, methods in definition["paths"].items()
            for method, operation in methods.items()
        }
        self._definitions = _eased(definition["definitions"])
        self._schema = cache(self._found)

    def request_faults(
        self, method: str, route: str, body: Any, query: Iterable[str] = ()
    ) -> list[str]:
        """What is wrong with a request.

        Args:
            route: a template, relative to ``V1/``.
            query: the names in it.
        """
        operation = self._operations.get((method, _template(route)))
        if operation is None:
            return ["Adobe's document has no such operation"]
        known = {
            _name(parameter["name"])
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "query"
        }
        for name in query:
            if name != FIELDS and _name(name) not in known:
                return [f"query parameter {name[:100]} is not known"]
        schema = self._schema(method, _template(route), "body")
        if schema is None:
            return [] if body is None else ["a body where none is expected"]
        return _faults(schema, {} if body is None else body)

    def answer_faults(
        self, method: str, route: str, status: int, document: Any
    ) -> list[str]:
        """What is wrong with an answer."""
        if (method, _template(route)) not in self._operations:
            return ["Adobe's document has no such operation"]
        schema = self._schema(method, _template(route), str(status))
        return [] if schema is None else _faults(schema, document)

    def _found(self, method: str, route: str, what: str) -> Draft4Validator | None:
        operation = self._operations[method, route]
        if what == "body":
            bodies = [
                parameter["schema"]
                for parameter in operation.get("parameters", [])
                if parameter["in"] == "body"
            ]
            schema = _closed(copy.deepcopy(bodies[0])) if bodies else None
        else:
            answers = operation["responses"]
            if what in answers:
                schema = answers[what].get("schema")
            elif what == "200":  # some operations have only errors documented
                schema = None
            else:
                schema = answers.get("default", {}).get("schema")
        if schema is None:
            return None
        return Draft4Validator({**schema, "definitions": self._definitions})


def _faults(validator: Draft4Validator, document: Any) -> list[str]:
    found = []
    for error in validator.iter_errors(document):
        where = ".".join(str(part) for part in error.absolute_path) or "body"
        found.append(f"{where}: {error.message[:200]}")
        if len(found) == MAX_ERRORS:
            break
    return found


def _template(path: str) -> str:
    """A path whose places have no names, which differ from document to document."""
    path = path.removeprefix("/V1").strip("/")
    return re.sub(r"\{\w+\}", "{}", path)


def _name(parameter: str) -> str:
    """A query's name, in one spelling and with the first of each list."""
    return re.sub(r"\[\d+\]", "[0]", parameter).replace("_", "").lower()


def _eased(definitions: dict) -> dict:
    eased = {name: _closed(copy.deepcopy(d)) for name, d in definitions.items()}
    for name, field, _ in NOT_DEMANDED:
        demanded = eased.get(name, {}).get("required", [])
        if field in demanded:
            demanded.remove(field)
            if not demanded:
                del eased[name]["required"]
    if ERROR_PARAMETERS in eased:
        eased[ERROR_PARAMETERS] = {"type": ["array", "object"]}
    return eased


def _closed(schema: dict) -> dict:
    """*schema*, which takes no properties that it does not name."""
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
        for inner in schema["properties"].values():
            _closed(inner)
    if isinstance(schema.get("items"), dict):
        _closed(schema["items"])
    return schema
