"""Settings of make run."""

import pytest

from functions.settings import SettingsError, from_environment
from local.settings import LocalSettings


def test_default_ports_are_those_of_the_readme():
    settings = from_environment(LocalSettings, {})

    assert (settings.port, settings.console_port) == (8080, 8090)


def test_all_invalid_settings_are_reported_at_once():
    with pytest.raises(SettingsError) as caught:
        from_environment(LocalSettings, {"PORT": "http", "CONSOLE_PORT": "70000"})

    assert str(caught.value) == (
        "Wrong settings: PORT must be a whole number from 0 to 65535;"
        " CONSOLE_PORT must be a whole number from 0 to 65535"
    )
