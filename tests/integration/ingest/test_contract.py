"""schemathesis against the OpenAPI document, over a real connection."""

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

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
def session():
    with requests.Session() as session:
        session.trust_env = False  # the environment is read for each request
        yield session


@pytest.mark.parametrize(("method", "path", "valid"), CASES)
def test_every_response_is_as_documented(
    contract, checks, url, session, method, path, valid
):
    from schemathesis import GenerationMode

    mode = GenerationMode.POSITIVE if valid else GenerationMode.NEGATIVE
    operation = contract[path][method]

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def send_and_check(case):
        case.call_and_validate(base_url=url, checks=checks, session=session)

    send_and_check()
