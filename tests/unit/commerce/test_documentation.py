"""docs/commerce.md names every setting and event; every handler its idempotence."""

from pathlib import Path

import pytest

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import EVENTS
from functions.handlers import dispatch
from functions.settings import names
from tests.support import adobe_kit_events

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "commerce.md").read_text()


@pytest.mark.parametrize("name", names(CommerceSettings))
def test_every_setting_is_documented(name):
    assert f"`{name}" in TEXT


@pytest.mark.parametrize("name", adobe_kit_events.EVENTS)
def test_every_event_of_the_kit_is_documented(name):
    assert f"\n| `{name.removeprefix('be-observer.')}` |" in TEXT


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_handler_documents_its_idempotence(name):
    docstring = dispatch(EVENTS[name]).__doc__ or ""

    idempotent = EVENTS[name].idempotent
    expected = "Idempotence: " if idempotent else "Not idempotent. "
    assert expected in docstring, f"the docstring must contain: {expected}…"
