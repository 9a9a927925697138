"""The values of events: for every field, the values it accepts and rejects."""

import copy
import json

import pytest
from marshmallow import Schema
from marshmallow.fields import Nested

from functions.events import samples
from functions.events.catalog import INBOUND_EVENTS, InvalidValue, find
from functions.events.fields import Boolean, Id, Number, ObjectList, Sku, Text
from tests.support import adobe_kit_events

BIG = 100_000_000_000_000
QUANTITY = 99_999_999
MAX_ID = 9_223_372_036_854_775_807
NOT_TEXT = [0, 1, 1.5, True, False, [], {}, ["a"]]
NOT_NUMBER = ["1", "1.5", "", True, False, [], {}, float("nan"), float("inf")]

ACCEPTED = {
    Text: ["a", " ", "é", "😀", "a\nb"],
    Sku: ["a", "a" * 64, "é" * 64, "a/b", "...", "a.", ".a", "a b", "?#%2F+", "\xa0"],
    Number: [0, 1, -1, 1.5, -0.0001, BIG, -BIG, 1e-9, 99_999_999],
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
    (name, path, field)
    for name, event in sorted(INBOUND_EVENTS.items())
    for path, field in fields_of(event.schema)
]
SCALARS = [row for row in FIELDS if type(row[2]) in ACCEPTED]


def sample_with(name, path, given):
    """The sample of *name* with *given* at *path*."""
    value = copy.deepcopy(samples.value(name))
    *steps, last = path
    holder = value
    for step in steps:
        holder = holder[step]
    holder[last] = given
    return value


def loaded(name, value):
    """What *value* becomes; the set of its error paths when it is invalid."""
    try:
        return INBOUND_EVENTS[name].load(value)
    except InvalidValue as error:
        return set(error.errors)


def error_paths(name, value):
    """The paths that have errors."""
    result = loaded(name, value)
    return result if isinstance(result, set) else set()


def path_text(path):
    return ".".join(map(str, path))


def test_the_fields_of_every_event_are_checked():
    assert {name for name, _, _ in FIELDS} == set(INBOUND_EVENTS)
    assert {type(field) for _, _, field in SCALARS} == set(ACCEPTED) == set(REJECTED)


def test_a_field_accepts_and_keeps_valid_values():
    changed = []
    for name, path, field in SCALARS:
        for given in ACCEPTED[type(field)]:
            if isinstance(field, Number) and abs(given) > field.limit:
                continue
            value = sample_with(name, path, given)
            # Compared as text, since 1, 1.0 and True are equal.
            result = json.dumps(loaded(name, value), sort_keys=True, default=str)
            if result != json.dumps(value, sort_keys=True):
                changed.append((name, path, given, result))

    assert changed == []


def test_a_field_rejects_invalid_values():
    wrong = []
    for name, path, field in SCALARS:
        accepts_empty = isinstance(field, Text) and field.min_length == 0
        accepts_zero = isinstance(field, Id) and field.minimum == 0
        for given in REJECTED[type(field)]:
            accepted = (accepts_empty and given == "") or (
                accepts_zero and type(given) is int and given == 0
            )
            expected = set() if accepted else {path_text(path)}
            if error_paths(name, sample_with(name, path, given)) != expected:
                wrong.append((name, path, given))

    assert wrong == []


# Longest text of each field that Commerce's columns bound, by event and field.
CHARACTERS = {
    "catalog_product_create": {"name": 255},
    "catalog_product_update": {"name": 255},
    "customer_create": {"name": 255, "lastname": 255, "email": 255},
    "customer_update": {"name": 255, "lastname": 255, "email": 255},
    "sales_order_shipment_create": {
        "stockSourceCode": 255,
        "tracks.0.title": 255,
        "tracks.0.carrierCode": 32,
    },
    "sales_order_shipment_update": {
        "stockSourceCode": 255,
        "tracks.0.title": 255,
        "tracks.0.carrierCode": 32,
    },
    "catalog_stock_update": {"0.source": 255},
}
BYTES = {
    "catalog_product_create": {"description": 65_535},
    "catalog_product_update": {"description": 65_535},
    "customer_group_create": {"name": 32},
    "customer_group_update": {"name": 32},
    "sales_order_shipment_create": {
        "tracks.0.trackNumber": 65_535,
        "comment.comment": 65_535,
    },
    "sales_order_shipment_update": {
        "tracks.0.trackNumber": 65_535,
        "comments.0.comment": 65_535,
    },
}


def bounded(limits: dict) -> list:
    return [
        (f"be-observer.{name}", path, longest)
        for name, fields in limits.items()
        for path, longest in fields.items()
    ]


def messages_of(name: str, path: str, given) -> list[str]:
    """The messages about *given* at *path* of the sample."""
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    try:
        INBOUND_EVENTS[name].load(sample_with(name, tuple(steps), given))
    except InvalidValue as error:
        return error.errors[path]
    return []


def test_a_varchar_column_counts_characters(subtests):
    for name, path, longest in bounded(CHARACTERS):
        with subtests.test(name=name, path=path):
            assert messages_of(name, path, "😀" * longest) == []
            assert messages_of(name, path, "a" * (longest + 1)) == [
                f"Must be at most {longest} characters."
            ]


def test_other_text_is_bounded_by_its_bytes(subtests):
    """A TEXT column counts bytes; PHP cuts a customer group's code by bytes."""
    for name, path, longest in bounded(BYTES):
        with subtests.test(name=name, path=path):
            longest_umlauts = "é" * (longest // 2)

            assert messages_of(name, path, "a" * longest) == []
            assert messages_of(name, path, longest_umlauts) == []
            assert messages_of(name, path, longest_umlauts + "aa") == [
                f"Must be at most {longest} bytes in UTF-8."
            ]


def test_a_new_sku_has_no_blank_at_either_end(subtests):
    for sku in [" A", "A ", "A\n", "\tA", "A\r", "A\v", " "]:
        with subtests.test(sku=sku):
            error = ["Must not begin or end with a blank."]

            assert (
                messages_of("be-observer.catalog_product_create", "sku", sku) == error
            )
            for event in ("catalog_product_update", "catalog_product_delete"):
                assert messages_of(f"be-observer.{event}", "sku", sku) == []
            assert messages_of("be-observer.catalog_stock_update", "0.sku", sku) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("be-observer.catalog_stock_update", "0.quantity"),
        ("be-observer.sales_order_shipment_create", "items.0.qty"),
        ("be-observer.sales_order_shipment_update", "items.0.qty"),
    ],
)
def test_a_quantity_fits_its_column(name, path):
    for given in (QUANTITY, -QUANTITY):
        assert messages_of(name, path, given) == []
    for given in (QUANTITY + 1, -QUANTITY - 0.5, BIG):
        assert messages_of(name, path, given) == [
            "Must be between -99999999 and 99999999."
        ]


def test_lists_and_objects_are_named_at_every_level(subtests):
    for name, path, given, message in [
        ("customer_delete", (), [], "Must be an object."),
        ("catalog_stock_update", (), {}, "Must be a list."),
        ("catalog_stock_update", (), None, "Must be a list."),
        ("catalog_stock_update", (0,), [1], "Must be an object."),
        ("catalog_stock_update", (0,), 5, "Must be an object."),
        ("sales_order_shipment_create", ("items",), {}, "Must be a list."),
        ("sales_order_shipment_create", ("items", 0), [], "Must be an object."),
        ("sales_order_shipment_create", ("comment",), [], "Must be an object."),
        ("sales_order_shipment_create", ("comment",), "x", "Must be an object."),
        ("sales_order_shipment_update", ("comments",), {}, "Must be a list."),
        ("sales_order_shipment_update", ("comments", 0), "x", "Must be an object."),
    ]:
        with subtests.test(name=name, path=path):
            name = f"be-observer.{name}"
            value = sample_with(name, path, given) if path else given
            with pytest.raises(InvalidValue) as raised:
                INBOUND_EVENTS[name].load(value)

            assert raised.value.errors == {path_text(path): [message]}


def test_null_is_rejected():
    assert [
        (name, path)
        for name, path, _ in FIELDS
        if error_paths(name, sample_with(name, path, None)) != {path_text(path)}
    ] == []


def test_a_required_field_may_not_be_absent():
    wrong = []
    for name, path, field in FIELDS:
        value = copy.deepcopy(samples.value(name))
        *steps, last = path
        holder = value
        for step in steps:
            holder = holder[step]
        holder.pop(last, None)
        expected = {path_text(path)} if field.required else set()
        if error_paths(name, value) != expected:
            wrong.append((name, path))

    assert wrong == []


def test_the_optional_fields():
    optional = {
        (name.split(".")[1], path_text(path))
        for name, path, field in FIELDS
        if not field.required and name in adobe_kit_events.EVENTS
    }

    assert optional == {
        ("catalog_product_create", "price"),
        ("sales_order_status_update", "notifyCustomer"),
    }


def test_a_value_of_another_type_is_rejected():
    assert [
        (name, value)
        for name in INBOUND_EVENTS
        for value in (None, 1, "x", True, 1.5)
        if error_paths(name, value) != {""}
    ] == []


def test_a_list_is_not_an_object():
    wrong = []
    for name, event in INBOUND_EVENTS.items():
        value = samples.value(name)
        if error_paths(name, value[0] if event.schema.many else [value]) != {""}:
            wrong.append(name)

    assert wrong == []


def test_a_shipments_lists_may_be_empty(subtests):
    """No items means all that is left to ship."""
    for name, path in [
        ("sales_order_shipment_create", ("items",)),
        ("sales_order_shipment_create", ("tracks",)),
        ("sales_order_shipment_update", ("items",)),
        ("sales_order_shipment_update", ("tracks",)),
        ("sales_order_shipment_update", ("comments",)),
    ]:
        with subtests.test(name=name):
            assert error_paths(
                f"be-observer.{name}", sample_with(f"be-observer.{name}", path, [])
            ) == (set())


def test_a_stock_list_may_not_be_empty():
    assert error_paths("be-observer.catalog_stock_update", []) == {""}


def test_a_stock_list_may_be_of_any_length():
    rows = samples.value("be-observer.catalog_stock_update") * 3000

    assert INBOUND_EVENTS["be-observer.catalog_stock_update"].load(rows) == rows


def test_unknown_keys_are_rejected_or_dropped():
    wrong = []
    for name, path, _ in FIELDS:
        *steps, _ = path
        value = sample_with(name, (*steps, "more"), {"x": 1})
        is_closed = INBOUND_EVENTS[name].schema.unknown == "raise"
        rejected = {path_text((*steps, "more"))}
        if loaded(name, value) != (rejected if is_closed else samples.value(name)):
            wrong.append((name, path))

    assert wrong == []


def test_loading_returns_a_copy():
    given = samples.value("be-observer.customer_delete")

    assert INBOUND_EVENTS["be-observer.customer_delete"].load(given) is not given


def test_the_keys_of_a_forwarded_value_keep_their_order():
    """So that every attempt's webhook has the same body."""
    value = {name: 1 for name in "zyxwv"} | {"sku": "A"} | {"a": 1, "id": 2}

    loaded = find("commerce.product.updated").load(value)

    assert list(loaded) == list(value)
