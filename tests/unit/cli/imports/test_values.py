"""Columns, constants and types of the values that rows make."""

import pytest

from cli.imports.values import MappingError, Values
from functions.events.catalog import EVENTS, InvalidValue

STOCK = EVENTS["be-observer.catalog_stock_update"]
PRODUCT = EVENTS["be-observer.catalog_product_create"]
SHIPMENT = EVENTS["be-observer.sales_order_shipment_create"]
COLUMNS = ["sku", "source", "quantity", "outOfStock"]


def value(event, row: dict, *, comma: bool = False, constants=None, **mapping):
    values = Values(event, list(row), mapping, constants or {}, comma)
    return values.of_cells(list(row.values()))


def test_numbers_are_converted(subtests):
    for text, comma, expected in [
        ("12", False, 12),
        (" -1.50 ", False, -1.5),
        ("12,5", True, 12.5),
        ("1.234,5", True, 1234.5),
        ("1.234", True, 1234),
        ("12", True, 12),
        # What is no number stays text, which the schema rejects.
        ("12,5", False, "12,5"),
        ("1,234.5", False, "1,234.5"),
        ("12.5", True, "12.5"),
        ("1e3", False, "1e3"),
        ("nan", False, "nan"),
        ("٣", False, "٣"),
        ("9" * 31, False, "9" * 31),
    ]:
        with subtests.test(text=text):
            row = dict(zip(COLUMNS, ["A", "default", text, "false"], strict=True))

            assert value(STOCK, row, comma=comma)["quantity"] == expected


def test_booleans_are_converted(subtests):
    for text, expected in [
        ("true", True),
        ("NO", False),
        ("1", True),
        ("0", False),
        ("maybe", "maybe"),
    ]:
        with subtests.test(text=text):
            row = dict(zip(COLUMNS, ["A", "default", "1", text], strict=True))

            assert value(STOCK, row)["outOfStock"] == expected


def test_text_stays_as_it_is():
    row = {"sku": "007", "name": " 1.0 ", "description": "", "price": ""}

    # Without a price, which is optional; the description is required, and may be empty.
    assert value(PRODUCT, row) == {"sku": "007", "name": " 1.0 ", "description": ""}


def test_columns_are_mapped_and_constants_set():
    row = {"ItemNo": "A", "Qty": "3", "Remark": "x"}

    converted = value(
        STOCK,
        row,
        constants={"source": "default", "outOfStock": "false"},
        sku="ItemNo",
        quantity="Qty",
    )

    assert converted == {
        "sku": "A",
        "quantity": 3,
        "source": "default",
        "outOfStock": False,
    }
    assert STOCK.load([converted]) == [converted]


def test_a_constant_wins_over_a_column_of_its_name():
    row = dict(zip(COLUMNS, ["A", "north", "1", "false"], strict=True))

    assert value(STOCK, row, constants={"source": "south"})["source"] == "south"


def test_fields_within_others_have_dotted_paths():
    row = {
        "orderId": "8",
        "items.0.orderItemId": "3",
        "items.0.qty": "1",
        "items.1.orderItemId": "4",
        "items.1.qty": "2",
        "Remark": "Left today",
        "comment.visibleOnFront": "yes",
        "stockSourceCode": "default",
        "tracks": "[]",
    }

    converted = value(SHIPMENT, row, **{"comment.comment": "Remark"})

    assert SHIPMENT.load(converted) == {
        "orderId": 8,
        "items": [{"orderItemId": 3, "qty": 1}, {"orderItemId": 4, "qty": 2}],
        "tracks": [],
        "comment": {"comment": "Left today", "visibleOnFront": True},
        "stockSourceCode": "default",
    }


def test_columns_that_fill_no_field_are_known():
    values = Values(STOCK, [*COLUMNS, "Remark"], {}, {})

    assert values.unused == ["Remark"]


def test_a_wrong_mapping_is_named(subtests):
    for header, mapping, reason in [
        (["sku"], {}, "needs the fields source, quantity, outOfStock"),
        (["sku;quantity"], {}, "If the file has several columns: --delimiter ';'"),
        (COLUMNS, {"weight": "sku"}, "There is no field 'weight'"),
        (COLUMNS, {"sku": "ItemNo"}, "The file has no column 'ItemNo'"),
        ([*COLUMNS, "sku"], {}, "more than one column 'sku'"),
    ]:
        with subtests.test(header=header):
            with pytest.raises(MappingError, match=reason):
                Values(STOCK, header, mapping, {})


def test_missing_cells_are_empty_and_further_cells_an_error():
    values = Values(PRODUCT, ["sku", "name", "description", "price"], {}, {})

    assert values.of_cells(["A", "x"]) == {"sku": "A", "name": "x", "description": ""}
    assert values.of_cells(["A", "x", "y", "1", ""])["price"] == 1
    with pytest.raises(ValueError, match="The row has 5 cells, and the header 4"):
        values.of_cells(["A", "x", "y", "1", "2"])


def test_json_rows_keep_their_types():
    values = Values(
        STOCK, None, {"sku": "ItemNo", "source": "sku"}, {"outOfStock": "0"}
    )

    converted = values.of_object({"ItemNo": "A", "sku": "north", "quantity": "12,5"})

    assert converted == {
        "sku": "A",
        "source": "north",
        "quantity": "12,5",
        "outOfStock": False,
    }
    with pytest.raises(InvalidValue):
        STOCK.load([converted])


def test_a_field_within_what_is_no_object_is_an_error():
    values = Values(SHIPMENT, None, {}, {"comment.comment": "x"})

    with pytest.raises(ValueError, match="within what is no object"):
        values.of_object({"comment": "text"})
