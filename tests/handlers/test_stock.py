"""Stock: any number of levels, in pieces, each remembered once it is applied."""

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from functions.handlers import DirectCall
from tests.handlers.shops import InTurn, calls, handle, refused, shop_of

EVENT = "catalog_stock_update"
PATH = "POST inventory/source-items"


def row(sku, quantity=1, source="default", out=False):
    return {"sku": sku, "source": source, "quantity": quantity, "outOfStock": out}


def rows(count):
    return [row(f"SKU-{i}", i) for i in range(count)]


class Remembering(DirectCall):
    """A delivery that leaves out what was applied before."""

    def __init__(self, older=()):
        self.done = list(older)

    def pending(self, rows):
        return [row for row in rows if row not in self.done]

    def applied(self, rows):
        self.done += rows


def sent(asked):
    return [[item["sku"] for item in one.body["sourceItems"]] for one in asked]


def test_a_level_is_set():
    commerce, asked = shop_of({PATH: []})

    said = handle(EVENT, [row("A", 66), row("B", 0, "berlin", True)], commerce)

    assert said == "Stock updated successfully"
    assert calls(asked) == [
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
def test_many_levels_go_in_pieces(count, size, pieces):
    commerce, asked = shop_of({PATH: []}, COMMERCE_STOCK_PIECE_SIZE=size)

    handle(EVENT, rows(count), commerce)

    assert [len(piece) for piece in sent(asked)] == pieces
    assert sum(sent(asked), []) == [r["sku"] for r in rows(count)]


def test_of_one_sku_and_source_the_last_level_wins():
    commerce, asked = shop_of({PATH: []})

    handle(EVENT, [row("A", 1), row("A", 5, "berlin"), row("B"), row("A", 2)], commerce)

    items = asked[0].body["sourceItems"]
    assert [(i["sku"], i["source_code"], i["quantity"]) for i in items] == [
        ("A", "default", 2),
        ("A", "berlin", 5),
        ("B", "default", 1),
    ]


def test_a_delivery_goes_on_after_the_pieces_that_were_applied():
    work = Remembering()
    commerce, asked = shop_of(
        {PATH: InTurn([], requests.ReadTimeout(), [], [])},
        COMMERCE_STOCK_PIECE_SIZE="2",
    )
    with pytest.raises(Unavailable):
        handle(EVENT, rows(6), commerce, work)

    handle(EVENT, rows(6), commerce, work)

    assert sent(asked) == [
        ["SKU-0", "SKU-1"],
        ["SKU-2", "SKU-3"],
        ["SKU-2", "SKU-3"],
        ["SKU-4", "SKU-5"],
    ]
    assert work.done == rows(6)


def test_levels_that_a_newer_event_has_set_are_left_out():
    commerce, asked = shop_of({PATH: []})

    said = handle(EVENT, rows(3), commerce, Remembering(older=rows(3)))

    assert said == "Stock updated successfully"
    assert asked == []


def test_a_refused_piece_does_not_hold_back_the_others():
    work = Remembering()
    text = 'Source "%1" does not exist'
    commerce, asked = shop_of(
        {PATH: InTurn([], refused(400, text, "x"), [])}, COMMERCE_STOCK_PIECE_SIZE="1"
    )

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(3), commerce, work)

    assert len(asked) == 3
    assert work.done == [rows(3)[0], rows(3)[2]]
    assert (raised.value.status, raised.value.message) == (
        400,
        "1 of 3 pieces refused, the first: Commerce answered 400 to POST"
        ' inventory/source-items: Source "x" does not exist',
    )


def test_a_refused_single_piece_keeps_its_message():
    commerce, _ = shop_of({PATH: refused(400, "no")})

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(2), commerce)

    assert raised.value.message == (
        "Commerce answered 400 to POST inventory/source-items: no"
    )
