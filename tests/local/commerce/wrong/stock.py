"""Wrong ways to set levels, and to look through pages."""

from functions.commerce.routes import search
from functions.handlers import stock
from tests.handlers.shops import Unsure, handle
from tests.local.commerce.wrong import orders
from tests.local.commerce.wrong.case import Case
from tests.local.commerce.wrong.people import on

STOCK = "catalog_stock_update"


def row(sku, source="default", quantity=4):
    return {"sku": sku, "source": source, "quantity": quantity, "outOfStock": False}


ROWS = [row(f"SKU-{number:02d}") for number in range(21)]
ONE_IS_WRONG = [row("A"), row(" B")]


def at_once(rows):
    body = {"sourceItems": [stock.transform(each) for each in rows]}
    return lambda commerce: commerce.shop().post("inventory/source-items", body)


def in_pieces(rows, size):
    return lambda commerce: handle(
        STOCK, rows, commerce.shop(COMMERCE_STOCK_PIECE_SIZE=str(size))
    )


def levels(rows):
    return [f"stock.set {each['sku']}@default" for each in rows]


CASES = {
    "input_limits": Case(
        wrong=at_once(ROWS),
        noticed=["Rejected 400"],
        right=on(STOCK, ROWS),
        good=levels(ROWS),
    ),
    "most_items": Case(
        rules={"most_items": 5},
        wrong=at_once(ROWS[:6]),
        noticed=["Rejected 400"],
        right=in_pieces(ROWS[:6], 5),
        good=levels(ROWS[:6]),
    ),
    "pages_end": Case(
        before=on(orders.SHIP, orders.SHIPPED),
        wrong=lambda commerce: commerce.shop().get("shipments", search(page_size=301)),
        noticed=["Rejected 400"],
        right=on(orders.SHIP, orders.SHIPPED, Unsure()),  # which looks through pages
        good=[],
    ),
    "all_levels_or_none": Case(
        wrong=at_once(ONE_IS_WRONG),
        noticed=["Rejected 400"],
        right=in_pieces(ONE_IS_WRONG, 1),
        good=["stock.set A@default", "Rejected 400"],
    ),
    "levels_are_absolute": Case(
        before=on(STOCK, [row("A", quantity=4)]),
        wrong=at_once([row("A", quantity=3 - 4)]),  # the difference
        noticed=["stock.set A@default quantity=-1"],
        right=on(STOCK, [row("A", quantity=3)]),
        good=["stock.set A@default quantity=3"],
        show=("quantity",),
    ),
}
