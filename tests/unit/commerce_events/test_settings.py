"""The receiver's settings."""

import pytest

from functions.commerce_events.settings import KEYS_URL, CommerceEventsSettings
from functions.settings import SettingsError, from_environment

GIVEN = {"GOOGLE_CLOUD_PROJECT": "p", "OAUTH_CLIENT_ID": "id"}


def settings(**environment):
    return from_environment(CommerceEventsSettings, {**GIVEN, **environment})


def test_deliveries_are_verified_by_default():
    given = settings()

    assert (given.auth, given.client_id, given.keys_url) == ("adobe", "id", KEYS_URL)
    assert given.dead_letters == "commerce-dead-letters"
    assert settings(DEAD_LETTER_TOPIC="d").dead_letters == "d"


def test_without_a_client_id_nothing_can_be_verified():
    with pytest.raises(SettingsError, match="so OAUTH_CLIENT_ID must be set"):
        settings(OAUTH_CLIENT_ID="")
    assert settings(OAUTH_CLIENT_ID="", COMMERCE_EVENTS_AUTH="none").auth == "none"


@pytest.mark.parametrize(
    ("name", "value"),
    [("COMMERCE_EVENTS_AUTH", "none"), ("ADOBE_KEYS_URL", "http://127.0.0.1:80")],
)
def test_what_is_for_tests_is_rejected_on_google_cloud(name, value):
    assert settings(**{name: value})
    with pytest.raises(SettingsError, match=f"{name} must not be"):
        settings(K_SERVICE="commerce-events", **{name: value})


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:8086", "http://localhost:1", "http://[::1]:8086/"]
)
def test_keys_may_come_from_this_machine(value):
    assert settings(ADOBE_KEYS_URL=value).keys_url == value.rstrip("/")


def test_keys_come_from_no_other_host(subtests):
    for value in [
        "https://static.adobeioevents.com",
        "http://127.0.0.1.evil.example:80",
        "http://127.0.0.1@evil.example:80",
        "http://evil.example:80",
        "http://127.0.0.1:80/path",
        "http://127.0.0.1:x",
        "http://127.0.0.1",
        "http://[::1",
        "127.0.0.1:80",
    ]:
        with subtests.test(value=value):
            with pytest.raises(
                SettingsError, match=r"ADOBE_KEYS_URL must be http://127.0.0.1"
            ):
                settings(ADOBE_KEYS_URL=value)
