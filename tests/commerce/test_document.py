"""docs/commerce.md tells all that can be set, and what every event does."""

from pathlib import Path

import pytest

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import EVENTS
from functions.handlers import dispatch
from functions.settings import names

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "commerce.md").read_text()


@pytest.mark.parametrize("name", names(CommerceSettings))
def test_every_setting_is_told(name):
    assert f"`{name}" in TEXT


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_has_its_line(name):
    assert f"\n| `{name.removeprefix('be-observer.')}` |" in TEXT


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_handler_says_what_a_repeat_does(name):
    assert "A repeat " in dispatch(EVENTS[name]).__doc__
