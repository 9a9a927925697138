"""The catalogue, the schemas, the handlers and the samples name the same events."""

import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest
from marshmallow import EXCLUDE, RAISE

from functions.events import catalog, samples
from functions.events.catalog import EVENTS, find
from functions.events.schemas import ClosedSchema, OpenSchema
from functions.handlers import dispatch
from tests.support import adobe_kit_events
from tests.support.adobe_kit_events import NAMES, PREFIX

CATALOG = Path(catalog.__file__).with_name("catalog.json")
# Values for which Commerce has no other keys.
CLOSED = {
    "catalog_product_delete",
    "customer_delete",
    "customer_group_delete",
    "sales_order_shipment_create",
    "sales_order_shipment_update",
}


def test_the_kits_thirteen_events_are_there():
    """Others may have been added."""
    events = {}
    for event in EVENTS.values():
        events.setdefault(event.entity, set()).add(event.name.removeprefix(PREFIX))

    assert {entity: events[entity] & names for entity, names in NAMES.items()} == NAMES
    assert catalog.ENTITIES == tuple(events)


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
def test_every_event_has_a_handler(name):
    handler = dispatch(EVENTS[name])

    assert len(inspect.signature(handler).parameters) == 3
    assert handler.__module__.startswith("functions.handlers.")


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_handler_has_a_docstring(name):
    assert inspect.getdoc(dispatch(EVENTS[name]))


@pytest.mark.parametrize("entity", catalog.ENTITIES)
def test_every_schema_is_in_the_catalogue(entity):
    """A schema that no event uses is dead code."""
    module = catalog.module_of(entity)
    schemas = import_module(f"functions.events.schemas.{module}")
    used = {type(event.schema) for event in EVENTS.values()}
    nested = set()
    for schema in used:
        for field in schema().fields.values():
            inner = getattr(field, "item", None) or getattr(field, "schema", None)
            nested.add(type(inner))
    defined = {
        schema
        for schema in vars(schemas).values()
        if inspect.isclass(schema)
        and issubclass(schema, OpenSchema | ClosedSchema)
        and schema.__module__ == schemas.__name__
    }

    # A base is used through its subclasses.
    assert {s for s in defined if not any(issubclass(u, s) for u in used | nested)} == (
        set()
    )


@pytest.mark.parametrize("name", adobe_kit_events.EVENTS)
def test_unknown_keys_are_rejected_where_commerce_has_none(name):
    wanted = RAISE if name.removeprefix(PREFIX) in CLOSED else EXCLUDE

    assert EVENTS[name].schema.unknown == wanted


def test_only_comments_and_new_shipments_are_not_idempotent():
    non_idempotent = {
        name for name in adobe_kit_events.EVENTS if not EVENTS[name].idempotent
    }

    assert non_idempotent == {
        "be-observer.sales_order_status_update",
        "be-observer.sales_order_shipment_create",
    }


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_sample_is_loaded_unchanged(name):
    value = samples.value(name)

    assert EVENTS[name].load(value) == value


def test_samples_and_catalogue_have_the_same_events():
    written = json.loads(Path(catalog.__file__).with_name("samples.json").read_text())

    assert set(written) == set(EVENTS)
    assert all(list(sample) == ["value"] for sample in written.values())


def test_the_key_of_every_event_is_a_required_field():
    for event in EVENTS.values():
        assert event.schema.fields[event.key].required, event.name


def test_every_line_of_the_catalogue_is_read():
    """Terraform reads the same file; a key that is not read would mislead."""
    entities = json.loads(CATALOG.read_text())

    assert {key for definition in entities.values() for key in definition} == {
        "domain",
        "events",
    }
    lines = [
        line
        for definition in entities.values()
        for line in definition["events"].values()
    ]
    assert {key for line in lines for key in line} == {
        "schema",
        "handler",
        "key",
        "key_case",
        "idempotent",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
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
def test_an_event_is_found_with_or_without_a_namespace(name, expected):
    event = find(name)

    assert (event and event.name) == expected


@pytest.mark.parametrize("key", ["domain", "events"])
def test_a_missing_key_of_an_entity_is_named(key):
    entities = json.loads(CATALOG.read_text())
    del entities["product"][key]

    with pytest.raises(LookupError, match=f"product has no '{key}': add it"):
        catalog.parse(entities)


@pytest.mark.parametrize("key", ["schema", "handler", "key"])
def test_a_missing_key_of_an_event_is_named(key):
    entities = json.loads(CATALOG.read_text())
    del entities["product"]["events"]["be-observer.catalog_product_create"][key]

    with pytest.raises(LookupError, match=f"catalog_product_create has no '{key}'"):
        catalog.parse(entities)
