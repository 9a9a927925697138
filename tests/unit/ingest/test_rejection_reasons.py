"""The log says why a caller is not authenticated; the response does not."""

import base64
import hashlib
import hmac
import time

import pytest

from functions.ingest.auth import Request, Unauthenticated, authenticate_by_token
from functions.ingest.settings import Secret
from functions.standard_webhooks import is_signed, mismatch

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
BODY = b'{"data": {}}'


def signed(body: bytes = BODY, key: bytes = KEY, age: int = 0) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    at = str(int(time.time()) - age)
    digest = hmac.digest(key, f"msg_1.{at}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": at,
        "webhook-signature": signature,
    }


def test_a_mismatch_of_a_signature_is_explained(subtests):
    """The headers are made here: a signature made at collection may be too old."""
    for headers, reason in [
        (dict, "there is no webhook-signature header"),
        (
            lambda: signed() | {"webhook-id": ""},
            "the webhook-id header is missing or invalid",
        ),
        (
            lambda: signed() | {"webhook-timestamp": "now"},
            "the webhook-timestamp header is missing or invalid",
        ),
        (lambda: signed(age=4000), " s behind ingest's clock"),
        (lambda: signed(age=-4000), " s ahead of ingest's clock"),
        (lambda: signed(b"{}"), "or the body was changed after it was signed"),
        (lambda: signed(key=bytes(32)), "no secret of INGEST_HMAC_SECRETS matches"),
    ]:
        with subtests.test(headers=headers):
            sent = headers()

            assert not is_signed(SECRET, sent, BODY)
            assert reason in mismatch(sent, "ingest", "INGEST_HMAC_SECRETS")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "no token was sent"),
        ({"authorization": "Bearer x"}, "the token is none of INGEST_TOKENS"),
    ],
)
def test_a_rejected_token_is_explained(headers, reason):
    with pytest.raises(Unauthenticated) as raised:
        authenticate_by_token(Request(headers, b"", b""), (Secret("erp", "token"),))

    assert raised.value.reason == reason
