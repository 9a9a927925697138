"""Rows become valid events, in lanes by resource, and batches."""

import json

import pytest

from cli.imports.events import Builder, RejectedRow
from cli.imports.source import Row
from cli.imports.values import Values
from functions.events import samples
from functions.events.catalog import EVENTS

STOCK = EVENTS["be-observer.catalog_stock_update"]
DELETE = EVENTS["be-observer.catalog_product_delete"]
COLUMNS = ["sku", "source", "quantity", "outOfStock"]


def builder(event=DELETE, header=("sku",), lanes=1, rows_per_event=1, **limits):
    values = Values(event, list(header), {}, {}) if event else None
    return Builder("import-1", event, values, lanes, rows_per_event, **limits)


def batches(of: Builder, rows: list[Row]):
    return [batch for row in rows for batch in of.add(row)] + list(of.finish())


def deletions(*skus: str) -> list[Row]:
    return [Row(number, [sku]) for number, sku in enumerate(skus, 2)]


def levels(*skus: str) -> list[Row]:
    return [Row(n, [sku, "default", "1", "no"]) for n, sku in enumerate(skus, 2)]


def test_an_event_has_the_uid_of_its_row():
    [batch] = batches(builder(), deletions("A", "B"))

    assert [json.loads(event.content) for event in batch.events] == [
        {"uid": "import-1-2", "event": DELETE.name, "value": {"sku": "A"}},
        {"uid": "import-1-3", "event": DELETE.name, "value": {"sku": "B"}},
    ]


def test_a_batch_has_at_most_a_hundred_events():
    batches_sent = batches(builder(), deletions(*map(str, range(250))))

    assert [len(batch.events) for batch in batches_sent] == [100, 100, 50]


def test_a_batch_is_smaller_than_ingest_accepts():
    batches_sent = batches(builder(max_batch_bytes=300), deletions(*"ABCDEFG"))

    assert [len(batch.events) for batch in batches_sent] == [3, 3, 1]


def test_events_of_one_resource_share_a_lane_in_order():
    skus = [f"SKU-{number % 7}" for number in range(1000)]

    batches_sent = batches(builder(lanes=4), deletions(*skus))

    lanes: dict[str, set[int]] = {}
    order: dict[str, list[int]] = {}
    for batch in batches_sent:
        for event in batch.events:
            [key] = event.keys
            lanes.setdefault(key, set()).add(batch.lane)
            order.setdefault(key, []).extend(event.rows)
    assert len(lanes) == 7
    assert all(len(of) == 1 for of in lanes.values())
    assert len(set.union(*lanes.values())) > 1
    assert all(rows == sorted(rows) for rows in order.values())


def test_many_rows_become_few_events():
    rows = levels(*(f"S{number}" for number in range(1050)))

    batches_sent = batches(builder(STOCK, COLUMNS, lanes=2, rows_per_event=100), rows)

    of_all = [event for batch in batches_sent for event in batch.events]
    assert sorted(number for event in of_all for number in event.rows) == [
        row.number for row in rows
    ]
    assert 11 <= len(of_all) <= 12
    assert len(json.loads(of_all[0].content)["value"]) == 100


def test_lists_with_a_common_sku_are_in_different_batches():
    """Their messages have no ordering key, and those of one batch have one time."""
    batches_sent = batches(
        builder(STOCK, COLUMNS, rows_per_event=2), levels("A", "B", "C", "D", "a", "E")
    )

    assert [[event.rows for event in batch.events] for batch in batches_sent] == [
        [[2, 3], [4, 5]],
        [[6, 7]],
    ]


def test_a_list_and_one_row_of_a_common_sku_are_apart():
    batches_sent = batches(
        builder(STOCK, COLUMNS, rows_per_event=2), levels("A", "B", "A")
    )

    assert [[event.rows for event in batch.events] for batch in batches_sent] == [
        [[2, 3]],
        [[4]],
    ]


def test_a_bad_row_is_rejected_with_its_reason(subtests):
    for row, error, errors in [
        (
            Row(2, ["A", "default", "many", "no"]),
            "Invalid value for be-observer.catalog_stock_update",
            {"quantity": ["Must be a number."]},
        ),
        (Row(2, list("abcde")), "The row has 5 cells, and the header 4: check", {}),
        (Row(2, None, "The line is not JSON"), "The line is not JSON", {}),
        (Row(2, 7), "The row is no object", {}),
    ]:
        with subtests.test(row=row):
            with pytest.raises(RejectedRow, match=error) as rejected:
                list(builder(STOCK, COLUMNS).add(row))

            assert rejected.value.errors == errors


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_row_may_be_a_whole_event(wrapped):
    event = {"event": DELETE.name, "value": {"sku": "A", "more": 1}}
    with pytest.raises(RejectedRow) as rejected:
        list(builder(None).add(Row(1, {"data": event} if wrapped else event)))
    assert rejected.value.errors == {"more": ["Unknown field."]}

    event = {"uid": "erp-7", "event": STOCK.name, "value": samples.value(STOCK.name)}
    [batch] = batches(builder(None), [Row(1, {"data": event} if wrapped else event)])
    assert json.loads(batch.events[0].content) == event


def test_a_row_that_is_no_event_is_rejected(subtests):
    for content, error in [
        (["x"], "The row is no object with event and value"),
        ({"event": "x", "value": {}}, "Unknown event type"),
        ({"event": DELETE.name}, "missing parameter"),
        ({"event": DELETE.name, "value": {"sku": "\udc80"}}, "not valid JSON"),
    ]:
        with subtests.test(content=content):
            with pytest.raises(RejectedRow, match=error):
                list(builder(None).add(Row(1, content)))
