"""What the tools send so that ingest accepts their events."""

import base64

import pytest

from cli.credentials import Credentials, InvalidSecret, local_credentials
from functions.standard_webhooks import is_signed

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
BODY = b'{"data": {}}'


def test_a_signature_is_accepted_for_its_body_only():
    headers = Credentials(secret=SECRET).headers(BODY)

    assert is_signed(SECRET, headers, BODY)
    assert not is_signed(OTHER, headers, BODY)
    assert not is_signed(SECRET, headers, BODY + b" ")


def test_each_post_has_a_webhook_id_of_its_own():
    credentials = Credentials(secret=SECRET)

    ids = {credentials.headers(BODY)["webhook-id"] for _ in range(3)}

    assert len(ids) == 3


def test_the_first_secret_of_the_environment_is_used(subtests):
    for name, environment, credentials in [
        ("none", {}, Credentials()),
        ("token", {"INGEST_TOKENS": "erp:a, b"}, Credentials("a")),
        (
            "secret",
            {"INGEST_HMAC_SECRETS": f"erp:{SECRET}, {OTHER}"},
            Credentials(secret=SECRET),
        ),
        (
            "both",
            {"INGEST_TOKENS": "a", "INGEST_HMAC_SECRETS": SECRET},
            Credentials("a"),
        ),
        (
            "both, hmac",
            {
                "INGEST_AUTH": "hmac",
                "INGEST_TOKENS": "a",
                "INGEST_HMAC_SECRETS": SECRET,
            },
            Credentials(secret=SECRET),
        ),
    ]:
        with subtests.test(name):
            assert local_credentials(environment) == credentials


def test_an_invalid_secret_is_named_by_its_variable():
    with pytest.raises(InvalidSecret, match="^INGEST_HMAC_SECRETS holds a secret that"):
        local_credentials({"INGEST_HMAC_SECRETS": "whsec_short"})


def test_secrets_are_not_shown():
    assert repr(Credentials("token", SECRET)) == "Credentials()"
