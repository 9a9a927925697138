"""schemathesis against the OpenAPI document, over a real connection."""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tools.docs import openapi

DOCUMENT = openapi.document()
READING = [
    (method, path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if method != "post"
]
POST = DOCUMENT["paths"]["/"]["post"]["requestBody"]["content"]
EXAMPLES = [
    example["value"] for example in POST["application/json"]["examples"].values()
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
    """Sends a request, and checks its response; its status."""

    def send_and_check(case):
        return case.call_and_validate(
            base_url=url, checks=checks, session=session
        ).status_code

    return send_and_check


def parts(document: Any) -> Iterator[tuple[Any, Any]]:
    """Each part of a JSON document, as its container and its key in there."""
    if isinstance(document, dict | list):
        keys = document if isinstance(document, dict) else range(len(document))
        for key in keys:
            yield document, key
            yield from parts(document[key])


@st.composite
def changed_examples(draw) -> Any:
    """An example of the document, one part of which may be missing or anything."""
    body = deepcopy(draw(st.sampled_from(EXAMPLES)))
    container, key = draw(st.sampled_from(list(parts(body))))
    match draw(st.sampled_from(["keep", "remove", "replace"])):
        case "remove":
            del container[key]
        case "replace":
            container[key] = draw(ANY_JSON)
    return body


@pytest.mark.parametrize(("method", "path"), READING)
def test_every_response_is_as_documented(contract, verify, method, path):
    @BOUNDED
    @given(case=contract[path][method].as_strategy())
    def send_and_check(case):
        verify(case)

    send_and_check()


def test_every_response_to_an_event_is_as_documented(contract, verify):
    """schemathesis takes ten seconds to prepare bodies from the schema of all events.

    Those made here are accepted, rejected, and accepted in part.
    """
    operation = contract["/"]["post"]
    statuses: Counter[int] = Counter()

    @BOUNDED
    @given(body=changed_examples() | ANY_JSON)
    def post_and_check(body):
        statuses[verify(operation.Case(body=body, media_type="application/json"))] += 1

    post_and_check()

    assert statuses.keys() == {200, 207, 400}
