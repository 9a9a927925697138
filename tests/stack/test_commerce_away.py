"""A minute's outage of Commerce, seen by the whole: no event lost, nobody held up."""

import re
from collections import Counter

import requests

from functions.events import samples
from tests.running import RunningStack
from tests.support.stand_in_control import StandInControl

# What a minute holds at the pace of the cloud: a wait of 10 s, doubled each time.
TRIES = 4
CALL = {"COMMERCE_TIMEOUT_SECONDS": "1"}
HANGING = {"delay_seconds": 600, "status": 503, "body": "<html>too late"}
DROPPING = {"drop": "before"}
CLOSED = {"status": 503, "body": "<html>Maintenance"}

# Each about another thing, so that none waits for another's turn; and what it does.
EVENTS = {
    "catalog_product_create": ({}, "product.created"),
    "customer_create": ({}, "customer.created"),
    "customer_group_create": ({}, "customer_group.created"),
    "sales_order_status_update": ({"id": 9}, "order.commented"),
    "sales_order_shipment_create": ({"orderId": 8}, "shipment.created"),
}


def tries(stack: RunningStack) -> Counter:
    """How often each event was sent back to Pub/Sub, by uid."""
    return Counter(re.findall(r"^.*  retrying\b.*uid=(\S+)", stack.said(), re.M))


def test_an_outage_costs_no_event_and_both_functions_answer_amid_it(tmp_path):
    with RunningStack(tmp_path / "state", **CALL) as stack:
        commerce = StandInControl(stack.stack["commerce"])

        def away(how: dict, before: int, until_tries: int) -> int:
            fault = commerce.fail(path="/V1/", times=None, **how)
            # The oldest one applies; so there is no moment without any.
            commerce.recover(before)
            stack.wait_for(
                lambda: min(tries(stack)[uid] for uid in EVENTS) >= until_tries
            )
            return fault

        fault = commerce.fail(path="/V1/", times=None, **HANGING)
        for uid, (changes, _) in EVENTS.items():
            event = f"be-observer.{uid}"
            value = {**samples.value(event), **changes}
            assert stack.post(event, value, uid).status_code == 200
        stack.wait_for(lambda: tries(stack).total() >= len(EVENTS))
        # What asks nothing of Commerce is answered while calls to it hang.
        for _ in range(10):
            unknown = {"type": "nobody.knows", "data": {}}
            told = requests.post(stack.stack["consumer"], json=unknown, timeout=30)
            assert told.status_code == 400
        fault = away(DROPPING, fault, TRIES // 2)
        away(CLOSED, fault, TRIES)
        assert commerce.effects() == []

        commerce.recover()
        for uid in EVENTS:
            stack.outcome(uid)

        assert Counter(did for did, _ in commerce.changes()) == Counter(
            effect for _, effect in EVENTS.values()
        )
        # Only the calls with an unknown type are, which are no event and have no uid.
        refused = re.findall(r"^.*  refused\b.*uid=(\S+)", stack.said(), re.M)
        assert set(refused) == {"-"}
