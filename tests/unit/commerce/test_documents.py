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


def test_anything_else_is_not_commerces(subtests):
    for document in [None, True, 0, "text", [1], [{}]]:
        with subtests.test(document=document):
            with pytest.raises(Unavailable) as raised:
                read_object(document)
            assert (raised.value.status, raised.value.outcome_unknown) == (503, False)


def test_a_list_is_read(subtests):
    for document, items in [
        ({"items": [{"a": 1}, []]}, [{"a": 1}, {}]),
        ({"items": None}, []),
        ({"items": "text"}, []),
        ({}, []),
        ([], []),
    ]:
        with subtests.test(document=document):
            assert read_list(document) == items


def test_a_listed_item_must_be_an_object():
    with pytest.raises(Unavailable):
        read_list({"tracks": [1]}, "tracks")


def test_a_time_is_utc_or_none(subtests):
    for value, time in [
        ("2025-01-31 12:00:00", datetime(2025, 1, 31, 12, tzinfo=UTC)),
        ("2025-01-31T12:00:00+00:00", datetime(2025, 1, 31, 12, tzinfo=UTC)),
        ("soon", None),
        (5, None),
        (None, None),
    ]:
        with subtests.test(value=value):
            assert read_time(value) == time


def test_a_number_or_its_text_is_read(subtests):
    for value, number in [(1, 1.0), ("1.5", 1.5), ("x", 0.0), (None, 0.0), ([], 0.0)]:
        with subtests.test(value=value):
            assert read_number(value) == number
