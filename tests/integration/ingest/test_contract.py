"""schemathesis against the OpenAPI document, over a real connection."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from tests.support.ingest_server import process
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
def authenticated_url(shared_pubsub):
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": "only-we-know-it-01"}
    with process(shared_pubsub.address, LEDGER="memory", **given) as running:
        yield "http://{}:{}".format(*running.address)


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


@contract.parametrize()
@BOUNDED
def test_every_response_is_as_documented(case, url, authenticated_url, session):
    """And without its token no event passes authentication."""
    case.call_and_validate(base_url=url, checks=CHECKS, session=session)
    if case.method == "POST":
        response = case.call(base_url=authenticated_url, session=session)
        assert response.status_code in (400, 401, 413)
        case.validate_response(response, checks=CHECKS)
