"""Commerce hangs, drops connections and is closed; no event is lost or held up."""

import re
from collections import Counter

import requests

from functions.events import samples
from tests.support.running import RunningStack
from tests.support.stand_in_control import StandInControl

ATTEMPTS = 4  # as many as in a minute with the cloud's backoff: 10 s, doubled each time
HANGING = {"delay_seconds": 600, "status": 503, "body": "<html>too late"}
DROPPING = {"drop": "before"}
CLOSED = {"status": 503, "body": "<html>Maintenance"}

# Each about another resource, so that none waits for another; and its effect.
EVENTS = {
    "catalog_product_create": ({}, "product.created"),
    "customer_create": ({}, "customer.created"),
    "customer_group_create": ({}, "customer_group.created"),
    "sales_order_status_update": ({"id": 9}, "order.commented"),
    "sales_order_shipment_create": ({"orderId": 8}, "shipment.created"),
}


def retries(stack: RunningStack) -> Counter:
    """How often each event was retried, by uid."""
    return Counter(re.findall(r"^.*  retrying\b.*uid=(\S+)", stack.output(), re.M))


def test_no_event_is_lost_and_both_functions_answer(tmp_path):
    with RunningStack(tmp_path / "state", COMMERCE_TIMEOUT_SECONDS="1") as stack:
        commerce = StandInControl(stack.stack["commerce"])

        def replace_fault(fault: dict, previous: int, min_retries: int) -> int:
            fault_id = commerce.fail(path="/V1/", times=None, **fault)
            # The oldest fault applies, so there is no time without any.
            commerce.recover(previous)
            stack.wait_for(
                lambda: min(retries(stack)[uid] for uid in EVENTS) >= min_retries
            )
            return fault_id

        fault_id = commerce.fail(path="/V1/", times=None, **HANGING)
        for uid, (changes, _) in EVENTS.items():
            event = f"be-observer.{uid}"
            value = {**samples.value(event), **changes}
            assert stack.post(event, value, uid).status_code == 200
        stack.wait_for(lambda: retries(stack).total() >= len(EVENTS))
        # Requests that need no call to Commerce are answered while calls hang.
        for _ in range(10):
            unknown = {"type": "unknown.event", "data": {}}
            response = requests.post(stack.stack["consumer"], json=unknown, timeout=30)
            assert response.status_code == 400
        fault_id = replace_fault(DROPPING, fault_id, ATTEMPTS // 2)
        replace_fault(CLOSED, fault_id, ATTEMPTS)
        assert commerce.effects() == []

        commerce.recover()
        for uid in EVENTS:
            stack.outcome(uid)

        assert Counter(operation for operation, _ in commerce.changes()) == Counter(
            effect for _, effect in EVENTS.values()
        )
        # Only the direct calls were rejected: they have no uid.
        rejected = re.findall(r"^.*  rejected\b.*uid=(\S+)", stack.output(), re.M)
        assert set(rejected) == {"-"}
