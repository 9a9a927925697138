"""The validation against Adobe's OpenAPI finds what does not conform."""

import json
from functools import cache

import pytest

from local.commerce.openapi import NOT_REQUIRED, OpenApi
from tests.support import adobe_definitions, machine

pytestmark = pytest.mark.adobe


@cache
def document(version: str) -> dict:
    path = machine.reference() / "commerce-rest" / f"{version}.json"
    return json.loads(path.read_text())


def test_a_wrong_response_is_an_error(subtests):
    for method, route, status, response in [
        ("POST", "products", 200, {"sku": 7}),
        ("POST", "order/{orderId}/ship", 200, {"id": 1}),
        ("POST", "orders/{id}/comments", 200, "yes"),
        ("GET", "shipment/{id}", 200, {"strange": 1}),
        ("GET", "orders", 200, {"items": [], "total_count": 0}),
        ("DELETE", "customers/{id}", 404, {"parameters": []}),
        ("GET", "nowhere", 200, {}),
    ]:
        for version in adobe_definitions.VERSIONS:
            with subtests.test(method=method, version=version):
                openapi = OpenApi(document(version))

                assert openapi.response_errors(method, route, status, response) != []


@pytest.mark.parametrize(("name", "properties", "reason"), NOT_REQUIRED)
def test_each_exception_is_needed_and_has_a_reason(name, properties, reason):
    required = {
        each
        for version in adobe_definitions.VERSIONS
        for each in document(version)["definitions"].get(name, {}).get("required", [])
    }

    assert set(properties) <= required
    assert reason
