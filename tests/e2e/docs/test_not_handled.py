"""docs/debugging.md: the event was accepted and is not handled."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import requests
from click.testing import CliRunner

from cli.__main__ import main
from functions.ledger.stores import open_ledger
from tests.support.commerce_server import RecordingServer, raw_response
from tests.support.consumer_kit import PRODUCT_CREATE, PRODUCT_VALUE, push
from tests.support.debugging_page import Entry, entry_of
from tests.support.debugging_stack import (
    EVENT,
    UPDATE,
    WAIT_SECONDS,
    DebuggingStack,
    log_entries,
    product,
)
from tests.support.serving import OAUTH1, url


@contextmanager
def failing(stack: DebuggingStack, sku: str, **fault: Any) -> Iterator[None]:
    """Calls about *sku* fail; afterwards the events are handled."""
    fault_id = stack.commerce.fail(path=sku, times=None, **fault)
    stack.publish(UPDATE, product(sku), f"{sku}-1")
    yield
    stack.commerce.recover(fault_id)
    stack.trace(f"{sku}-1", "handled")


def assert_retried(stack: DebuggingStack, entry: Entry, sku: str, **fault: Any) -> str:
    """An event that fails so is retried, as *entry* says; the output of ``trace``."""
    with failing(stack, sku, **fault):
        output = stack.trace(f"{sku}-1", "retrying")
        stack.assert_shown(entry, output)
    return output


def check_output(base_url: str) -> str:
    """The output of ``check-commerce`` for a store at *base_url*."""
    environment = {"COMMERCE_BASE_URL": base_url, **OAUTH1}
    return CliRunner(env=environment).invoke(main, ["check-commerce"]).output


@entry_of("It waits: delivery is paused")
def test_delivery_is_paused(entry, stack):
    stack.command("pause", "customer")
    stack.publish("be-observer.customer_delete", {"id": 1}, "paused-1")

    entry.assert_shown(stack.trace("paused-1", "paused"))
    entry.assert_quotes(stack.command("status"), "paused since")
    stack.command("resume", "customer")
    stack.trace("paused-1", "handled")


@entry_of("It waits behind another event")
def test_earlier_event_is_retried(entry, stack):
    fault_id = stack.commerce.fail(path="HELD", times=None, status=500)
    stack.publish(UPDATE, product("HELD", price=1), "first-1")
    stack.trace("first-1", "retrying")
    stack.publish(UPDATE, product("HELD", price=2), "second-1")
    stack.publish(UPDATE, product("FREE"), "other-1")
    stack.trace("other-1", "handled")

    stack.assert_shown(entry, stack.trace("second-1", "waiting"))
    entry.assert_quotes(stack.outcome("first-1", "retrying"), "retrying")
    stack.commerce.recover(fault_id)
    stack.trace("first-1", "handled")
    stack.trace("second-1", "handled")
    resources = [resource for _, resource in stack.commerce.changes()]
    assert resources.count("HELD") == 2


@entry_of("It is retried for hours: Commerce is down")
def test_commerce_is_down(entry, stack):
    assert_retried(stack, entry, "DOWN", status=503)


@entry_of("Commerce does not accept the credentials")
def test_credentials_are_denied(entry, stack):
    denial = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_Catalog::products"},
    }
    assert_retried(stack, entry, "KEYS", status=401, body=denial)

    output = check_output(f"{stack.stack['commerce']}/rest/")
    entry.assert_quotes(output, "FAILED", "authentication")


@entry_of("The clocks differ")
def test_clocks_differ(entry, stack):
    problem = "oauth_problem=timestamp_refused"
    assert_retried(stack, entry, "CLOCK", status=400, message=problem)

    ahead = datetime.now(UTC) + timedelta(hours=1)
    response = raw_response(200, [], Date=format_datetime(ahead, usegmt=True))
    with RecordingServer(lambda request: response) as server:
        entry.assert_quotes(check_output(f"{server.url}/rest/"), "clock")


@entry_of("The address of Commerce is wrong")
def test_wrong_address(entry, stack):
    no_route = "Request does not match any route."
    output = assert_retried(stack, entry, "ROUTE", status=404, message=no_route)

    assert "404" in output
    page = {"status": 200, "body": "<html>"}
    redirect = {
        "status": 301,
        "body": "",
        "headers": {"Location": "https://www.a.example"},
    }
    for sku, fault in (("PAGE", page), ("MOVED", redirect)):
        with failing(stack, sku, **fault):
            output = stack.trace(f"{sku}-1", "retrying 503")
        assert "is COMMERCE_BASE_URL right?" in output


@entry_of("A gateway answers instead of Commerce")
def test_gateway_answers(entry, stack):
    assert_retried(stack, entry, "GATEWAY", status=400, body="<html>blocked</html>")


@entry_of("No connection to Commerce")
def test_no_connection(entry, consumer_alone):
    body = {"type": PRODUCT_CREATE, "data": PRODUCT_VALUE}
    response = requests.post(url(consumer_alone), json=body, timeout=30)

    assert response.status_code == 503
    entry.assert_shown(response.text)


@entry_of("Another delivery is in flight")
def test_two_deliveries_of_one_uid(entry, stack):
    stack.commerce.fail(path="TWIN", times=1, delay_seconds=2)
    value = product("TWIN")
    stack.publish(UPDATE, value, "twin-1")
    ledger = open_ledger(stack.stack["ledger"], "local")
    stack.wait_for(lambda: ledger.events_of("twin-1"), WAIT_SECONDS)
    second = push(value, UPDATE, "twin-1", "second")
    response = requests.post(stack.stack["consumer"], json=second, timeout=30)

    assert response.status_code == 503
    stack.assert_shown(entry, stack.outcome("twin-1", "retrying"))
    stack.trace("twin-1", "handled")
    response = requests.post(stack.stack["consumer"], json=second, timeout=30)
    assert response.status_code == 200


@entry_of("You call a consumer directly")
def test_direct_call(entry, stack):
    consumer = stack.stack["consumer"]
    wrong = requests.post(consumer, EVENT, timeout=30)
    [body] = re.findall(r"-d '(.+?)'", entry.parts["Do"])
    right = requests.post(consumer, body, timeout=30)

    assert (wrong.status_code, right.status_code) == (400, 200)
    entry.assert_shown(wrong.text)


@entry_of("Ledger or dead-letter topic unreachable")
def test_ledger_or_topic_unreachable(entry, consumer_alone):
    # A rejected value needs the dead-letter topic before it needs the ledger.
    responses = [
        requests.post(url(consumer_alone), json=body, timeout=60)
        for body in (push(uid="l-1"), push({"sku": ""}, uid="l-2"))
    ]
    logged = log_entries(consumer_alone.output())

    assert [response.status_code for response in responses] == [503, 503]
    entry.assert_shown("\n".join(response.text for response in responses), logged)
    pushed = [one for one in logged if one.get("uid") in ("l-1", "l-2")]
    assert not any(one.get("stage") == "call" for one in pushed)
