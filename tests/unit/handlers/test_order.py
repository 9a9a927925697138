"""Order status: a comment, never without a status, never twice."""

import pytest
import requests

from functions.errors import Rejected, Unavailable
from tests.support.handler_kit import (
    FakeCommerce,
    commerce_time,
    delivery_with_unknown_outcome,
    handle,
    in_turn,
    rejection,
    sample,
)

EVENT = "sales_order_status_update"
READ_STATUS = ("GET", "orders/8", {"fields": "status"})


def comment(status: str, text: str = "processing", notified: int = 0) -> dict:
    return {
        "statusHistory": {
            "comment": f"Order status changed to {text}",
            "is_customer_notified": notified,
            "is_visible_on_front": 1,
            "parent_id": 8,
            "status": status,
        }
    }


class Order:
    """Order 8 at Commerce, which can lose a response after the comment was added."""

    def __init__(self, status="processing", comments=()):
        self.status = status
        self.comments = list(comments)
        self.lose_response = False
        self.responses = {
            "GET orders/8": lambda request: {"status": self.status},
            "GET orders/8/comments": lambda request: {"items": self.comments},
            "POST orders/8/comments": self.add,
        }

    def add(self, request):
        self.comments.insert(  # newest first
            0,
            {
                **request.body["statusHistory"],
                "created_at": commerce_time(),
                "entity_id": len(self.comments) + 1,
            },
        )
        return requests.ReadTimeout() if self.lose_response else True


def test_an_order_with_the_status_gets_a_comment():
    commerce = FakeCommerce(Order().responses)

    message = handle(EVENT, sample(EVENT), commerce)

    assert message == "Order updated successfully"
    assert commerce.calls == [
        READ_STATUS,
        ("POST", "orders/8/comments", comment("processing")),
    ]


def test_by_default_the_order_status_is_not_changed():
    commerce = FakeCommerce(Order("pending").responses)

    message = handle(EVENT, sample(EVENT), commerce)

    assert message == "Order updated successfully; status not changed"
    assert commerce.calls[1][2] == comment("pending")


def test_in_status_mode_the_status_is_sent():
    commerce = FakeCommerce(
        Order("pending").responses, COMMERCE_ORDER_STATUS_MODE="status"
    )

    message = handle(EVENT, sample(EVENT), commerce)

    assert message == "Order updated successfully"
    assert commerce.calls[1][2] == comment("processing")


def test_in_status_mode_commerce_can_reject_the_status():
    text = 'The status "%1" is not part of the order status history.'
    responses = {
        **Order("pending").responses,
        "POST orders/8/comments": rejection(400, text, "shipped"),
    }
    commerce = FakeCommerce(responses, COMMERCE_ORDER_STATUS_MODE="status")

    with pytest.raises(Rejected) as raised:
        handle(EVENT, sample(EVENT, status="shipped"), commerce)

    assert raised.value.message.endswith(
        'The status "shipped" is not part of the order status history.'
    )


def test_the_customer_is_notified_on_request():
    commerce = FakeCommerce(Order().responses)

    handle(EVENT, sample(EVENT, notifyCustomer=True), commerce)

    assert commerce.calls[1][2] == comment("processing", notified=1)


def test_by_default_the_customer_is_not_notified():
    commerce = FakeCommerce(Order().responses)
    value = sample(EVENT)
    del value["notifyCustomer"]

    handle(EVENT, value, commerce)

    assert commerce.calls[1][2] == comment("processing", notified=0)


@pytest.mark.parametrize("status", [None, "", 7])
@pytest.mark.parametrize("mode", ["comment", "status"])
def test_an_order_without_a_status_is_rejected(status, mode):
    commerce = FakeCommerce(Order(status).responses, COMMERCE_ORDER_STATUS_MODE=mode)

    with pytest.raises(Rejected) as raised:
        handle(EVENT, sample(EVENT), commerce)

    assert raised.value.status == 409
    assert commerce.calls == [READ_STATUS]


def test_an_unknown_order_is_rejected():
    commerce = FakeCommerce({"GET orders/8": rejection(404, "No such entity")})

    with pytest.raises(Rejected) as raised:
        handle(EVENT, sample(EVENT), commerce)
    assert raised.value.status == 404


def test_after_a_lost_response_no_second_comment_is_added():
    order = Order()
    order.lose_response = True
    commerce = FakeCommerce(order.responses)
    with pytest.raises(Unavailable) as raised:
        handle(EVENT, sample(EVENT), commerce)
    assert raised.value.outcome_unknown
    order.lose_response = False

    message = handle(EVENT, sample(EVENT), commerce, delivery_with_unknown_outcome())

    assert message == "Order updated successfully"
    assert len(order.comments) == 1
    assert [call[0] for call in commerce.calls] == ["GET", "POST", "GET", "GET"]


def test_after_a_lost_request_the_comment_is_added():
    order = Order()
    commerce = FakeCommerce(order.responses)

    handle(EVENT, sample(EVENT), commerce, delivery_with_unknown_outcome())

    assert len(order.comments) == 1


def test_another_comment_is_not_taken_for_ours(subtests):
    for name, other in [
        (
            "another text",
            {
                "comment": "Order status changed to complete",
                "created_at": commerce_time(),
            },
        ),
        (
            "long ago",
            {
                "comment": "Order status changed to processing",
                "created_at": commerce_time(3600),
            },
        ),
        (
            "without time",
            {"comment": "Order status changed to processing", "created_at": None},
        ),
        ("undocumented form", {"entity_id": 1}),
    ]:
        with subtests.test(name):
            order = Order(comments=[other])
            commerce = FakeCommerce(order.responses)

            handle(EVENT, sample(EVENT), commerce, delivery_with_unknown_outcome())

            assert len(order.comments) == 2


@pytest.mark.parametrize("lost", ["request", "response"])
def test_a_repeated_status_gets_its_own_comment_once(lost):
    """processing, pending, processing, within the minutes that clocks may differ."""
    order = Order()
    commerce = FakeCommerce(order.responses)
    for status in ("processing", "pending"):
        handle(EVENT, sample(EVENT, status=status), commerce)
    if lost == "response":
        order.lose_response = True
        with pytest.raises(Unavailable):
            handle(EVENT, sample(EVENT), commerce)
        order.lose_response = False

    handle(EVENT, sample(EVENT), commerce, delivery_with_unknown_outcome())

    texts = [entry["comment"] for entry in reversed(order.comments)]
    assert [text.rpartition(" ")[2] for text in texts] == [
        "processing",
        "pending",
        "processing",
    ]


def test_other_comments_do_not_hide_ours():
    order = Order()
    commerce = FakeCommerce(order.responses)
    handle(EVENT, sample(EVENT), commerce)
    note = {
        "comment": "Called the customer",
        "created_at": commerce_time(),
        "entity_id": 9,
    }
    order.comments.append(note)

    handle(EVENT, sample(EVENT), commerce, delivery_with_unknown_outcome())

    assert len(order.comments) == 2


@pytest.mark.parametrize(("before", "comments"), [(280, 1), (320, 2)])
def test_clocks_may_differ_by_five_minutes(before, comments):
    """By Commerce's clock, the comment is *before* seconds older than the attempt."""
    comment = {
        "comment": "Order status changed to processing",
        "created_at": commerce_time(60 + before),
        "entity_id": 1,
    }
    order = Order(comments=[comment])
    commerce = FakeCommerce(order.responses)

    handle(EVENT, sample(EVENT), commerce, delivery_with_unknown_outcome(60))

    assert len(order.comments) == comments


def test_a_status_that_changed_meanwhile_is_read_again_once():
    """The order moves on between our look-up and our comment."""
    text = 'The status "%1" is not part of the order status history.'
    commerce = FakeCommerce(
        {
            "GET orders/8": in_turn({"status": "pending"}, {"status": "processing"}),
            "POST orders/8/comments": in_turn(rejection(400, text, "pending"), True),
        }
    )

    message = handle(EVENT, sample(EVENT), commerce)

    assert message == "Order updated successfully"
    statuses = [
        request.body["statusHistory"]["status"]
        for request in commerce.requests
        if request.method == "POST"
    ]
    assert statuses == ["pending", "processing"]


NOT_PART = rejection(
    400, 'The status "%1" is not part of the order status history.', "processing"
)


def test_in_status_mode_an_order_that_moved_on_is_read_again():
    """The state of the first look-up does not allow the status, the next one does."""
    commerce = FakeCommerce(
        {
            "GET orders/8": in_turn({"status": "pending"}, {"status": "paid"}),
            "POST orders/8/comments": in_turn(NOT_PART, True),
        },
        COMMERCE_ORDER_STATUS_MODE="status",
    )

    assert handle(EVENT, sample(EVENT), commerce) == "Order updated successfully"
    assert [method for method, _, _ in commerce.calls] == ["GET", "POST"] * 2


@pytest.mark.parametrize("mode", ["comment", "status"])
def test_a_refusal_with_the_status_just_read_is_rejected(mode):
    commerce = FakeCommerce(
        {
            "GET orders/8": {"status": "pending"},
            "POST orders/8/comments": in_turn(NOT_PART),
        },
        COMMERCE_ORDER_STATUS_MODE=mode,
    )

    with pytest.raises(Rejected, match="not part of the order status history"):
        handle(EVENT, sample(EVENT), commerce)
    assert [method for method, _, _ in commerce.calls] == ["GET", "POST", "GET"]


@pytest.mark.parametrize("mode", ["comment", "status"])
def test_an_order_that_keeps_moving_is_read_again_only_once(mode):
    commerce = FakeCommerce(
        {
            "GET orders/8": in_turn({"status": "pending"}, {"status": "paid"}),
            "POST orders/8/comments": in_turn(NOT_PART, NOT_PART),
        },
        COMMERCE_ORDER_STATUS_MODE=mode,
    )

    with pytest.raises(Rejected):
        handle(EVENT, sample(EVENT), commerce)


def test_a_rejection_other_than_400_is_not_tried_again():
    responses = {
        **Order().responses,
        "POST orders/8/comments": rejection(409, "No %1", "x"),
    }
    commerce = FakeCommerce(responses)

    with pytest.raises(Rejected):
        handle(EVENT, sample(EVENT), commerce)
    assert len(commerce.requests) == 2
