"""Order status: a comment, never without a status, never twice."""

import pytest
import requests

from functions.commerce.errors import Rejected, Unavailable
from tests.handlers.shops import (
    Unsure,
    calls,
    handle,
    refused,
    sample,
    shop_of,
    written,
)

EVENT = "sales_order_status_update"
LOOK = ("GET", "orders/8", {"fields": "status"})


def comment(status: str, asked: str = "processing", notified: int = 0) -> dict:
    return {
        "statusHistory": {
            "comment": f"Order status changed to {asked}",
            "is_customer_notified": notified,
            "is_visible_on_front": 1,
            "parent_id": 8,
            "status": status,
        }
    }


class Order:
    """Order 8 at Commerce, which may lose an answer after the comment was added."""

    def __init__(self, status="processing", comments=()):
        self.status = status
        self.comments = list(comments)
        self.lose = False
        self.answers = {
            "GET orders/8": lambda asked: {"status": self.status},
            "GET orders/8/comments": lambda asked: {"items": self.comments},
            "POST orders/8/comments": self.add,
        }

    def add(self, asked):
        self.comments.insert(  # in whatever order
            0,
            {
                **asked.body["statusHistory"],
                "created_at": written(),
                "entity_id": len(self.comments) + 1,
            },
        )
        return requests.ReadTimeout() if self.lose else True


def test_an_order_that_has_the_status_gets_a_comment():
    commerce, asked = shop_of(Order().answers)

    said = handle(EVENT, sample(EVENT), commerce)

    assert said == "Order updated successfully"
    assert calls(asked) == [
        LOOK,
        ("POST", "orders/8/comments", comment("processing")),
    ]


def test_by_default_the_status_is_left_and_the_answer_says_so():
    commerce, asked = shop_of(Order("pending").answers)

    said = handle(EVENT, sample(EVENT), commerce)

    assert said == "Order updated successfully; status not changed"
    assert calls(asked)[1][2] == comment("pending")


def test_with_status_mode_the_status_is_sent():
    commerce, asked = shop_of(
        Order("pending").answers, COMMERCE_ORDER_STATUS_MODE="status"
    )

    said = handle(EVENT, sample(EVENT), commerce)

    assert said == "Order updated successfully"
    assert calls(asked)[1][2] == comment("processing")


def test_with_status_mode_a_status_that_commerce_refuses_is_refused():
    text = 'The status "%1" is not part of the order status history.'
    answers = {
        **Order("pending").answers,
        "POST orders/8/comments": refused(400, text, "shipped"),
    }
    commerce, _ = shop_of(answers, COMMERCE_ORDER_STATUS_MODE="status")

    with pytest.raises(Rejected) as raised:
        handle(EVENT, sample(EVENT, status="shipped"), commerce)

    assert raised.value.message.endswith(
        'The status "shipped" is not part of the order status history.'
    )


def test_the_customer_is_told_where_the_event_says_so():
    commerce, asked = shop_of(Order().answers)

    handle(EVENT, sample(EVENT, notifyCustomer=True), commerce)

    assert calls(asked)[1][2] == comment("processing", notified=1)


def test_nobody_is_told_where_the_event_says_nothing():
    commerce, asked = shop_of(Order().answers)
    value = sample(EVENT)
    del value["notifyCustomer"]

    handle(EVENT, value, commerce)

    assert calls(asked)[1][2] == comment("processing", notified=0)


@pytest.mark.parametrize("status", [None, "", 7])
@pytest.mark.parametrize("mode", ["comment", "status"])
def test_an_order_without_a_status_gets_no_comment(status, mode):
    commerce, asked = shop_of(Order(status).answers, COMMERCE_ORDER_STATUS_MODE=mode)

    with pytest.raises(Rejected) as raised:
        handle(EVENT, sample(EVENT), commerce)

    assert raised.value.status == 409
    assert calls(asked) == [LOOK]


def test_an_order_that_is_not_there_is_refused():
    commerce, _ = shop_of({"GET orders/8": refused(404, "No such entity")})

    with pytest.raises(Rejected) as raised:
        handle(EVENT, sample(EVENT), commerce)
    assert raised.value.status == 404


def test_after_a_lost_answer_the_comment_is_not_added_again():
    order = Order()
    order.lose = True
    commerce, asked = shop_of(order.answers)
    with pytest.raises(Unavailable) as raised:
        handle(EVENT, sample(EVENT), commerce)
    assert raised.value.effect_unknown
    order.lose = False

    said = handle(EVENT, sample(EVENT), commerce, Unsure())

    assert said == "Order updated successfully"
    assert len(order.comments) == 1
    assert [call[0] for call in calls(asked)] == ["GET", "POST", "GET", "GET"]


def test_after_a_lost_request_the_comment_is_added():
    order = Order()
    commerce, _ = shop_of(order.answers)

    handle(EVENT, sample(EVENT), commerce, Unsure())

    assert len(order.comments) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            {"comment": "Order status changed to complete", "created_at": written()},
            id="another text",
        ),
        pytest.param(
            {
                "comment": "Order status changed to processing",
                "created_at": written(3600),
            },
            id="long before",
        ),
        pytest.param(
            {"comment": "Order status changed to processing", "created_at": None},
            id="of no time",
        ),
        pytest.param({"entity_id": 1}, id="of no form"),
    ],
)
def test_another_comment_is_not_taken_for_ours(other):
    order = Order(comments=[other])
    commerce, _ = shop_of(order.answers)

    handle(EVENT, sample(EVENT), commerce, Unsure())

    assert len(order.comments) == 2


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_status_that_comes_back_is_told_again_and_only_once(lost):
    """processing, pending, processing, within the minutes that clocks may differ."""
    order = Order()
    commerce, _ = shop_of(order.answers)
    for status in ("processing", "pending"):
        handle(EVENT, sample(EVENT, status=status), commerce)
    if lost == "answer":
        order.lose = True
        with pytest.raises(Unavailable):
            handle(EVENT, sample(EVENT), commerce)
        order.lose = False

    handle(EVENT, sample(EVENT), commerce, Unsure())

    said = [made["comment"].rpartition(" ")[2] for made in reversed(order.comments)]
    assert said == ["processing", "pending", "processing"]


def test_what_people_write_meanwhile_hides_no_comment_of_ours():
    order = Order()
    commerce, _ = shop_of(order.answers)
    handle(EVENT, sample(EVENT), commerce)
    note = {"comment": "Called the customer", "created_at": written(), "entity_id": 9}
    order.comments.append(note)

    handle(EVENT, sample(EVENT), commerce, Unsure())

    assert len(order.comments) == 2


@pytest.mark.parametrize(("before", "made"), [(280, 1), (320, 2)])
def test_clocks_may_differ_by_five_minutes(before, made):
    """By Commerce's clock, the comment was made *before* seconds ere we began."""
    comment = {
        "comment": "Order status changed to processing",
        "created_at": written(60 + before),
        "entity_id": 1,
    }
    order = Order(comments=[comment])
    commerce, _ = shop_of(order.answers)

    handle(EVENT, sample(EVENT), commerce, Unsure(60))

    assert len(order.comments) == made
