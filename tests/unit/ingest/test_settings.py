"""Doors: none is the default, faults of settings, and what a caller is named."""

import json

import pytest

from functions.ingest.ingest import source_of
from functions.ingest.settings import IngestSettings
from functions.settings import SettingsError, from_environment
from tests.ingest.doors import ERP, SECRETS, WMS, source
from tests.ingest.served import CREATE, VALUE, event, ingest, post


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
