"""Ingest's settings: incomplete or weak authentication does not start."""

import pytest

from functions.ingest.settings import IngestSettings, Secret
from functions.settings import SettingsError, from_environment
from tests.support.ingest_authentication import ERP, SECRETS, WMS


def test_incomplete_authentication_does_not_start(subtests):
    for given, error in [
        ({"INGEST_AUTH": "open"}, "INGEST_AUTH must be one of none, token, hmac, oidc"),
        (
            {"INGEST_AUTH": "token"},
            "INGEST_AUTH is token, so INGEST_TOKENS must be set",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": ""},
            "INGEST_AUTH is token, so INGEST_TOKENS must be set",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": " , "},
            "INGEST_TOKENS names no secret",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": f"{ERP},short"},
            "INGEST_TOKENS holds a token of fewer than 16 characters",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": "erp:"},
            "INGEST_TOKENS holds a token of fewer than 16 characters",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": f"e r p:{ERP}"},
            "INGEST_TOKENS holds a caller's name that is not 1-64 letters, digits, '.',"
            " '_', '-'",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": f"erp:{ERP},wms:{ERP}"},
            "INGEST_TOKENS holds one secret twice, so it names no caller",
        ),
        (
            {"INGEST_AUTH": "token", "INGEST_TOKENS": "é" * 20},
            "INGEST_TOKENS holds a token with other than ASCII characters",
        ),
        (
            {"INGEST_AUTH": "hmac"},
            "INGEST_AUTH is hmac, so INGEST_HMAC_SECRETS must be set",
        ),
        (
            {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": "x" * 40},
            "INGEST_HMAC_SECRETS holds a secret that does not begin with whsec_",
        ),
        (
            {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": "whsec_"},
            "INGEST_HMAC_SECRETS holds a secret of fewer than 24 bytes",
        ),
        (
            {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": "whsec_%%%"},
            "INGEST_HMAC_SECRETS holds a secret that is not base64 after whsec_",
        ),
        (
            {"INGEST_AUTH": "hmac", "INGEST_HMAC_SECRETS": "erp:whsec_c2hvcnQ="},
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
            {
                "INGEST_AUTH": "oidc",
                "INGEST_OIDC_AUDIENCE": "a",
                "INGEST_OIDC_EMAILS": ",",
            },
            "INGEST_AUTH is oidc, so INGEST_OIDC_EMAILS must be set",
        ),
        (
            {"INGEST_TOKENS": f"erp:{ERP}"},
            "INGEST_TOKENS is set, but INGEST_AUTH is not: set INGEST_AUTH=token",
        ),
        (
            {"INGEST_AUTH": "", "INGEST_HMAC_SECRETS": SECRETS[0]},
            "INGEST_HMAC_SECRETS is set, but INGEST_AUTH is not: set INGEST_AUTH=hmac",
        ),
        (
            {"INGEST_OIDC_EMAILS": "a@b.example"},
            "INGEST_OIDC_EMAILS is set, but INGEST_AUTH is not: set INGEST_AUTH=oidc",
        ),
        (
            {"INGEST_TOKENS": ERP, "INGEST_OIDC_AUDIENCE": "a"},
            "INGEST_TOKENS and INGEST_OIDC_AUDIENCE are set, but INGEST_AUTH is not:"
            " set INGEST_AUTH=token or oidc",
        ),
        (
            {"INGEST_AUTH": "token", "MAX_BODY_BYTES": "x"},
            "MAX_BODY_BYTES must be a whole number from 1000 to 8000000; INGEST_AUTH is"
            " token, so INGEST_TOKENS must be set",
        ),
        (
            {"K_SERVICE": "ingest", "LEDGER": "firestore", "INGEST_AUTH": "hmac"},
            "LEDGER_KEY is not set, and the ledger needs it on Google Cloud;"
            " INGEST_AUTH is hmac, so INGEST_HMAC_SECRETS must be set",
        ),
        (
            {"MAX_BODY_BYTES": "0"},
            "MAX_BODY_BYTES must be a whole number from 1000 to 8000000",
        ),
        ({"GOOGLE_CLOUD_PROJECT": ""}, "GOOGLE_CLOUD_PROJECT is not set"),
    ]:
        with subtests.test(given=given):
            with pytest.raises(SettingsError) as raised:
                from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **given})

            assert str(raised.value) == f"Wrong settings: {error}"


def test_all_errors_are_reported_at_once_without_values():
    given = {
        "INGEST_AUTH": "sesame",
        "INGEST_TOKENS": "hush",
        "INGEST_HMAC_SECRETS": "hush",
        "LOG_LEVEL": "loud",
    }
    with pytest.raises(SettingsError) as raised:
        from_environment(IngestSettings, given)

    text = str(raised.value)
    for name in ("GOOGLE_CLOUD_PROJECT", *given):
        assert name in text
    for value in ("sesame", "hush", "loud"):
        assert value not in text


def test_none_may_be_chosen_in_spite_of_secrets():
    given = {"INGEST_AUTH": "none", "INGEST_TOKENS": f"erp:{ERP}"}

    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **given})

    assert settings.auth == "none"


@pytest.mark.parametrize(
    "text", [f" erp : {ERP} , wms: {WMS} ", f"erp:{ERP},wms:{WMS}"]
)
def test_blanks_around_names_and_secrets_are_ignored(text):
    given = {"INGEST_AUTH": "token", "INGEST_TOKENS": text}

    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **given})

    assert settings.tokens == (Secret("erp", ERP), Secret("wms", WMS))


def test_secrets_are_not_in_the_repr():
    given = {
        "INGEST_AUTH": "token",
        "INGEST_TOKENS": ERP,
        "INGEST_HMAC_SECRETS": SECRETS[0],
    }
    settings = from_environment(IngestSettings, {"GOOGLE_CLOUD_PROJECT": "p", **given})

    assert ERP not in repr(settings)
    assert ERP not in repr(settings.tokens)
    assert SECRETS[0] not in repr(settings.hmac_secrets)
