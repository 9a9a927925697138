"""schemathesis against the OpenAPI document, over a real connection."""

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tools.docs import openapi

DOCUMENT = openapi.document()
OPERATIONS = [
    (method, path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "uid", "event", "value"]), inner)
    ),
    max_leaves=6,
)
BOUNDED = settings(
    max_examples=40,
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


@pytest.fixture
def verify(checks, url, session):
    """Sends a request, and checks its response."""

    def send_and_check(case):
        case.call_and_validate(base_url=url, checks=checks, session=session)

    return send_and_check


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_response_is_as_documented(contract, verify, method, path):
    @BOUNDED
    @given(case=contract[path][method].as_strategy())
    def send_and_check(case):
        verify(case)

    send_and_check()


def test_a_rejection_is_as_documented(contract, verify):
    """schemathesis takes seconds to negate the schema of all events."""
    operation = contract["/"]["post"]

    @BOUNDED
    @given(body=ANY_JSON)
    def post_and_check(body):
        verify(operation.Case(body=body, media_type="application/json"))

    post_and_check()
