"""The catalogue, the schemas, the handlers and the samples name the same events."""

import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest
from marshmallow import EXCLUDE, RAISE

from functions.events import catalog, samples
from functions.events.catalog import EVENTS, find
from functions.events.schemas import Closed, Open
from functions.handlers import dispatch
from tests import kit
from tests.kit import NAMES, PREFIX

CATALOG = Path(catalog.__file__).with_name("catalog.json")
# Where commerce takes no other keys, an unknown one is a fault.
CLOSED = {
    "catalog_product_delete",
    "customer_delete",
    "customer_group_delete",
    "sales_order_shipment_create",
    "sales_order_shipment_update",
}


def test_the_thirteen_events_of_the_kits_five_entities_are_there():
    """Others may have been added."""
    found = {}
    for event in EVENTS.values():
        found.setdefault(event.entity, set()).add(event.name.removeprefix(PREFIX))

    assert {entity: found[entity] & names for entity, names in NAMES.items()} == NAMES
    assert catalog.ENTITIES == tuple(found)


def test_customers_and_their_groups_share_a_consumer():
    domains = {e.entity: e.domain for e in EVENTS.values() if e.entity in NAMES}

    assert domains == {
        "product": "product",
        "customer": "customer",
        "customer-group": "customer",
        "order": "order",
        "stock": "stock",
    }


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_has_a_handler_of_three_arguments(name):
    handler = dispatch(EVENTS[name])

    assert len(inspect.signature(handler).parameters) == 3
    assert handler.__module__.startswith("functions.handlers.")


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_handler_says_what_a_repeat_does(name):
    assert inspect.getdoc(dispatch(EVENTS[name]))


@pytest.mark.parametrize("entity", catalog.ENTITIES)
def test_every_schema_and_handler_is_in_the_catalogue(entity):
    """A schema or a public handler that no event names is dead code."""
    module = catalog.module_of(entity)
    schemas = import_module(f"functions.events.schemas.{module}")
    used = {type(event.schema) for event in EVENTS.values()}
    nested = set()
    for schema in used:
        for field in schema().fields.values():
            inner = getattr(field, "row", None) or getattr(field, "schema", None)
            nested.add(type(inner))
    defined = {
        thing
        for thing in vars(schemas).values()
        if inspect.isclass(thing)
        and issubclass(thing, Open | Closed)
        and thing.__module__ == schemas.__name__
    }

    # Bases of the nested ones are used through them.
    assert {s for s in defined if not any(issubclass(u, s) for u in used | nested)} == (
        set()
    )


@pytest.mark.parametrize("name", kit.EVENTS)
def test_unknown_keys_are_refused_where_commerce_has_no_room(name):
    wanted = RAISE if name.removeprefix(PREFIX) in CLOSED else EXCLUDE

    assert EVENTS[name].schema.unknown == wanted


def test_only_comments_and_new_shipments_are_not_idempotent():
    non_idempotent = {name for name in kit.EVENTS if not EVENTS[name].idempotent}

    assert non_idempotent == {
        "be-observer.sales_order_status_update",
        "be-observer.sales_order_shipment_create",
    }


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_has_one_sample_that_is_loaded_unchanged(name):
    value = samples.value(name)

    assert EVENTS[name].load(value) == value


def test_there_is_no_sample_of_something_else():
    written = json.loads(Path(catalog.__file__).with_name("samples.json").read_text())

    assert set(written) == set(EVENTS)
    assert all(list(sample) == ["value"] for sample in written.values())


def test_the_key_of_every_event_is_a_required_field():
    for event in EVENTS.values():
        assert event.schema.fields[event.key].required, event.name


def test_every_line_of_the_catalogue_is_read():
    """Terraform reads the same file; a key that nobody reads would mislead."""
    entities = json.loads(CATALOG.read_text())

    assert {key for about in entities.values() for key in about} == {
        "domain",
        "events",
    }
    lines = [line for about in entities.values() for line in about["events"].values()]
    assert {key for line in lines for key in line} == {
        "schema",
        "handler",
        "key",
        "key_case",
        "idempotent",
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("be-observer.customer_delete", "be-observer.customer_delete"),
        ("acme.be-observer.customer_delete", "be-observer.customer_delete"),
        (
            "com.adobe.commerce.kit.be-observer.customer_delete",
            PREFIX + "customer_delete",
        ),
        ("a.be-observer.b.be-observer.customer_delete", PREFIX + "customer_delete"),
        ("customer_delete", None),
        ("observer.customer_delete", None),
        ("xbe-observer.customer_delete", None),
        (".be-observer.customer_delete", None),
        ("be-observer.customer_delete.more", None),
        ("BE-OBSERVER.CUSTOMER_DELETE", None),
        (" be-observer.customer_delete", None),
        ("", None),
        (None, None),
        (["be-observer.customer_delete"], None),
        ({}, None),
    ],
    ids=str,
)
def test_an_event_is_found_with_or_without_a_namespace(name, found):
    event = find(name)

    assert (event and event.name) == found
