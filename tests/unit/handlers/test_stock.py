"""Stock: any number of levels, in pieces; applied rows are recorded."""

import math
import random

import pytest
import requests

from functions.errors import Ambiguous, Rejected, Unavailable
from functions.handlers import Skipped
from tests.support.handler_kit import (
    FakeCommerce,
    FakeDelivery,
    handle,
    in_turn,
    rejection,
)

EVENT = "catalog_stock_update"
PATH = "POST inventory/source-items"
UNKNOWN_SOURCE = rejection(400, 'Source "%1" does not exist', "x")


def row(sku, quantity=1, source="default", out=False):
    return {"sku": sku, "source": source, "quantity": quantity, "outOfStock": out}


def rows(count):
    return [row(f"SKU-{i}", i) for i in range(count)]


def skus(items):
    return [item["sku"] for item in items]


def sent_skus(commerce):
    return [skus(request.body["sourceItems"]) for request in commerce.requests]


def store_without(*bad, error=UNKNOWN_SOURCE, **settings):
    """A store that refuses every call with one of the *bad* SKUs."""

    def respond(request):
        return error if set(bad) & set(skus(request.body["sourceItems"])) else []

    return FakeCommerce({PATH: respond}, **settings)


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


def test_many_levels_are_sent_in_pieces(subtests):
    for count, size, pieces in [
        (1, "20", [1]),
        (20, "20", [20]),
        (45, "20", [20, 20, 5]),
        (5, "2", [2, 2, 1]),
    ]:
        with subtests.test(count=count):
            commerce = FakeCommerce({PATH: []}, COMMERCE_STOCK_PIECE_SIZE=size)

            handle(EVENT, rows(count), commerce)

            assert [len(piece) for piece in sent_skus(commerce)] == pieces
            assert sum(sent_skus(commerce), []) == skus(rows(count))


def test_the_last_level_of_a_sku_and_source_wins():
    commerce = FakeCommerce({PATH: []})

    levels = [row("A", 1), row("A", 5, "berlin"), row("B"), row("a ", 2)]
    handle(EVENT, levels, commerce)

    items = commerce.requests[0].body["sourceItems"]
    assert [(i["sku"], i["source_code"], i["quantity"]) for i in items] == [
        ("a ", "default", 2),
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


def test_an_event_with_only_outdated_levels_is_skipped():
    commerce = FakeCommerce({PATH: []})

    with pytest.raises(Skipped) as raised:
        handle(EVENT, rows(3), commerce, FakeDelivery(newer_rows=rows(3)))

    assert raised.value.reason == "outdated"
    assert raised.value.message == (
        "Stock not updated: 3 of 3 rows were older than what is applied"
    )
    assert commerce.requests == []


def test_outdated_levels_are_counted_in_the_message():
    commerce = FakeCommerce({PATH: []})

    message = handle(EVENT, rows(3), commerce, FakeDelivery(newer_rows=rows(1)))

    assert message == (
        "Stock updated successfully; 1 of 3 rows were older than what is applied"
    )
    assert sent_skus(commerce) == [["SKU-1", "SKU-2"]]


def test_a_bad_row_does_not_stop_the_others():
    delivery, commerce = FakeDelivery(), store_without("SKU-24")

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(60), commerce, delivery)

    assert len(delivery.applied_rows) == 59
    assert (raised.value.status, raised.value.message) == (
        400,
        "1 of 60 rows were not applied (counted from 1: 25): Commerce answered 400 to"
        ' POST inventory/source-items: Source "x" does not exist',
    )
    # Three pieces, of which one is halved until the bad row is alone.
    assert len(commerce.requests) <= 3 + 2 * 5


def test_an_ambiguous_row_makes_the_event_ambiguous():
    error = rejection(400, "Could not save Source Item")
    commerce = store_without("SKU-1", error=error)

    with pytest.raises(Ambiguous, match="1 of 3 rows .* 2"):
        handle(EVENT, rows(3), commerce)


def test_many_bad_rows_are_not_all_isolated():
    bad = skus(rows(200))
    commerce = store_without(*bad, COMMERCE_STOCK_PIECE_SIZE="100")

    with pytest.raises(Rejected, match="200 of 200 rows .* and 168 more"):
        handle(EVENT, rows(200), commerce)
    assert len(commerce.requests) < 100


@pytest.mark.parametrize("count", [2, 20, 100])
@pytest.mark.parametrize("piece", [20, 100])
def test_a_bad_row_costs_about_two_logarithms_of_calls(count, piece):
    for number in {1, count // 3 + 1, count}:
        delivery, commerce = (
            FakeDelivery(),
            store_without(f"SKU-{number - 1}", COMMERCE_STOCK_PIECE_SIZE=str(piece)),
        )

        with pytest.raises(Rejected, match=rf"counted from 1: {number}\)"):
            handle(EVENT, rows(count), commerce, delivery)

        assert len(delivery.applied_rows) == count - 1
        pieces = math.ceil(count / piece)
        depth = math.ceil(math.log2(min(count, piece)))
        assert len(commerce.requests) <= pieces + 2 * depth


@pytest.mark.parametrize("ambiguous", [True, False])
@pytest.mark.parametrize("size", [1, 7, 30])
def test_exactly_the_bad_rows_are_not_applied(size, ambiguous):
    chooser = random.Random(size)  # noqa: S311 repeatable
    bad = chooser.sample(range(1, 25), chooser.randint(2, 12))
    error = rejection(400, "Could not save Source Item") if ambiguous else None
    delivery, commerce = (
        FakeDelivery(),
        store_without(
            *(f"SKU-{number - 1}" for number in bad),
            error=error or UNKNOWN_SOURCE,
            COMMERCE_STOCK_PIECE_SIZE=str(size),
        ),
    )

    with pytest.raises(Ambiguous if ambiguous else Rejected) as raised:
        handle(EVENT, rows(24), commerce, delivery)

    numbers = ", ".join(str(number) for number in sorted(bad))
    assert raised.value.message.startswith(
        f"{len(bad)} of 24 rows were not applied (counted from 1: {numbers}): "
    )
    applied = {row["sku"] for row in delivery.applied_rows}
    assert applied == {f"SKU-{n - 1}" for n in range(1, 25) if n not in bad}


def test_after_too_many_bad_rows_good_pieces_are_still_applied():
    bad = skus(rows(60))[:40]
    delivery, commerce = FakeDelivery(), store_without(*bad)

    with pytest.raises(Rejected, match="40 of 60 rows .* and 8 more"):
        handle(EVENT, rows(60), commerce, delivery)

    assert skus(delivery.applied_rows) == skus(rows(60))[40:]


def test_a_rejection_without_ambiguity_needs_no_other_attempt():
    """A row of another kind of failure makes the whole event come again."""
    errors = {"SKU-1": rejection(400, "Could not save Source Item")}

    def respond(request):
        sent = skus(request.body["sourceItems"])
        if "SKU-1" in sent:
            return errors["SKU-1"]
        return UNKNOWN_SOURCE if "SKU-3" in sent else []

    with pytest.raises(Ambiguous, match=r"2 of 5 rows .* 2, 4\)"):
        handle(EVENT, rows(5), FakeCommerce({PATH: respond}))


def test_outdated_rows_are_counted_beside_bad_ones():
    delivery = FakeDelivery(newer_rows=rows(2))

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(5), store_without("SKU-4"), delivery)

    assert raised.value.message.startswith(
        "2 of 5 rows were older than what is applied;"
        " 1 of 5 rows were not applied (counted from 1: 5): "
    )


def test_a_row_has_the_number_of_its_last_occurrence():
    levels = [row("A"), row("B"), row("a ", 2), row("C")]

    with pytest.raises(Rejected, match=r"1 of 3 rows .* 3\)"):
        handle(EVENT, levels, store_without("a "))


def test_a_single_rejected_row_keeps_its_message():
    commerce = FakeCommerce({PATH: rejection(400, "No %1", "x")})

    with pytest.raises(Rejected) as raised:
        handle(EVENT, rows(1), commerce)

    assert raised.value.message == (
        "Commerce answered 400 to POST inventory/source-items: No x"
    )
