"""Stock: any number of levels, in pieces; applied pieces are recorded."""

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from tests.support.handler_kit import (
    FakeCommerce,
    FakeDelivery,
    handle,
    in_turn,
    rejection,
)

EVENT = "catalog_stock_update"
PATH = "POST inventory/source-items"


def row(sku, quantity=1, source="default", out=False):
    return {"sku": sku, "source": source, "quantity": quantity, "outOfStock": out}


def rows(count):
    return [row(f"SKU-{i}", i) for i in range(count)]


def sent_skus(commerce):
    bodies = [request.body["sourceItems"] for request in commerce.requests]
    return [[item["sku"] for item in items] for items in bodies]


def test_a_level_is_set():
    commerce = FakeCommerce({PATH: []})

    message = handle(EVENT, [row("A", 66), row("B", 0, "berlin", True)], commerce)

    assert message == "Stock updated successfully"
    assert commerce.calls == [
        (
            "POST",
            "inventory/source-items",
            {
                "sourceItems": [
                    {
                        "sku": "A",
                        "source_code": "default",
                        "quantity": 66,
                        "status": 1,
                    },
                    {"sku": "B", "source_code": "berlin", "quantity": 0, "status": 0},
                ]
            },
        )
    ]


@pytest.mark.parametrize(
    ("count", "size", "pieces"),
    [(1, "20", [1]), (20, "20", [20]), (45, "20", [20, 20, 5]), (5, "2", [2, 2, 1])],
)
def test_many_levels_are_sent_in_pieces(count, size, pieces):
    commerce = FakeCommerce({PATH: []}, COMMERCE_STOCK_PIECE_SIZE=size)

    handle(EVENT, rows(count), commerce)

    assert [len(piece) for piece in sent_skus(commerce)] == pieces
    assert sum(sent_skus(commerce), []) == [r["sku"] for r in rows(count)]


def test_the_last_level_of_a_sku_and_source_wins():
    commerce = FakeCommerce({PATH: []})

    handle(EVENT, [row("A", 1), row("A", 5, "berlin"), row("B"), row("A", 2)], commerce)

    items = commerce.requests[0].body["sourceItems"]
    assert [(i["sku"], i["source_code"], i["quantity"]) for i in items] == [
        ("A", "default", 2),
        ("A", "berlin", 5),
        ("B", "default", 1),
    ]


def test_a_redelivery_skips_the_pieces_that_were_applied():
    delivery = FakeDelivery()
    commerce = FakeCommerce(
        {PATH: in_turn([], requests.ReadTimeout(), [], [])},
        COMMERCE_STOCK_PIECE_SIZE="2",
    )
    with pytest.raises(Unavailable):
        handle(EVENT, rows(6), commerce, delivery)

    handle(EVENT, rows(6), commerce, delivery)

    assert sent_skus(commerce) == [
        ["SKU-0", "SKU-1"],
        ["SKU-2", "SKU-3"],
        ["SKU-2", "SKU-3"],
        ["SKU-4", "SKU-5"],
    ]
    assert delivery.applied_rows == rows(6)


def test_levels_set_by_a_newer_event_are_skipped():
    commerce = FakeCommerce({PATH: []})

    message = handle(EVENT, rows(3), commerce, FakeDelivery(applied_rows=rows(3)))

    assert message == "Stock updated successfully"
    assert commerce.requests == []


def test_a_rejected_piece_does_not_stop_the_others():
    delivery = FakeDelivery()
    text = 'Source "%1" does not exist'
    commerce = FakeCommerce(
        {PATH: in_turn([], rejection(400, text, "x"), [])},
        COMMERCE_STOCK_PIECE_SIZE="1",
    )

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(3), commerce, delivery)

    assert len(commerce.requests) == 3
    assert delivery.applied_rows == [rows(3)[0], rows(3)[2]]
    assert (raised.value.status, raised.value.message) == (
        400,
        "1 of 3 pieces rejected, the first: Commerce answered 400 to POST"
        ' inventory/source-items: Source "x" does not exist',
    )


def test_a_rejected_single_piece_keeps_its_message():
    commerce = FakeCommerce({PATH: rejection(400, "no")})

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(2), commerce)

    assert raised.value.message == (
        "Commerce answered 400 to POST inventory/source-items: no"
    )
