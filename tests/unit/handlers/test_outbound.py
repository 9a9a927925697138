"""Handlers of outbound events: one webhook with what transform returns."""

import pytest

from functions.errors import Rejected
from functions.events.catalog import OUTBOUND_EVENTS
from tests.support.commerce_adapter import reply
from tests.support.handler_kit import FakeTarget, handle, sample


def test_three_lines_test_a_handler():
    target = FakeTarget()
    handle("commerce.order.created", sample("commerce.order.created"), target)
    assert target.sent[0]["data"]["increment_id"] == "000000041"


def test_every_field_but_commerces_own_notes_is_delivered(subtests):
    for name in sorted(OUTBOUND_EVENTS):
        with subtests.test(name=name):
            target = FakeTarget()
            value = sample(name) | {
                "_isNew": True,
                "_metadata": {},
                "of_an_extension": [1],
            }

            message = handle(name, value, target)

            assert message == "Webhook delivered successfully"
            fields = {key: value[key] for key in value if not key.startswith("_")}
            assert [event["data"] for event in target.sent] == [fields]


def test_a_rejection_reaches_the_caller():
    target = FakeTarget(reply(409, {"message": "Closed"}))

    with pytest.raises(Rejected) as raised:
        handle("commerce.stock.updated", sample("commerce.stock.updated"), target)
    assert raised.value.status == 409
