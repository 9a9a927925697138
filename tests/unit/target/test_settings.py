"""Settings of the third party's webhook; errors name settings and no values."""

import pytest

from functions.events.catalog import OUTBOUND_ENTITIES
from functions.settings import SettingsError
from functions.target.settings import is_target_set
from tests.support.target_kit import NEW_SECRET, OAUTH, SECRET, TARGET, target_settings


def test_a_url_is_kept_as_it_is(subtests):
    for url in [
        "https://a.example/x?code=1",
        "http://127.0.0.1:1/",
        "http://localhost",
        "http://[::1]/",
    ]:
        with subtests.test(url=url):
            assert target_settings(TARGET_URL=url).url == url


def test_a_url_is_checked(subtests):
    for name in ["TARGET_URL", "TARGET_URL_CUSTOMER_GROUP"]:
        for url, error in [
            (
                "http://a.example/",
                "must begin with https:// (http is for localhost alone)",
            ),
            ("http://127.0.0.1.a.example/", "must begin with https://"),
            ("https://user@a.example/", "must be a URL without user and fragment"),
            ("https://a.example/#x", "must be a URL without user and fragment"),
            ("ftp://a.example/", "must be a URL like https://host/path/"),
            ("https://a.example/ä", "must be a URL like https://host/path/"),
            ("https:///x", "must be a URL like https://host/path/"),
            ("https://a:b/", "must be a URL like https://host/path/"),
        ]:
            with subtests.test(name=name, url=url):
                with pytest.raises(SettingsError) as raised:
                    target_settings(**{name: url})
                assert f"{name} {error}" in str(raised.value)
                assert "example" not in str(raised.value)


def test_each_entity_may_have_its_own_url():
    other = "https://other.example/"
    settings = target_settings(
        TARGET_URL_ORDER=other + "o", TARGET_URL_CUSTOMER_GROUP=other + "g"
    )

    urls = {entity: settings.url_of(entity) for entity in OUTBOUND_ENTITIES}
    known = {
        "outbound-product": TARGET["TARGET_URL"],
        "outbound-customer": TARGET["TARGET_URL"],
        "outbound-customer-group": other + "g",
        "outbound-order": other + "o",
        "outbound-stock": TARGET["TARGET_URL"],
    }
    assert urls == urls | known


def test_several_secrets_may_be_set():
    settings = target_settings(TARGET_SECRETS=f"{SECRET}, {NEW_SECRET}")

    assert settings.secrets == (SECRET, NEW_SECRET)
    assert "whsec_" not in repr(settings)


def test_other_settings_are_checked(subtests):
    for more, error in [
        ({"TARGET_SECRETS": ""}, "TARGET_SECRETS is not set"),
        ({"TARGET_SECRETS": ","}, "TARGET_SECRETS names no secret"),
        ({"TARGET_SECRETS": "abc"}, "a secret that does not begin with whsec_"),
        ({"TARGET_SECRETS": "whsec_%"}, "a secret that is not base64 after whsec_"),
        ({"TARGET_SECRETS": "whsec_YWJj"}, "a secret of fewer than 24 bytes"),
        ({"TARGET_TOKEN": "a b"}, "TARGET_TOKEN must be printable ASCII"),
        ({"TARGET_TIMEOUT_SECONDS": "500"}, "TARGET_TIMEOUT_SECONDS must be seconds"),
        ({**OAUTH, "TARGET_TOKEN": "a"}, "TARGET_OAUTH_… are both set"),
        (
            {**OAUTH, "TARGET_OAUTH_CLIENT_ID": ""},
            "Wrong settings: TARGET_OAUTH_CLIENT_ID is not set",
        ),
    ]:
        with subtests.test(more=more):
            with pytest.raises(SettingsError) as raised:
                target_settings(**more)
            assert error in str(raised.value)


def test_a_url_makes_a_consumer_serve_outbound_events(subtests):
    for environment, expected in [
        ({}, False),
        ({"TARGET_URL": " ", "TARGET_SECRETS": SECRET}, False),
        ({"TARGET_URL": "x"}, True),
        ({"TARGET_URL_ORDER": "x"}, True),
    ]:
        with subtests.test(environment=environment):
            assert is_target_set(environment) is expected
