"""What a developer asks for becomes a definition, or a sentence that says why not."""

import pytest

from cli.environment import ROOT
from cli.new_event.define import define
from cli.new_event.definition import InvalidDefinition

RULE = {
    "entity": "specimen",
    "event": "be-observer.specimen_update",
    "fields": "id:id name:text discount:number note:text?",
    "operation": "PUT specimens/{id}",
}
OUTBOUND = {
    "direction": "outbound",
    "entity": "specimen",
    "event": "commerce.specimen.updated",
    "fields": "rule_id:id name:text",
    "source": "observer.specimen_save_commit_after",
}


def test_the_parts_of_an_event_are_named():
    event = define(ROOT, **RULE)

    assert (event.name, event.short) == (RULE["event"], "specimen_update")
    assert (event.schema, event.handler, event.key) == (
        "SpecimenUpdate",
        "update",
        "id",
    )
    assert (event.domain, event.new_entity, event.idempotent) == (
        "specimen",
        True,
        True,
    )
    assert event.message == "Specimen updated successfully"
    assert event.sample["note"] == "Sample note"


def test_an_event_joins_an_existing_entity():
    event = define(
        ROOT,
        entity="product",
        event="catalog_product_specimen",
        fields="sku:sku name:text",
        operation="put /V1/products/{sku}",
    )

    assert (event.domain, event.new_entity) == ("product", False)
    assert (event.handler, event.key_case) == ("specimen", "lower")
    assert (event.operation.method, event.operation.path) == ("PUT", "products/{sku}")


def test_a_taken_function_name_is_not_used_again():
    event = define(
        ROOT, **{**RULE, "entity": "customer", "event": "customer_specimen_update"}
    )
    other = define(ROOT, **{**RULE, "entity": "customer", "event": "specimen_update"})

    assert (event.handler, other.handler) == ("specimen_update", "specimen_update")


def test_a_post_is_not_idempotent():
    event = define(ROOT, **{**RULE, "operation": "POST specimens"})

    assert (event.idempotent, event.key) == (False, "id")


def test_an_outbound_event_has_its_own_parts():
    event = define(ROOT, **OUTBOUND)

    assert (event.entity, event.domain) == ("outbound-specimen", "outbound")
    assert (event.module, event.handler) == ("outbound/specimen", "updated")
    assert event.sample == {"rule_id": "15", "name": "Sample name"}


def test_an_event_with_the_other_direction_may_echo(subtests):
    for changes, expected in [
        ({**RULE, "entity": "product"}, True),
        (
            {**OUTBOUND, "entity": "product", "event": "commerce.product.specimen"},
            False,
        ),
        (RULE, False),
        (OUTBOUND, False),
    ]:
        with subtests.test(changes=changes):
            assert define(ROOT, **changes).may_echo == expected


def test_a_wrong_definition_says_what_to_change(subtests):
    for changes, reason in [
        ({"entity": "Price Rule"}, "must be words of small letters"),
        ({"entity": "x" * 41}, "at most 40 characters"),
        ({"entity": "shipment"}, "functions/handlers/shipment.py exists"),
        ({"entity": "outbound"}, "cannot be called outbound"),
        ({"entity": "class"}, "the name is reserved"),
        ({"entity": "outbound-product"}, "has outbound events only"),
        ({"event": "price.rule"}, "words joined by underscores"),
        ({"event": "customer_create"}, "is in the catalogue already"),
        ({"fields": ""}, "Name one field or more"),
        ({"fields": "id:id id:text"}, "each once"),
        ({"fields": "id:uuid"}, "kinds are id, text, number"),
        ({"fields": "class:text id:id"}, "The field 'class:text'"),
        ({"fields": "id:id?"}, "no required field"),
        ({"operation": "GET specimens"}, "must be POST, PUT, DELETE"),
        ({"operation": "PUT sales rules"}, "and a path below V1"),
        ({"operation": "PUT specimens/{code}"}, "{code}, which is no required"),
        ({"key": "note"}, "must identify the resource"),
        ({"domain": "A"}, "The domain 'A'"),
        ({"entity": "stock", "domain": "other"}, "The domain of stock is stock"),
        ({"source": "observer.x"}, "An outbound event, and no other"),
        ({**OUTBOUND, "operation": None, "source": None}, "An outbound event, and"),
        (OUTBOUND, "has no operation of Commerce"),
        ({**OUTBOUND, "operation": None, "event": "price"}, "joined by dots"),
    ]:
        with subtests.test(changes=changes):
            with pytest.raises(InvalidDefinition, match=reason):
                define(ROOT, **{**RULE, **changes})
