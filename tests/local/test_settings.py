"""What make run reads."""

import pytest

from functions.settings import SettingsError, from_environment
from local.settings import LocalSettings


def test_without_anything_the_published_ports_are_the_readmes():
    settings = from_environment(LocalSettings, {})

    assert (settings.host, settings.port, settings.console_port) == (
        "127.0.0.1",
        8080,
        8090,
    )


def test_every_fault_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        from_environment(LocalSettings, {"PORT": "http", "CONSOLE_PORT": "70000"})

    assert str(caught.value) == (
        "Wrong settings: PORT must be a whole number from 0 to 65535;"
        " CONSOLE_PORT must be a whole number from 0 to 65535"
    )
