"""Tokens in headers, query and body; everything else is unauthorized."""

import base64
import json

import pytest

from functions.ingest.auth import Request, Unauthenticated, authenticate_by_token
from functions.ingest.settings import Secret
from tests.support.ingest_app import event, ingest_client, post
from tests.support.ingest_authentication import (
    ERP,
    ERP_NEXT,
    WMS,
    assert_unauthorized,
    source,
)

TOKENS = f"erp:{ERP},erp:{ERP_NEXT}, wms:{WMS} ,unnamed-token-00004"
GUESS = "guess-that-is-wrong-9"


@pytest.fixture(scope="module")
def token_client(shared_publisher):
    with ingest_client(
        shared_publisher, INGEST_AUTH="token", INGEST_TOKENS=TOKENS
    ) as client:
        yield client


def basic(user: str, password: str) -> dict:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {text}"}


def test_a_token_is_found_in_header_query_and_body(subtests, token_client, publisher):
    for name, headers, query, more in [
        ("Bearer", {"authorization": f"Bearer {WMS}"}, "", {}),
        ("any case", {"authorization": f"bEARER  {WMS} "}, "", {}),
        ("Basic", basic("", WMS), "", {}),
        ("Basic, any user", basic("any user", WMS), "", {}),
        ("X-API-Key", {"x-api-key": WMS}, "", {}),
        ("query", {}, f"?token={WMS}", {}),
        ("body", {}, "", {"token": WMS}),
        (
            "one of several",
            {"authorization": f"Bearer {GUESS}", "x-api-key": GUESS},
            f"?token={WMS}",
            {"token": GUESS},
        ),
    ]:
        with subtests.test(name):
            publisher.published.clear()
            response = token_client.post(
                f"/{query}", headers=headers, json={**event(), **more}
            )

            assert response.status_code == 200
            assert source(publisher) == "/ingest/wms"


@pytest.mark.parametrize(
    ("token", "caller"),
    [(ERP, "erp"), (ERP_NEXT, "erp"), (WMS, "wms"), ("unnamed-token-00004", "caller")],
)
def test_each_of_several_tokens_names_its_caller(
    token_client, publisher, token, caller
):
    response = token_client.post("/", headers={"x-api-key": token}, json=event())

    assert response.status_code == 200
    assert source(publisher) == f"/ingest/{caller}"


def test_without_a_valid_token_it_is_unauthorized(subtests, token_client, publisher):
    for name, headers in [
        ("nothing", {}),
        ("empty", {"authorization": ""}),
        ("no token", {"authorization": "Bearer"}),
        ("empty token", {"authorization": "Bearer "}),
        ("no scheme", {"authorization": WMS}),
        ("wrong", {"authorization": f"Bearer {GUESS}"}),
        ("one less", {"authorization": f"Bearer {WMS[:-1]}"}),
        ("one more", {"authorization": f"Bearer {WMS}x"}),
        ("with its name", {"authorization": f"Bearer wms:{WMS}"}),
        ("other case", {"authorization": f"Bearer {WMS.upper()}"}),
        ("other scheme", {"authorization": f"Digest {WMS}"}),
        ("Bearer not ASCII", {"authorization": b"Bearer \xff\xfe"}),
        ("Basic not ASCII", {"authorization": b"Basic \xff\xfe"}),
        ("Basic not base64", {"authorization": "Basic =="}),
        ("Basic not UTF-8", {"authorization": "Basic /////w=="}),
        ("Basic without anything", {"authorization": "Basic"}),
        ("token as user", basic(WMS, "")),
        ("key not ASCII", {"x-api-key": b"\xff"}),
        ("key twice", {"x-api-key": f"{WMS},{WMS}"}),
    ]:
        with subtests.test(name):
            assert_unauthorized(
                token_client.post("/", headers=headers, json=event()), publisher
            )


@pytest.mark.parametrize(
    "query",
    [
        "?token=",
        "?token=%00",
        "?token=%ff%fe",
        "?token=%ed%a0%80",
        "?token[]=x",
        "?&&=;",
    ],
)
def test_a_malformed_query_is_unauthorized(token_client, publisher, query):
    assert_unauthorized(token_client.post(f"/{query}", json=event()), publisher)


def test_a_malformed_body_is_unauthorized(subtests, token_client, publisher):
    for name, body in [
        ("empty", b""),
        ("text", b'"token"'),
        ("list", b'["token"]'),
        ("cut off", b'{"token"'),
        ("null", b'{"token":null}'),
        ("number", b'{"token":15}'),
        ("list inside", b'{"token":["x"]}'),
        ("surrogate", b'{"token":"\\ud800"}'),
        ("not UTF-8", b'{"token":"\xff"}'),
        ("deep", b'{"token":' + b"[" * 50_000),
        ("huge number", b'{"token":' + b"9" * 5_000 + b"}"),
        ("inside data", json.dumps({"data": {"token": WMS}}).encode()),
    ]:
        with subtests.test(name):
            assert_unauthorized(token_client.post("/", content=body), publisher)


def test_a_surrogate_does_not_match_a_question_mark(publisher):
    token = "what-is-it?-0123456789"
    with ingest_client(publisher, INGEST_AUTH="token", INGEST_TOKENS=token) as client:
        wrong = {**event(), "token": token.replace("?", "\ud800")}
        assert_unauthorized(post(client, wrong), publisher)
        assert post(client, {**event(), "token": token}).status_code == 200


def test_authentication_comes_before_validation(token_client, publisher):
    assert_unauthorized(token_client.post("/", content=b"not JSON"), publisher)

    headers = {"x-api-key": WMS}
    assert token_client.post("/", content=b"{", headers=headers).status_code == 400


def test_a_token_in_body_or_query_is_not_published(token_client, publisher):
    token_client.post(f"/?token={ERP}", json={**event(), "token": WMS})

    [published] = publisher.published
    assert ERP not in repr(published)
    assert WMS not in repr(published)


class CountingToken(str):
    """A token that counts how often it is compared."""

    compared = 0

    def encode(self, *arguments):
        self.compared += 1
        return super().encode(*arguments)


@pytest.mark.parametrize("presented", [ERP, WMS, GUESS])
def test_every_token_is_compared_whichever_matches(presented):
    """So the time taken does not depend on which one matches."""
    secrets = [
        Secret(f"c{i}", CountingToken(token)) for i, token in enumerate((ERP, WMS))
    ]
    request = Request({"x-api-key": presented}, b"", b"")

    try:
        caller = authenticate_by_token(request, tuple(secrets))
    except Unauthenticated:
        caller = None

    assert caller == {ERP: "c0", WMS: "c1", GUESS: None}[presented]
    assert [secret.value.compared for secret in secrets] == [1, 1]
