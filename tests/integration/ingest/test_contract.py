"""schemathesis against the OpenAPI document, over a real connection."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from docs.generate import openapi
from tests.ingest.served import process

contract = schemathesis.openapi.from_dict(openapi.document())
# What may be sent and is not said in the document (a number kept as text, a namespace
# of other characters) is taken too, so that refusing all else is not checked here but
# in test_properties.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def url(shared_pubsub):
    given = {"INGEST_AUTH": "none", "LEDGER": "memory"}
    with process(shared_pubsub.address, **given) as server:
        yield "http://{}:{}".format(*server.address)


@pytest.fixture(scope="module")
def locked_url(shared_pubsub):
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": "only-we-know-it-01"}
    with process(shared_pubsub.address, LEDGER="memory", **given) as server:
        yield "http://{}:{}".format(*server.address)


BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@contract.parametrize()
@BOUNDED
def test_whatever_is_sent_is_answered_as_described(case, url):
    case.call_and_validate(base_url=url, checks=CHECKS)


@contract.include(operation_id="postEvent").parametrize()
@BOUNDED
def test_whatever_is_sent_opens_no_door(case, locked_url):
    response = case.call(base_url=locked_url)

    if case.method == "POST":
        assert response.status_code in (400, 401, 413)
    else:
        assert response.status_code in (200, 405)  # GET / is a page
    case.validate_response(response, checks=CHECKS)
