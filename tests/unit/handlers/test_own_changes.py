"""What an inbound event changes, in the words of Commerce's events."""

import pytest

from functions.commerce.settings import CommerceSettings
from functions.events import catalog, samples
from functions.events.catalog import INBOUND_EVENTS
from functions.handlers.own_changes import CHANGES, own_change, row_fields
from functions.settings import all_from_environment
from tests.support import adobe_kit_events
from tests.support.commerce_adapter import PAAS

STOCK = "be-observer.catalog_stock_update"
LISTED = sorted({f"be-observer.{name}" for name in CHANGES} | {STOCK})

EVERYTHING = {
    **PAAS,
    "COMMERCE_PRODUCT_WEBSITE_IDS": "1,2",
    "COMMERCE_PRODUCT_TAX_CLASS_ID": "2",
    "COMMERCE_WEBSITE_ID": "1",
    "COMMERCE_ORDER_STATUS_MODE": "status",
}


@pytest.fixture(scope="module")
def settings():
    """With every setting that adds a field."""
    [settings] = all_from_environment(EVERYTHING, CommerceSettings)
    return settings


def subscribed(entity):
    """The fields of the events by which Commerce reports a save."""
    sources = {e.source for e in catalog.EVENTS.values() if e.entity == entity}
    [saved] = (source for source in sources if "save" in source)
    return set(catalog.subscribed_fields()[saved])


def test_every_field_that_is_set_is_subscribed(subtests, settings):
    for name in LISTED:
        with subtests.test(name=name):
            if name == STOCK:
                fields, entity = row_fields(samples.value(name)[0]), "outbound-stock"
            else:
                change = own_change(name, samples.value(name), settings)
                fields, entity = change.fields, change.entity

            names = subscribed(entity)
            assert names == {"*"} or (fields or {}).keys() <= names


def test_every_event_of_the_kit_is_listed():
    """Of an event that was added, the change may be unknown: it is then delivered."""
    assert set(adobe_kit_events.EVENTS) <= set(LISTED) <= INBOUND_EVENTS.keys()


def test_a_resource_is_named_as_commerce_names_it(subtests, settings):
    """The key of the change is that of the entity's outbound events."""
    for name in LISTED:
        with subtests.test(name=name):
            change = own_change(name, samples.value(name), settings)
            if change is None or change.key is None:
                continue

            [event, *_] = (
                e for e in catalog.EVENTS.values() if e.entity == change.entity
            )
            key = event.ordering_key({event.key: change.key.upper()})
            expected = change.key if event.key_case == "lower" else change.key.upper()
            assert key == f"{change.entity}:{expected}"
