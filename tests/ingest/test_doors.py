"""Who may post: tokens in all their places, signatures, and every fault of settings."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from functions.ingest.auth import Request, Unauthenticated, by_token
from functions.ingest.ingest import source_of
from functions.ingest.settings import IngestSettings, Secret
from functions.settings import SettingsError, from_environment
from tests.ingest.served import CREATE, VALUE, event, ingest, post

ERP, ERP_NEXT, WMS = "erp-token-old-00001", "erp-token-new-00002", "wms-token-00000003"
TOKENS = f"erp:{ERP},erp:{ERP_NEXT}, wms:{WMS} ,unnamed-token-00004"
KEYS = [bytes(range(n, n + 32)) for n in (0, 50, 100)]
SECRETS = ["whsec_" + base64.b64encode(key).decode() for key in KEYS]
BODY = json.dumps(event()).encode()
GUESS = "guess-that-is-wrong-9"


@pytest.fixture(scope="module")
def token_client(shared_pubsub):
    with ingest(
        shared_pubsub.address, INGEST_AUTH="token", INGEST_TOKENS=TOKENS
    ) as client:
        yield client


@pytest.fixture(scope="module")
def hmac_client(shared_pubsub):
    secrets = f"erp:{SECRETS[0]},erp:{SECRETS[1]},wms:{SECRETS[2]}"
    with ingest(
        shared_pubsub.address, INGEST_AUTH="hmac", INGEST_HMAC_SECRETS=secrets
    ) as client:
        yield client


def basic(user: str, password: str) -> dict:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {text}"}


def source(pubsub) -> str:
    [(_, message)] = pubsub.stored
    return message.attributes["ce-source"]


def assert_refused(answer, pubsub, challenge='Bearer realm="events"'):
    assert answer.status_code == 401
    assert answer.json() == {"error": "Unauthorized"}
    assert answer.headers["www-authenticate"] == challenge
    assert pubsub.requests == []


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


def signed(key: bytes, body: bytes = BODY, uid="msg_1", at: str | None = None) -> dict:
    """Standard Webhooks' headers, made here without the library under test."""
    at = str(int(time.time())) if at is None else at
    to_sign = f"{uid}.{at}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, to_sign, hashlib.sha256)).decode()
    return {
        "webhook-id": uid,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{signature}",
    }


@pytest.mark.parametrize(
    ("key", "caller"), [(KEYS[0], "erp"), (KEYS[1], "erp"), (KEYS[2], "wms")]
)
def test_a_signature_names_its_caller(hmac_client, pubsub, key, caller):
    answer = hmac_client.post("/", content=BODY, headers=signed(key))

    assert answer.status_code == 200
    assert source(pubsub) == f"/ingest/{caller}"


def test_one_good_signature_among_several_is_enough(hmac_client):
    headers = signed(KEYS[0])
    wrong = signed(KEYS[1], b"other")["webhook-signature"]
    headers["webhook-signature"] = f"v1a,AAAA {wrong} {headers['webhook-signature']}"

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize("late", [-290, 290])
def test_a_clock_may_be_five_minutes_off(hmac_client, late):
    headers = signed(KEYS[0], at=str(int(time.time()) + late))

    assert hmac_client.post("/", content=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize("late", [-310, 310])
def test_a_clock_may_not_be_further_off(hmac_client, pubsub, late):
    headers = signed(KEYS[0], at=str(int(time.time()) + late))

    answer = hmac_client.post("/", content=BODY, headers=headers)
    assert_refused(answer, pubsub, "Signature")


def test_the_signature_is_over_the_raw_bytes(hmac_client, pubsub):
    """The same JSON written otherwise is not what was signed; a BOM belongs to it."""
    headers = signed(KEYS[0])
    other = json.dumps(event(), indent=1).encode()
    assert_refused(
        hmac_client.post("/", content=other, headers=headers), pubsub, "Signature"
    )

    marked = b"\xef\xbb\xbf" + BODY
    answer = hmac_client.post("/", content=marked, headers=signed(KEYS[0], marked))
    assert answer.status_code == 200


def test_a_signed_body_that_is_no_event_is_a_400(hmac_client):
    answer = hmac_client.post("/", content=b"{}", headers=signed(KEYS[0], b"{}"))

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"webhook-id": None}, id="no id"),
        pytest.param({"webhook-timestamp": None}, id="no timestamp"),
        pytest.param({"webhook-signature": None}, id="no signature"),
        pytest.param({"webhook-id": "msg_2"}, id="other id"),
        pytest.param({"webhook-id": b"\xff"}, id="id not ASCII"),
        pytest.param({"webhook-timestamp": "soon"}, id="timestamp is text"),
        pytest.param({"webhook-timestamp": "nan"}, id="timestamp is NaN"),
        pytest.param({"webhook-timestamp": "inf"}, id="timestamp is infinite"),
        pytest.param({"webhook-timestamp": "9" * 400}, id="timestamp is huge"),
        pytest.param({"webhook-timestamp": "-1"}, id="timestamp is negative"),
        pytest.param({"webhook-timestamp": b"\xb2"}, id="timestamp not ASCII"),
        pytest.param({"webhook-signature": ""}, id="empty signature"),
        pytest.param({"webhook-signature": "v1"}, id="no comma"),
        pytest.param({"webhook-signature": "v1,"}, id="nothing after the comma"),
        pytest.param({"webhook-signature": "v1,%%%"}, id="not base64"),
        pytest.param({"webhook-signature": "v1,a,b"}, id="two commas"),
        pytest.param({"webhook-signature": b"v1,\xff"}, id="signature not ASCII"),
        pytest.param({"webhook-signature": "v2,AAAA"}, id="other version"),
        pytest.param({"webhook-signature": " " * 100}, id="blanks"),
    ],
)
def test_a_malformed_signature_is_refused(hmac_client, pubsub, change):
    headers = {**signed(KEYS[0]), **change}
    headers = {name: value for name, value in headers.items() if value is not None}

    answer = hmac_client.post("/", content=BODY, headers=headers)
    assert_refused(answer, pubsub, "Signature")


def test_what_is_not_utf_8_cannot_be_signed(hmac_client, pubsub):
    body = b"\xff"

    answer = hmac_client.post("/", content=body, headers=signed(KEYS[0], body))
    assert_refused(answer, pubsub, "Signature")


def test_a_token_is_no_signature(hmac_client, pubsub):
    headers = {"authorization": f"Bearer {SECRETS[0]}"}

    assert_refused(
        hmac_client.post("/", json=event(), headers=headers), pubsub, "Signature"
    )


@pytest.mark.parametrize("name", ["x" * 513, "é" * 171, "a b/c?d#é\0", ""])
def test_whatever_a_rule_of_ones_own_names_a_caller_fits_an_attribute(name):
    told = source_of(name)

    assert told.isascii()
    assert told.isprintable()
    assert len(told) <= 1024
    assert not set(told) & set(" ?#")
    assert told != source_of(name + "x")


def test_under_none_the_caller_is_anonymous_whatever_it_says(client, pubsub):
    client.post("/", json=event(), headers={"authorization": f"Bearer {WMS}"})

    assert source(pubsub) == "/ingest/anonymous"


def test_none_is_the_default_and_warns(pubsub, capfd):
    with ingest(pubsub.address) as client:
        assert post(client, event(CREATE, value=None)).status_code == 400
        assert post(client, event(value=VALUE)).status_code == 200

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    warning = "INGEST_AUTH is none: anybody may post events"
    assert [line["severity"] for line in lines if line["message"] == warning] == [
        "WARNING"
    ]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"INGEST_AUTH": "open"}, "INGEST_AUTH must be one of none, token, hmac, oidc"),
        (
            {"INGEST_AUTH": "token"},
            "INGEST_AUTH is token, so INGEST_TOKENS must be set",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": ""},
            "INGEST_AUTH is token, so INGEST_TOKENS must be set",
        ),
        ({"INGEST_TOKENS": " , "}, "INGEST_TOKENS names no secret"),
        (
            {"INGEST_TOKENS": f"{ERP},short"},
            "INGEST_TOKENS holds a token of fewer than 16 characters",
        ),
        (
            {"INGEST_TOKENS": "erp:"},
            "INGEST_TOKENS holds a token of fewer than 16 characters",
        ),
        (
            {"INGEST_TOKENS": f"e r p:{ERP}"},
            "INGEST_TOKENS holds a caller's name that is not 1-64 letters, digits, '.',"
            " '_', '-'",
        ),
        (
            {"INGEST_TOKENS": f"erp:{ERP},wms:{ERP}"},
            "INGEST_TOKENS holds one secret twice, so it names no caller",
        ),
        (
            {"INGEST_TOKENS": "é" * 20},
            "INGEST_TOKENS holds a token with other than ASCII characters",
        ),
        (
            {"INGEST_AUTH": "hmac"},
            "INGEST_AUTH is hmac, so INGEST_HMAC_SECRETS must be set",
        ),
        (
            {"INGEST_HMAC_SECRETS": "x" * 40},
            "INGEST_HMAC_SECRETS holds a secret that does not begin with whsec_",
        ),
        (
            {"INGEST_HMAC_SECRETS": "whsec_"},
            "INGEST_HMAC_SECRETS holds a secret of fewer than 24 bytes",
        ),
        (
            {"INGEST_HMAC_SECRETS": "whsec_%%%"},
            "INGEST_HMAC_SECRETS holds a secret that is not base64 after whsec_",
        ),
        (
            {"INGEST_HMAC_SECRETS": "erp:whsec_c2hvcnQ="},
            "INGEST_HMAC_SECRETS holds a secret of fewer than 24 bytes",
        ),
        (
            {"INGEST_AUTH": "oidc"},
            "INGEST_AUTH is oidc, so INGEST_OIDC_AUDIENCE and INGEST_OIDC_EMAILS must"
            " be set",
        ),
        (
            {"INGEST_AUTH": "oidc", "INGEST_OIDC_AUDIENCE": "a"},
            "INGEST_AUTH is oidc, so INGEST_OIDC_EMAILS must be set",
        ),
        (
            {"MAX_BODY_BYTES": "0"},
            "MAX_BODY_BYTES must be a whole number from 1000 to 8000000",
        ),
        ({"GOOGLE_CLOUD_PROJECT": ""}, "GOOGLE_CLOUD_PROJECT is not set"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_a_door_that_would_not_lock_is_refused_at_start_up(given, fault):
    with pytest.raises(SettingsError) as refused:
        from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **given})

    assert str(refused.value) == f"Wrong settings: {fault}"


def test_all_faults_are_told_at_once_and_no_value():
    given = {
        "INGEST_AUTH": "sesame",
        "INGEST_TOKENS": "hush",
        "INGEST_HMAC_SECRETS": "hush",
        "LOG_LEVEL": "loud",
    }
    with pytest.raises(SettingsError) as refused:
        from_environment(IngestSettings, given)

    text = str(refused.value)
    for name in ("GOOGLE_CLOUD_PROJECT", *given):
        assert name in text
    for value in ("sesame", "hush", "loud"):
        assert value not in text


def test_secrets_are_not_shown():
    given = {"INGEST_TOKENS": ERP, "INGEST_HMAC_SECRETS": SECRETS[0]}
    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **given})

    assert ERP not in repr(settings)
    assert ERP not in repr(settings.tokens)
    assert SECRETS[0] not in repr(settings.hmac_secrets)
