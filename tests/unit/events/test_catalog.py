"""The catalogue, the schemas, the handlers and the samples name the same events."""

import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest
from marshmallow import EXCLUDE, RAISE

from functions.events import catalog, samples
from functions.events.catalog import EVENTS, INBOUND_EVENTS, find
from functions.events.schemas import ClosedSchema, ForwardedSchema, OpenSchema
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


def test_every_event_has_a_documented_handler(subtests):
    for name, event in EVENTS.items():
        with subtests.test(name):
            handler = dispatch(event)
            assert len(inspect.signature(handler).parameters) == 3
            assert handler.__module__.startswith("functions.handlers.")
            assert inspect.getdoc(handler)


def test_every_schema_is_in_the_catalogue(subtests):
    """A schema that no event uses is dead code."""
    for entity in catalog.ENTITIES:
        with subtests.test(entity=entity):
            module = catalog.module_of(entity)
            schemas = import_module(f"functions.events.schemas.{module}")
            used = {type(event.schema) for event in EVENTS.values()}
            nested = set()
            for schema in used:
                for field in schema().fields.values():
                    inner = getattr(field, "item", None) or getattr(
                        field, "schema", None
                    )
                    nested.add(type(inner))
            defined = {
                schema
                for schema in vars(schemas).values()
                if inspect.isclass(schema)
                and issubclass(schema, OpenSchema | ClosedSchema | ForwardedSchema)
                and schema.__module__ == schemas.__name__
            }

            # A base is used through its subclasses.
            assert {
                s for s in defined if not any(issubclass(u, s) for u in used | nested)
            } == (set())


def test_unknown_keys_are_rejected_where_commerce_has_none():
    rejecting = {
        name.removeprefix(PREFIX)
        for name in adobe_kit_events.EVENTS
        if EVENTS[name].schema.unknown == RAISE
    }

    assert rejecting == CLOSED
    assert {e.schema.unknown for e in INBOUND_EVENTS.values()} == {RAISE, EXCLUDE}


def test_only_comments_and_new_shipments_are_not_idempotent():
    non_idempotent = {
        name for name in adobe_kit_events.EVENTS if not EVENTS[name].idempotent
    }

    assert non_idempotent == {
        "be-observer.sales_order_status_update",
        "be-observer.sales_order_shipment_create",
    }


def test_every_sample_is_loaded_unchanged():
    values = {name: samples.value(name) for name in EVENTS}

    assert {name: EVENTS[name].load(value) for name, value in values.items()} == values


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
        "direction",
        "sources",
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
        "source",
    }


def test_an_event_is_looked_up_by_direction():
    """To ingest, an event of Commerce is unknown."""
    product = find("commerce.product.updated")

    assert product
    assert product.direction == "outbound"
    assert find("commerce.product.updated", "outbound") is product
    assert find("commerce.product.updated", "inbound") is None
    assert find("be-observer.customer_delete", "inbound")
    assert find("be-observer.customer_delete", "outbound") is None


def test_outbound_events_are_made_of_subscribed_ones():
    outbound = catalog.OUTBOUND_EVENTS.values()

    assert {event.source for event in outbound} == set(catalog.subscribed_fields())
    assert not any(event.source for event in INBOUND_EVENTS.values())
    assert all(entity.startswith("outbound-") for entity in catalog.OUTBOUND_ENTITIES)
    assert {event.domain for event in outbound} == {"outbound"}
    for event in outbound:
        fields = catalog.subscribed_fields()[event.source]
        assert event.key in fields or fields == ("*",)


def test_an_entitys_module_is_named_after_it():
    assert catalog.module_of("customer-group") == "customer_group"
    assert catalog.module_of("outbound-customer-group") == "outbound.customer_group"


def test_an_outbound_value_keeps_every_key():
    """Its key may be a number, as versions of Commerce differ."""
    expected, actual = {}, {}
    for name, event in catalog.OUTBOUND_EVENTS.items():
        given = {**samples.value(name), event.key: 18, "new_in_2_5": {"a": [1, None]}}
        loaded = event.load(given)
        actual[name] = (loaded, event.ordering_key(loaded))
        expected[name] = ({**given, event.key: "18"}, f"{event.entity}:18")

    assert actual == expected


def test_an_outbound_key_is_text_or_a_whole_number(subtests):
    for given in [None, "", True, 1.5, [], {}, "a\0", "x" * 256, 2**70]:
        with subtests.test(given=given):
            event = EVENTS["commerce.order.updated"]

            with pytest.raises(catalog.InvalidValue) as invalid:
                event.load({"id": given})
            assert list(invalid.value.errors) == ["id"]


def test_an_event_is_found_with_or_without_a_namespace():
    known = [
        PREFIX + "customer_delete",
        "acme.be-observer.customer_delete",
        "com.adobe.commerce.kit.be-observer.customer_delete",
        "a.be-observer.b.be-observer.customer_delete",
    ]
    unknown = [
        "customer_delete",
        "observer.customer_delete",
        "xbe-observer.customer_delete",
        ".be-observer.customer_delete",
        "be-observer.customer_delete.more",
        "BE-OBSERVER.CUSTOMER_DELETE",
        " be-observer.customer_delete",
        "",
        None,
        ["be-observer.customer_delete"],
        {},
    ]
    event = EVENTS[PREFIX + "customer_delete"]

    assert [name for name in known if find(name) is not event] == []
    assert [name for name in unknown if find(name) is not None] == []


@pytest.mark.parametrize("key", ["domain", "direction", "events"])
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
