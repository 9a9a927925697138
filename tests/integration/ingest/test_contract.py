"""schemathesis against the OpenAPI document, over a real connection."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from tools.docs import openapi

contract = schemathesis.openapi.from_dict(openapi.document())
# Ingest accepts more than the document says (a number as text, a namespace of other
# characters), so rejecting everything else is checked in test_properties.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
BOUNDED = settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def url(server):
    return "http://{}:{}".format(*server)


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


@contract.parametrize()
@BOUNDED
def test_every_response_is_as_documented(case, url, session):
    case.call_and_validate(base_url=url, checks=CHECKS, session=session)
