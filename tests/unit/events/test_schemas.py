"""The values of events: for every field, the values it accepts and rejects."""

import copy
import json

import pytest
from marshmallow import Schema
from marshmallow.fields import Nested

from functions.events import samples
from functions.events.catalog import EVENTS, InvalidValue
from functions.events.fields import Boolean, Id, Number, ObjectList, Sku, Text

BIG = 100_000_000_000_000
MAX_ID = 9_223_372_036_854_775_807
NOT_TEXT = [0, 1, 1.5, True, False, [], {}, ["a"]]
NOT_NUMBER = ["1", "1.5", "", True, False, [], {}, float("nan"), float("inf")]

ACCEPTED = {
    Text: ["a", "a" * 5000, " ", "é", "😀", "a\nb"],
    Sku: ["a", "a" * 64, "é" * 64, "a/b", "...", "a.", ".a", " ", "?#%2F+"],
    Number: [0, 1, -1, 1.5, -0.0001, BIG, -BIG, 1e-9],
    Id: [1, 15, MAX_ID],
    Boolean: [True, False],
}
REJECTED = {
    Text: [*NOT_TEXT, "", "\0", "a\0b", "\ud800", "a\udfff"],
    Sku: [*NOT_TEXT, "", ".", "..", "a" * 65, "\0", "\ud800"],
    Number: [*NOT_NUMBER, BIG + 1, -BIG - 1, 10**400, 1e300],
    Id: [*NOT_NUMBER, 0, -1, 1.0, 15.0, 1.5, MAX_ID + 1, 10**400],
    Boolean: ["true", "yes", "1", "", 0, 1, 1.0, [], {}],
}


def fields_of(schema: Schema, path=()):
    """Every field of *schema*, nested ones too: path in the sample, and the field."""
    path = (*path, 0) if schema.many else path
    for name, field in schema.fields.items():
        yield (*path, name), field
        if isinstance(field, ObjectList):
            yield from fields_of(field.item, (*path, name, 0))
        if isinstance(field, Nested):
            yield from fields_of(field.schema, (*path, name))


FIELDS = [
    pytest.param(
        name, path, field, id=f"{name.split('.')[1]}-{'.'.join(map(str, path))}"
    )
    for name, event in sorted(EVENTS.items())
    for path, field in fields_of(event.schema)
]
SCALARS = [p for p in FIELDS if type(p.values[2]) in ACCEPTED]


def sample_with(name, path, given):
    """The sample of *name* with *given* at *path*."""
    value = copy.deepcopy(samples.value(name))
    *steps, last = path
    holder = value
    for step in steps:
        holder = holder[step]
    holder[last] = given
    return value


def error_paths(name, value):
    """The paths that have errors."""
    try:
        EVENTS[name].load(value)
    except InvalidValue as error:
        return set(error.errors)
    return set()


@pytest.mark.parametrize(("name", "path", "field"), SCALARS)
def test_a_field_accepts_and_keeps_valid_values(name, path, field):
    for given in ACCEPTED[type(field)]:
        value = sample_with(name, path, given)
        loaded = EVENTS[name].load(value)

        # As text, since 1, 1.0 and True are equal.
        assert json.dumps(loaded, sort_keys=True) == json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(("name", "path", "field"), SCALARS)
def test_a_field_rejects_invalid_values(name, path, field):
    accepts_empty = isinstance(field, Text) and field.min_length == 0
    accepts_zero = isinstance(field, Id) and field.minimum == 0
    path_text = {".".join(map(str, path))}
    for given in REJECTED[type(field)]:
        accepted = (accepts_empty and given == "") or (
            accepts_zero and type(given) is int and given == 0
        )
        expected = set() if accepted else path_text

        assert error_paths(name, sample_with(name, path, given)) == expected, repr(
            given
        )


@pytest.mark.parametrize(("name", "path", "field"), FIELDS)
def test_null_is_rejected(name, path, field):
    assert error_paths(name, sample_with(name, path, None)) == {
        ".".join(map(str, path))
    }


@pytest.mark.parametrize(("name", "path", "field"), FIELDS)
def test_a_required_field_may_not_be_absent(name, path, field):
    value = copy.deepcopy(samples.value(name))
    *steps, last = path
    holder = value
    for step in steps:
        holder = holder[step]
    holder.pop(last, None)
    expected = {".".join(map(str, path))} if field.required else set()

    assert error_paths(name, value) == expected


def test_the_optional_fields():
    optional = {
        (name.split(".")[1], ".".join(map(str, path)))
        for name, path, field in (p.values for p in FIELDS)
        if not field.required
    }

    assert optional == {
        ("catalog_product_create", "price"),
        ("sales_order_status_update", "notifyCustomer"),
    }


@pytest.mark.parametrize("name", sorted(EVENTS))
@pytest.mark.parametrize("value", [None, 1, "x", True, 1.5], ids=str)
def test_a_value_of_another_type_is_rejected(name, value):
    assert error_paths(name, value) == {""}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_list_is_not_an_object(name):
    many = EVENTS[name].schema.many
    row = samples.value(name)[0] if many else samples.value(name)

    assert error_paths(name, row if many else [row]) == {""}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sales_order_shipment_create", ("items",)),
        ("sales_order_shipment_create", ("tracks",)),
        ("sales_order_shipment_update", ("items",)),
        ("sales_order_shipment_update", ("tracks",)),
        ("sales_order_shipment_update", ("comments",)),
    ],
)
def test_a_shipments_lists_may_be_empty(name, path):
    """No items means all that is left to ship."""
    assert error_paths(
        f"be-observer.{name}", sample_with(f"be-observer.{name}", path, [])
    ) == (set())


def test_a_stock_list_may_not_be_empty():
    assert error_paths("be-observer.catalog_stock_update", []) == {""}


def test_a_stock_list_may_be_of_any_length():
    rows = samples.value("be-observer.catalog_stock_update") * 3000

    assert EVENTS["be-observer.catalog_stock_update"].load(rows) == rows


@pytest.mark.parametrize(("name", "path", "field"), FIELDS)
def test_unknown_keys_are_rejected_or_dropped(name, path, field):
    *steps, _ = path
    value = sample_with(name, (*steps, "more"), {"x": 1})
    closed = {".".join(map(str, (*steps, "more")))}

    if EVENTS[name].schema.unknown == "raise":
        assert error_paths(name, value) == closed
    else:
        assert EVENTS[name].load(value) == samples.value(name)


def test_loading_returns_a_copy():
    given = samples.value("be-observer.customer_delete")

    assert EVENTS["be-observer.customer_delete"].load(given) is not given
