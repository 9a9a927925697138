"""Google ID tokens, signed here and verified with our own certificate."""

import asyncio
import base64
import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth.exceptions import TransportError

from functions.ingest import auth, google_id_token
from functions.ingest.google_id_token import (
    CERTIFICATES_CACHE_SECONDS,
    CLOCK_SKEW_SECONDS,
    CachedCertificates,
)
from functions.ingest.settings import IngestSettings
from functions.settings import from_environment
from tests.support.ingest_app import event, ingest_client
from tests.support.ingest_authentication import source

CERTIFICATES_URL = "https://www.googleapis.com/oauth2/v1/certs"
AUDIENCE = "https://ingest.example.com"
EMAIL = "erp@project.iam.gserviceaccount.com"
AUTHENTICATION = {
    "INGEST_AUTH": "oidc",
    "INGEST_OIDC_AUDIENCE": AUDIENCE,
    "INGEST_OIDC_EMAILS": f"{EMAIL},other@example.com",
}
SETTINGS = from_environment(
    IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **AUTHENTICATION}
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


@cache
def signing_key(owner: str):
    """One key for each owner; making one takes a tenth of a second."""
    return rsa.generate_private_key(65537, 2048)


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


@cache
def certificates_document() -> bytes:
    return json.dumps({"k1": certificate(signing_key("Google"))}).encode()


class Google:
    """Serves certificates.

    Args:
        responses: status and body, or an error; the last one repeats.
    """

    def __init__(self, *responses) -> None:
        self.responses = list(responses) or [(200, certificates_document())]
        self.requests = []

    def __call__(self, url, method="GET", **kwargs):
        self.requests.append(url)
        response = self.responses[0]
        if len(self.responses) > 1:
            del self.responses[0]
        if isinstance(response, Exception):
            raise response
        return SimpleNamespace(status=response[0], data=response[1], headers={})


def b64(data) -> str:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header=None, signer="Google", **claims) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": "k1"} if header is None else header
    body = {k: v for k, v in {**CLAIMS, **claims}.items() if v is not ...}
    to_sign = f"{b64(header)}.{b64(body)}"
    key = signing_key(signer)
    signature = key.sign(to_sign.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{to_sign}.{b64(signature)}"


def caller(authorization: str | None, google=None) -> str:
    """The caller that check_authentication returns."""
    headers = {} if authorization is None else {"authorization": authorization}
    certificates = CachedCertificates(google or Google())

    async def check():
        request = auth.Request(headers, b"", b"")
        return await auth.authenticate_by_id_token(request, SETTINGS, certificates)

    return asyncio.run(check())


@pytest.mark.parametrize(
    "issuer", ["accounts.google.com", "https://accounts.google.com"]
)
@pytest.mark.parametrize("email", [EMAIL, "other@example.com"])
def test_an_allowed_account_is_the_caller(issuer, email):
    assert caller(f"Bearer {token(iss=issuer, email=email)}") == email


def test_a_clock_may_be_slightly_behind_googles():
    soon = int(time.time()) + CLOCK_SKEW_SECONDS - 2

    assert caller(f"Bearer {token(iat=soon)}") == EMAIL


def unsigned(header, claims=CLAIMS) -> str:
    return f"{b64(header)}.{b64(claims)}.{b64(b'x')}"


def invalid_credentials() -> dict[str, str | None]:
    """Authorization headers, by what is wrong with them."""
    return {
        "nothing": None,
        "empty": "",
        "no token": "Bearer",
        "empty token": "Bearer ",
        "other scheme": f"Basic {token()}",
        "expired": f"Bearer {token(exp=NOW - 60, iat=NOW - 3600)}",
        "of the future": f"Bearer {token(iat=NOW + 600)}",
        "other audience": f"Bearer {token(aud='https://other')}",
        "no audience": f"Bearer {token(aud=...)}",
        "list of audiences": f"Bearer {token(aud=[AUDIENCE])}",
        "other issuer": f"Bearer {token(iss='https://evil')}",
        "no issuer": f"Bearer {token(iss=...)}",
        "not on the list": f"Bearer {token(email='x@y.z')}",
        "other case": f"Bearer {token(email=EMAIL.upper())}",
        "no e-mail": f"Bearer {token(email=...)}",
        "e-mail is a list": f"Bearer {token(email=[EMAIL])}",
        "unverified": f"Bearer {token(email_verified=False)}",
        "verified is text": f"Bearer {token(email_verified='true')}",
        "verified is absent": f"Bearer {token(email_verified=...)}",
        "no expiry": f"Bearer {token(exp=...)}",
        "expiry is text": f"Bearer {token(exp='soon')}",
        "expiry is null": f"Bearer {token(exp=None)}",
        "issue is a list": f"Bearer {token(iat=[])}",
        "signed by another key": f"Bearer {token(signer='another')}",
        "unknown key": f"Bearer {token(header={'alg': 'RS256', 'kid': 'k2'})}",
        "no algorithm": f"Bearer {token(header={'alg': 'none', 'kid': 'k1'})}",
        "HS256": f"Bearer {unsigned({'alg': 'HS256', 'kid': 'k1'})}",
        "ES256": f"Bearer {unsigned({'alg': 'ES256', 'kid': 'k1'})}",
        "odd header": f"Bearer {unsigned({'alg': [], 'kid': {}})}",
        "header is a list": f"Bearer {unsigned([])}",
        "claims are a list": f"Bearer {unsigned({'alg': 'RS256'}, [])}",
        "not base64": "Bearer a.b.c",
        "dots": "Bearer ..",
        "two parts": "Bearer a.b",
        "not ASCII": "Bearer \xff.\xff.\xff",
        "long": "Bearer " + "a" * 7000,
        "deep header": f"Bearer {b64(b'[' * 3000)}.{b64({})}.x",
    }


def test_any_other_token_is_unauthorized():
    challenges = {}
    for name, authorization in invalid_credentials().items():
        try:
            challenges[name] = f"none: it is {caller(authorization)}"
        except auth.Unauthenticated as error:
            challenges[name] = error.challenge

    assert challenges == dict.fromkeys(challenges, 'Bearer realm="events"')


def test_without_certificates_it_is_unavailable(subtests):
    for name, response in [
        ("away", TransportError("away")),
        ("503", (503, b"")),
        ("not JSON", (200, b"<html>")),
        ("not UTF-8", (200, b"\xff")),
    ]:
        with subtests.test(name):
            with pytest.raises(auth.AuthenticationUnavailable):
                caller(f"Bearer {token()}", Google(response))


def test_certificates_are_fetched_once_an_hour():
    now = [1000.0]
    google = Google()
    certificates = CachedCertificates(google, lambda: now[0])
    almost = CERTIFICATES_CACHE_SECONDS - 1
    for seconds, fetched in ((0, 1), (almost, 1), (2, 2), (1, 2)):
        now[0] += seconds
        assert google_id_token.verified_email(token(), AUDIENCE, certificates) == EMAIL
        assert len(google.requests) == fetched


def test_a_failed_fetch_is_not_cached():
    google = Google((503, b""), (200, certificates_document()))
    certificates = CachedCertificates(google)

    with pytest.raises(TransportError):
        google_id_token.verified_email(token(), AUDIENCE, certificates)
    assert google_id_token.verified_email(token(), AUDIENCE, certificates) == EMAIL


def test_the_account_becomes_the_events_source(publisher):
    response = SimpleNamespace(status=200, data=certificates_document(), headers={})
    cache = google_id_token.CERTIFICATES._cache
    # As if they had been fetched a minute ago.
    cache[CERTIFICATES_URL] = (time.monotonic() + 60, response)
    try:
        with ingest_client(publisher, **AUTHENTICATION) as client:
            responses = [
                client.post("/", json=event(), headers={"Authorization": f"Bearer {t}"})
                for t in (token(), token(signer="another"))
            ]
    finally:
        cache.clear()

    assert [response.status_code for response in responses] == [200, 401]
    assert source(publisher) == f"/ingest/{EMAIL}"
