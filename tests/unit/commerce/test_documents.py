"""Readers of Commerce's JSON, which may contain anything."""

from datetime import UTC, datetime

import pytest

from functions.commerce.documents import (
    read_list,
    read_number,
    read_object,
    read_time,
)
from functions.errors import Unavailable


@pytest.mark.parametrize(
    ("document", "value"),
    [({"a": 1}, {"a": 1}), ({}, {}), pytest.param([], {}, id="PHP's empty object")],
)
def test_an_object_is_read(document, value):
    assert read_object(document) == value


@pytest.mark.parametrize("document", [None, True, 0, "text", [1], [{}]])
def test_anything_else_is_not_commerces(document):
    with pytest.raises(Unavailable) as raised:
        read_object(document)
    assert (raised.value.status, raised.value.outcome_unknown) == (503, False)


@pytest.mark.parametrize(
    ("document", "items"),
    [
        ({"items": [{"a": 1}, []]}, [{"a": 1}, {}]),
        ({"items": None}, []),
        ({"items": "text"}, []),
        ({}, []),
        ([], []),
    ],
)
def test_a_list_is_read(document, items):
    assert read_list(document) == items


def test_a_listed_item_must_be_an_object():
    with pytest.raises(Unavailable):
        read_list({"tracks": [1]}, "tracks")


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2025-01-31 12:00:00", datetime(2025, 1, 31, 12, tzinfo=UTC)),
        ("2025-01-31T12:00:00+00:00", datetime(2025, 1, 31, 12, tzinfo=UTC)),
        ("soon", None),
        (5, None),
        (None, None),
    ],
)
def test_a_time_is_utc_or_none(value, time):
    assert read_time(value) == time


@pytest.mark.parametrize(
    ("value", "number"), [(1, 1.0), ("1.5", 1.5), ("x", 0.0), (None, 0.0), ([], 0.0)]
)
def test_a_number_or_its_text_is_read(value, number):
    assert read_number(value) == number
