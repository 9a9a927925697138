"""Google ID tokens, signed here and checked against a certificate of ours."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import anyio
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth.exceptions import TransportError

from functions.ingest import google_id_token
from functions.ingest import auth
from functions.ingest.google_id_token import (
    CERTIFICATES_SECONDS,
    CLOCK_SECONDS,
    CachedCertificates,
)
from functions.ingest.settings import IngestSettings
from functions.settings import from_environment
from tests.ingest.served import event, ingest, process
from tests.running import free_port

GOOGLES = "https://www.googleapis.com/oauth2/v1/certs"
AUDIENCE = "https://ingest.example.com"
EMAIL = "erp@project.iam.gserviceaccount.com"
SETTINGS = from_environment(
    IngestSettings,
    {
        "GOOGLE_CLOUD_PROJECT": "p",
        "INGEST_AUTH": "oidc",
        "INGEST_OIDC_AUDIENCE": AUDIENCE,
        "INGEST_OIDC_EMAILS": f"{EMAIL},other@example.com",
    },
)
NOW = int(datetime.now(UTC).timestamp())
CLAIMS = {
    "iss": "https://accounts.google.com",
    "aud": AUDIENCE,
    "email": EMAIL,
    "email_verified": True,
    "iat": NOW - 10,
    "exp": NOW + 3600,
}
KEY = rsa.generate_private_key(65537, 2048)
STRANGER = rsa.generate_private_key(65537, 2048)


def certificate(key) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    today = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )


CERTIFICATES = json.dumps({"k1": certificate(KEY)}).encode()


class Google:
    """Serves certificates; *answers* are status and body, and the last one stays."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers) or [(200, CERTIFICATES)]
        self.asked = []

    def __call__(self, url, method="GET", **kwargs):
        self.asked.append(url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(status=answer[0], data=answer[1], headers={})


def b64(data) -> str:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(key=KEY, header=None, **claims) -> str:
    told = {"alg": "RS256", "typ": "JWT", "kid": "k1"} if header is None else header
    body = {k: v for k, v in {**CLAIMS, **claims}.items() if v is not ...}
    to_sign = f"{b64(told)}.{b64(body)}"
    signature = key.sign(to_sign.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{to_sign}.{b64(signature)}"


def caller(authorization: str | None, google=None) -> str:
    """Whom check_authentication takes for the caller."""
    headers = {} if authorization is None else {"authorization": authorization}
    certificates = CachedCertificates(google or Google())

    async def check():
        request = auth.Request(headers, b"", b"")
        return await auth.by_id_token(request, SETTINGS, certificates)

    return anyio.run(check)


@pytest.mark.parametrize(
    "issuer", ["accounts.google.com", "https://accounts.google.com"]
)
@pytest.mark.parametrize("email", [EMAIL, "other@example.com"])
def test_an_account_on_the_list_is_the_caller(issuer, email):
    assert caller(f"Bearer {token(iss=issuer, email=email)}") == email


def test_a_clock_may_be_a_little_behind_googles():
    soon = int(time.time()) + CLOCK_SECONDS - 2

    assert caller(f"Bearer {token(iat=soon)}") == EMAIL


def unsigned(header, claims=CLAIMS) -> str:
    return f"{b64(header)}.{b64(claims)}.{b64(b'x')}"


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param(None, id="nothing"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="empty token"),
        pytest.param(f"Basic {token()}", id="other scheme"),
        pytest.param(f"Bearer {token(exp=NOW - 60, iat=NOW - 3600)}", id="expired"),
        pytest.param(f"Bearer {token(iat=NOW + 600)}", id="of the future"),
        pytest.param(f"Bearer {token(aud='https://other')}", id="other audience"),
        pytest.param(f"Bearer {token(aud=...)}", id="no audience"),
        pytest.param(f"Bearer {token(aud=[AUDIENCE])}", id="list of audiences"),
        pytest.param(f"Bearer {token(iss='https://evil')}", id="other issuer"),
        pytest.param(f"Bearer {token(iss=...)}", id="no issuer"),
        pytest.param(f"Bearer {token(email='x@y.z')}", id="not on the list"),
        pytest.param(f"Bearer {token(email=EMAIL.upper())}", id="other case"),
        pytest.param(f"Bearer {token(email=...)}", id="no e-mail"),
        pytest.param(f"Bearer {token(email=[EMAIL])}", id="e-mail is a list"),
        pytest.param(f"Bearer {token(email_verified=False)}", id="unverified"),
        pytest.param(f"Bearer {token(email_verified='true')}", id="verified is text"),
        pytest.param(f"Bearer {token(email_verified=...)}", id="verified not told"),
        pytest.param(f"Bearer {token(exp=...)}", id="no expiry"),
        pytest.param(f"Bearer {token(exp='soon')}", id="expiry is text"),
        pytest.param(f"Bearer {token(exp=None)}", id="expiry is null"),
        pytest.param(f"Bearer {token(iat=[])}", id="issue is a list"),
        pytest.param(f"Bearer {token(STRANGER)}", id="signed by a stranger"),
        pytest.param(
            f"Bearer {token(header={'alg': 'RS256', 'kid': 'k2'})}", id="unknown key"
        ),
        pytest.param(
            f"Bearer {token(header={'alg': 'none', 'kid': 'k1'})}", id="no algorithm"
        ),
        pytest.param(f"Bearer {unsigned({'alg': 'HS256', 'kid': 'k1'})}", id="HS256"),
        pytest.param(f"Bearer {unsigned({'alg': 'ES256', 'kid': 'k1'})}", id="ES256"),
        pytest.param(f"Bearer {unsigned({'alg': [], 'kid': {}})}", id="odd header"),
        pytest.param(f"Bearer {unsigned([])}", id="header is a list"),
        pytest.param(
            f"Bearer {unsigned({'alg': 'RS256'}, [])}", id="claims are a list"
        ),
        pytest.param("Bearer a.b.c", id="not base64"),
        pytest.param("Bearer ..", id="dots"),
        pytest.param("Bearer a.b", id="two parts"),
        pytest.param("Bearer \xff.\xff.\xff", id="not ASCII"),
        pytest.param("Bearer " + "a" * 7000, id="long"),
        pytest.param(f"Bearer {b64(b'[' * 3000)}.{b64({})}.x", id="deep header"),
    ],
)
def test_any_other_token_is_refused(offered):
    with pytest.raises(auth.Unauthenticated) as refused:
        caller(offered)

    assert refused.value.challenge == 'Bearer realm="events"'


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(TransportError("away"), id="away"),
        pytest.param((503, b""), id="503"),
        pytest.param((200, b"<html>"), id="not JSON"),
        pytest.param((200, b"\xff"), id="not UTF-8"),
    ],
)
def test_without_certificates_nobody_is_judged(answer):
    with pytest.raises(auth.AuthenticationUnavailable):
        caller(f"Bearer {token()}", Google(answer))


def test_certificates_are_fetched_once_an_hour():
    now = [1000.0]
    google = Google()
    certificates = CachedCertificates(google, lambda: now[0])
    for seconds, fetched in ((0, 1), (CERTIFICATES_SECONDS - 1, 1), (2, 2), (1, 2)):
        now[0] += seconds
        assert google_id_token.email_of(token(), AUDIENCE, certificates) == EMAIL
        assert len(google.asked) == fetched


def test_a_failed_fetch_is_not_kept():
    google = Google((503, b""), (200, CERTIFICATES))
    certificates = CachedCertificates(google)

    with pytest.raises(TransportError):
        google_id_token.email_of(token(), AUDIENCE, certificates)
    assert google_id_token.email_of(token(), AUDIENCE, certificates) == EMAIL


DOOR = {
    "INGEST_AUTH": "oidc",
    "INGEST_OIDC_AUDIENCE": AUDIENCE,
    "INGEST_OIDC_EMAILS": EMAIL,
}


def test_the_account_becomes_the_events_source(shared_pubsub, capfd):
    shared_pubsub.stored.clear()
    kept = SimpleNamespace(status=200, data=CERTIFICATES, headers={})
    # As if they had been fetched a minute ago; nobody goes to Google here.
    google_id_token.CERTIFICATES._kept[GOOGLES] = (time.monotonic() + 60, kept)
    try:
        with ingest(shared_pubsub.address, **DOOR) as client:
            told = [
                client.post("/", json=event(), headers={"Authorization": f"Bearer {t}"})
                for t in (token(), token(STRANGER))
            ]
    finally:
        google_id_token.CERTIFICATES._kept.clear()

    assert [answer.status_code for answer in told] == [200, 401]
    [(_, message)] = shared_pubsub.stored
    assert message.attributes["ce-source"] == f"/ingest/{EMAIL}"
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {line["caller"] for line in lines if line.get("status") == 200} == {EMAIL}


def test_while_google_is_away_callers_are_asked_to_come_again(shared_pubsub):
    shared_pubsub.stored.clear()
    nobody = f"http://127.0.0.1:{free_port()}"
    with process(shared_pubsub.address, HTTPS_PROXY=nobody, **DOOR) as server:
        answer = requests.post(
            "http://{}:{}".format(*server.address),
            json=event(),
            headers={"Authorization": f"Bearer {token()}"},
            timeout=60,
        )
        said = server.stop()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    [line] = [json.loads(line) for line in said.splitlines() if b"alarm" in line]
    assert (line["alarm"], line["status"]) == (True, 503)
    assert shared_pubsub.stored == []
