"""The sample events of ``send``."""

import pytest

from cli import sample_events
from cli.sample_events import SEQUENCE, SampleRun, existing_entity, select_events
from functions.events import catalog

CREATE = "be-observer.customer_create"
DELETE = "be-observer.customer_delete"


def test_every_event_is_in_the_sequence_once():
    assert sorted(SEQUENCE) == sorted(catalog.INBOUND_EVENTS)


def test_a_sample_of_a_run_is_valid(subtests):
    for event in SEQUENCE:
        with subtests.test(event=event):
            run = SampleRun("a", {"customer": 5, "group": 6, "order": 7, "item": 8})

            catalog.INBOUND_EVENTS[event].load(run.value(event))


@pytest.mark.parametrize("value", [{"sku": "24-MB01"}, [{"sku": "24-MB01"}]])
def test_the_sample_of_a_new_event_is_sent_as_it_is(monkeypatch, value):
    event = "be-observer.catalog_product_price_update"
    monkeypatch.setattr(sample_events, "OTHER", [event])
    monkeypatch.setattr(sample_events.samples, "value", {event: value}.get)

    assert SampleRun("a").value(event) == value


def test_an_event_is_preceded_by_the_one_it_needs():
    assert select_events("customer_delete", alone=False) == [CREATE, DELETE]
    assert select_events(DELETE, alone=True) == [DELETE]
    assert select_events("all", alone=True) == SEQUENCE
    with pytest.raises(KeyError):
        select_events("rocket", alone=True)


def test_a_sample_that_names_an_existing_entity_is_known():
    assert existing_entity(DELETE).startswith("customer ")
    assert existing_entity("be-observer.sales_order_shipment_create").startswith(
        "order"
    )
    assert existing_entity("be-observer.catalog_product_create") == ""
