"""docs/debugging.md: events of Commerce on their way to the third party."""

import requests

from functions.events import samples
from tests.support.debugging_page import entry_of
from tests.support.debugging_stack import UPDATE, WAIT_SECONDS, product
from tests.support.stand_in_control import StandInControl

ORDER = "sales_order_save_commit_after"


def report_order(stack, number: str) -> str:
    """Have the stand-in report an order; the event's id."""
    value = {**samples.value("commerce.order.updated"), "id": number}
    sent = stack.commerce.control("POST", "events", {"name": ORDER, "value": value})
    assert sent["status"] == 200, sent
    return sent["event_id"]


@entry_of("Adobe's deliveries get a 401")
def test_another_client(entry, stack):
    delivery = {"recipientclientid": "another", "eventid": "e-1"}
    response = requests.post(
        stack.stack["commerce_events"], json=delivery, timeout=WAIT_SECONDS
    )

    assert response.status_code == 401
    stack.assert_shown(entry, response.text)


@entry_of("The third party's webhook denies access")
def test_webhook_denies_access(entry, stack):
    back_office = StandInControl(stack.stack["back_office"])
    back_office.fail(times=None, status=401)
    uid = report_order(stack, "701")

    stack.assert_shown(entry, stack.trace(uid, "retrying"))
    back_office.control("DELETE", "faults")
    stack.trace(uid, "handled")


@entry_of("The third party rejected it")
def test_third_party_rejects(entry, stack):
    StandInControl(stack.stack["back_office"]).fail(status=422, message="unknown sku")
    uid = report_order(stack, "702")

    output = stack.trace(uid, "rejected")
    stack.assert_shown(entry, output)
    assert "unknown sku" in output
    page = requests.get(
        f"{stack.stack['console']}/event", params={"key": uid}, timeout=WAIT_SECONDS
    ).text
    assert "<h2>Webhooks</h2>" in page
    assert "Calls to Commerce" not in page
    stack.wait_for_output(uid, "dead-letters")
    stack.command("replay", "--uid", uid)
    stack.trace(uid, "handled")


@entry_of("A change in Commerce does not reach the third party")
def test_own_change(entry, stack):
    for price in (9.5, 9.75):
        stack.publish(UPDATE, product("ECHO", price=price), f"echo-{price}")
        stack.trace(f"echo-{price}", "handled")

        def reported(price=price):
            return [
                event["event_id"]
                for event in stack.commerce.control("GET", "events")["events"]
                if event["body"]["data"]["value"].get("sku") == "ECHO"
                and float(event["body"]["data"]["value"]["price"]) == price
            ]

        stack.wait_for(reported, WAIT_SECONDS)

    stack.assert_shown(entry, stack.trace(reported()[0], "skipped"))
