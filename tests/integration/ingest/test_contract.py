"""schemathesis against the OpenAPI document, over a real connection."""

import itertools

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.ingest_server import process
from tools.docs import openapi

DOCUMENT = openapi.document()
# Every text is a valid uid in the path, so that only a body may be invalid.
CASES = [
    ("post", "/", False),
    *(
        (method, path, True)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    ),
]
BOUNDED = settings(
    max_examples=60,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def contract():
    """The operations of the document."""
    # Its import takes longer than many tests, and one worker needs it.
    import schemathesis

    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def checks():
    """What each response is checked for.

    Ingest accepts more than the document says (a number as text, a namespace of other
    characters), so rejecting everything else is checked in test_properties.
    """
    from schemathesis import checks

    return [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]


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
        session.trust_env = False  # the environment is read for each request
        yield session


@pytest.mark.parametrize(("method", "path", "valid"), CASES)
def test_every_response_is_as_documented(
    contract, checks, url, authenticated_url, session, method, path, valid
):
    """And without its token no event passes authentication: every tenth is posted."""
    from schemathesis import GenerationMode

    mode = GenerationMode.POSITIVE if valid else GenerationMode.NEGATIVE
    operation = contract[path][method]
    numbers = itertools.count()

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def send_and_check(case):
        case.call_and_validate(base_url=url, checks=checks, session=session)
        if method == "post" and next(numbers) % 10 == 0:
            response = case.call(base_url=authenticated_url, session=session)
            assert response.status_code in (400, 401, 413)
            case.validate_response(response, checks=checks)

    send_and_check()
