"""What each event's value may be: for every field what is taken and what is refused."""

import copy
import json

import pytest
from marshmallow import Schema
from marshmallow.fields import Nested

from functions.events import samples
from functions.events.catalog import EVENTS, InvalidValue
from functions.events.fields import Flag, Id, Number, Rows, Sku, Text

BIG = 100_000_000_000_000
MAX_ID = 9_223_372_036_854_775_807
NOT_TEXT = [0, 1, 1.5, True, False, [], {}, ["a"]]
NOT_NUMBER = ["1", "1.5", "", True, False, [], {}, float("nan"), float("inf")]

TAKEN = {
    Text: ["a", "a" * 5000, " ", "é", "😀", "a\nb"],
    Sku: ["a", "a" * 64, "é" * 64, "a/b", "...", "a.", ".a", " ", "?#%2F+"],
    Number: [0, 1, -1, 1.5, -0.0001, BIG, -BIG, 1e-9],
    Id: [1, 15, MAX_ID],
    Flag: [True, False],
}
REFUSED = {
    Text: [*NOT_TEXT, "", "\0", "a\0b", "\ud800", "a\udfff"],
    Sku: [*NOT_TEXT, "", ".", "..", "a" * 65, "\0", "\ud800"],
    Number: [*NOT_NUMBER, BIG + 1, -BIG - 1, 10**400, 1e300],
    Id: [*NOT_NUMBER, 0, -1, 1.0, 15.0, 1.5, MAX_ID + 1, 10**400],
    Flag: ["true", "yes", "1", "", 0, 1, 1.0, [], {}],
}


def places(schema: Schema, path=()):
    """Every field of *schema*, nested ones too: path in the sample, and the field."""
    path = (*path, 0) if schema.many else path
    for name, field in schema.fields.items():
        yield (*path, name), field
        if isinstance(field, Rows):
            yield from places(field.row, (*path, name, 0))
        if isinstance(field, Nested):
            yield from places(field.schema, (*path, name))


FIELDS = [
    pytest.param(
        name, path, field, id=f"{name.split('.')[1]}-{'.'.join(map(str, path))}"
    )
    for name, event in sorted(EVENTS.items())
    for path, field in places(event.schema)
]
SCALARS = [p for p in FIELDS if type(p.values[2]) in TAKEN]


def sample_with(name, path, given):
    """The sample of *name* with *given* in place of what stands at *path*."""
    value = copy.deepcopy(samples.value(name))
    *steps, last = path
    place = value
    for step in steps:
        place = place[step]
    place[last] = given
    return value


def faults(name, value):
    """Paths at fault."""
    try:
        EVENTS[name].load(value)
    except InvalidValue as error:
        return set(error.errors)
    return set()


@pytest.mark.parametrize(("name", "path", "field"), SCALARS)
def test_a_field_takes_what_it_should_and_keeps_it(name, path, field):
    for given in TAKEN[type(field)]:
        value = sample_with(name, path, given)
        loaded = EVENTS[name].load(value)

        # As text, since 1, 1.0 and True are equal.
        assert json.dumps(loaded, sort_keys=True) == json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(("name", "path", "field"), SCALARS)
def test_a_field_refuses_what_it_should(name, path, field):
    empty_is_fine = isinstance(field, Text) and field.least == 0
    zero_is_fine = isinstance(field, Id) and field.least == 0
    where = {".".join(map(str, path))}
    for given in REFUSED[type(field)]:
        taken = (empty_is_fine and given == "") or (
            zero_is_fine and type(given) is int and given == 0
        )
        expected = set() if taken else where

        assert faults(name, sample_with(name, path, given)) == expected, repr(given)


@pytest.mark.parametrize(("name", "path", "field"), FIELDS)
def test_null_is_never_taken(name, path, field):
    assert faults(name, sample_with(name, path, None)) == {".".join(map(str, path))}


@pytest.mark.parametrize(("name", "path", "field"), FIELDS)
def test_a_required_field_may_not_be_left_out(name, path, field):
    value = copy.deepcopy(samples.value(name))
    *steps, last = path
    place = value
    for step in steps:
        place = place[step]
    place.pop(last, None)
    expected = {".".join(map(str, path))} if field.required else set()

    assert faults(name, value) == expected


def test_what_may_be_left_out():
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
def test_a_value_of_the_wrong_kind_is_refused_as_a_whole(name, value):
    assert faults(name, value) == {""}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_objects_and_lists_are_told_apart(name):
    many = EVENTS[name].schema.many
    row = samples.value(name)[0] if many else samples.value(name)

    assert faults(name, row if many else [row]) == {""}


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
    assert faults(
        f"be-observer.{name}", sample_with(f"be-observer.{name}", path, [])
    ) == (set())


def test_a_stock_list_may_not_be_empty():
    assert faults("be-observer.catalog_stock_update", []) == {""}


def test_a_stock_list_may_be_of_any_length():
    rows = samples.value("be-observer.catalog_stock_update") * 3000

    assert EVENTS["be-observer.catalog_stock_update"].load(rows) == rows


@pytest.mark.parametrize(("name", "path", "field"), FIELDS)
def test_more_keys_are_refused_inside_closed_values_and_dropped_from_open(
    name, path, field
):
    *steps, _ = path
    value = sample_with(name, (*steps, "more"), {"x": 1})
    closed = {".".join(map(str, (*steps, "more")))}

    if EVENTS[name].schema.unknown == "raise":
        assert faults(name, value) == closed
    else:
        assert EVENTS[name].load(value) == samples.value(name)


def test_a_value_that_was_loaded_is_not_the_one_given():
    given = samples.value("be-observer.customer_delete")

    assert EVENTS["be-observer.customer_delete"].load(given) is not given
