"""Tokens: taken from all their places, and whatever else is offered is refused."""

import base64
import json

import pytest

from functions.ingest.auth import Request, Unauthenticated, by_token
from functions.ingest.settings import Secret
from tests.ingest.doors import ERP, ERP_NEXT, WMS, assert_refused, source
from tests.ingest.served import event, ingest, post

TOKENS = f"erp:{ERP},erp:{ERP_NEXT}, wms:{WMS} ,unnamed-token-00004"
GUESS = "guess-that-is-wrong-9"


@pytest.fixture(scope="module")
def token_client(shared_pubsub):
    with ingest(
        shared_pubsub.address, INGEST_AUTH="token", INGEST_TOKENS=TOKENS
    ) as client:
        yield client


def basic(user: str, password: str) -> dict:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {text}"}


@pytest.mark.parametrize(
    ("headers", "query", "more"),
    [
        pytest.param({"authorization": f"Bearer {WMS}"}, "", {}, id="Bearer"),
        pytest.param({"authorization": f"bEARER  {WMS} "}, "", {}, id="any case"),
        pytest.param(basic("", WMS), "", {}, id="Basic"),
        pytest.param(basic("who ever", WMS), "", {}, id="Basic, any user"),
        pytest.param({"x-api-key": WMS}, "", {}, id="X-API-Key"),
        pytest.param({}, f"?token={WMS}", {}, id="query"),
        pytest.param({}, "", {"token": WMS}, id="body"),
        pytest.param(
            {"authorization": f"Bearer {GUESS}", "x-api-key": GUESS},
            f"?token={WMS}",
            {"token": GUESS},
            id="one of several",
        ),
    ],
)
def test_a_token_is_taken_from_any_place(token_client, pubsub, headers, query, more):
    answer = token_client.post(f"/{query}", headers=headers, json={**event(), **more})

    assert answer.status_code == 200
    assert source(pubsub) == "/ingest/wms"


@pytest.mark.parametrize(
    ("token", "caller"),
    [(ERP, "erp"), (ERP_NEXT, "erp"), (WMS, "wms"), ("unnamed-token-00004", "caller")],
)
def test_several_tokens_are_good_at_once_and_name_their_callers(
    token_client, pubsub, token, caller
):
    answer = token_client.post("/", headers={"x-api-key": token}, json=event())

    assert answer.status_code == 200
    assert source(pubsub) == f"/ingest/{caller}"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"authorization": ""}, id="empty"),
        pytest.param({"authorization": "Bearer"}, id="no token"),
        pytest.param({"authorization": "Bearer "}, id="empty token"),
        pytest.param({"authorization": WMS}, id="no scheme"),
        pytest.param({"authorization": f"Bearer {GUESS}"}, id="wrong"),
        pytest.param({"authorization": f"Bearer {WMS[:-1]}"}, id="one less"),
        pytest.param({"authorization": f"Bearer {WMS}x"}, id="one more"),
        pytest.param({"authorization": f"Bearer wms:{WMS}"}, id="with its name"),
        pytest.param({"authorization": f"Bearer {WMS.upper()}"}, id="other case"),
        pytest.param({"authorization": f"Digest {WMS}"}, id="other scheme"),
        pytest.param({"authorization": b"Bearer \xff\xfe"}, id="Bearer not ASCII"),
        pytest.param({"authorization": b"Basic \xff\xfe"}, id="Basic not ASCII"),
        pytest.param({"authorization": "Basic =="}, id="Basic not base64"),
        pytest.param({"authorization": "Basic /////w=="}, id="Basic not UTF-8"),
        pytest.param({"authorization": "Basic"}, id="Basic without anything"),
        pytest.param(basic(WMS, ""), id="token as user"),
        pytest.param({"x-api-key": b"\xff"}, id="key not ASCII"),
        pytest.param({"x-api-key": f"{WMS},{WMS}"}, id="key twice"),
    ],
)
def test_without_a_good_token_there_is_no_way_in(token_client, pubsub, headers):
    assert_refused(token_client.post("/", headers=headers, json=event()), pubsub)


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
def test_a_malformed_query_is_just_no_proof(token_client, pubsub, query):
    assert_refused(token_client.post(f"/{query}", json=event()), pubsub)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'"token"', id="text"),
        pytest.param(b'["token"]', id="list"),
        pytest.param(b'{"token"', id="cut off"),
        pytest.param(b'{"token":null}', id="null"),
        pytest.param(b'{"token":15}', id="number"),
        pytest.param(b'{"token":["x"]}', id="list inside"),
        pytest.param(b'{"token":"\\ud800"}', id="surrogate"),
        pytest.param(b'{"token":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"token":' + b"[" * 50_000, id="deep"),
        pytest.param(b'{"token":' + b"9" * 5_000 + b"}", id="huge number"),
        pytest.param(json.dumps({"data": {"token": WMS}}).encode(), id="inside data"),
    ],
)
def test_a_malformed_body_is_just_no_proof(token_client, pubsub, body):
    assert_refused(token_client.post("/", content=body), pubsub)


def test_a_surrogate_cannot_stand_for_a_question_mark(pubsub):
    token = "what-is-it?-0123456789"
    with ingest(pubsub.address, INGEST_AUTH="token", INGEST_TOKENS=token) as client:
        wrong = {**event(), "token": token.replace("?", "\ud800")}
        assert_refused(post(client, wrong), pubsub)
        assert post(client, {**event(), "token": token}).status_code == 200


def test_who_is_calling_is_asked_before_the_body_is_looked_at(token_client, pubsub):
    assert_refused(token_client.post("/", content=b"not JSON"), pubsub)

    headers = {"x-api-key": WMS}
    assert token_client.post("/", content=b"{", headers=headers).status_code == 400


def test_a_token_in_body_or_address_is_not_published(token_client, pubsub):
    token_client.post(f"/?token={ERP}", json={**event(), "token": WMS})

    [request] = pubsub.requests
    assert ERP.encode() not in request.SerializeToString()
    assert WMS.encode() not in request.SerializeToString()


class Watched(str):
    """A token that counts how often it is compared."""

    looked = 0

    def encode(self, *arguments):
        self.looked += 1
        return super().encode(*arguments)


@pytest.mark.parametrize("offered", [ERP, WMS, GUESS])
def test_every_token_is_compared_whichever_is_right(offered):
    """So time does not tell which one was near; how long one takes is hmac's care."""
    secrets = [Secret(f"c{i}", Watched(token)) for i, token in enumerate((ERP, WMS))]
    request = Request({"x-api-key": offered}, b"", b"")

    try:
        caller = by_token(request, tuple(secrets))
    except Unauthenticated:
        caller = None

    assert caller == {ERP: "c0", WMS: "c1", GUESS: None}[offered]
    assert [secret.value.looked for secret in secrets] == [1, 1]
