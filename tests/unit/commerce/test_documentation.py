"""docs/commerce.md tells all that can be set, and what every event does."""

from pathlib import Path

import pytest

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import EVENTS
from functions.handlers import dispatch
from functions.settings import names
from tests import kit

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "commerce.md").read_text()


@pytest.mark.parametrize("name", names(CommerceSettings))
def test_every_setting_is_told(name):
    assert f"`{name}" in TEXT


@pytest.mark.parametrize("name", kit.EVENTS)
def test_every_event_of_the_kit_has_its_line(name):
    assert f"\n| `{name.removeprefix('be-observer.')}` |" in TEXT


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_handler_says_what_a_repeat_does(name):
    told = dispatch(EVENTS[name]).__doc__ or ""

    assert "A repeat " in told, "the docstring tells: A repeat …"
