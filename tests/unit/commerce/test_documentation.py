"""docs/commerce.md names every setting and event; every handler its idempotence."""

from pathlib import Path

from functions.commerce.settings import CommerceSettings
from functions.events.catalog import EVENTS
from functions.handlers import dispatch
from functions.settings import names
from tests.support import adobe_kit_events

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "commerce.md").read_text()


def test_every_setting_is_documented():
    assert [name for name in names(CommerceSettings) if f"`{name}" not in TEXT] == []


def test_every_event_of_the_kit_is_documented():
    assert [
        name
        for name in adobe_kit_events.EVENTS
        if f"\n| `{name.removeprefix('be-observer.')}` |" not in TEXT
    ] == []


def test_every_handler_documents_its_idempotence():
    """Its docstring contains ``Idempotence: `` or ``Not idempotent. ``."""
    texts = {True: "Idempotence: ", False: "Not idempotent. "}

    assert [
        name
        for name, event in EVENTS.items()
        if texts[event.idempotent] not in (dispatch(event).__doc__ or "")
    ] == []
