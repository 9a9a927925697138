"""docs/debugging.md: it was taken and is not done."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import requests

from cli.check_commerce import run as check_commerce
from functions.ledger.ledger import uid_hash
from functions.ledger.stores import open_store
from tests.commerce.server import Server, answer
from tests.consumer.parts import PRODUCT, VALUE, push
from tests.docs.debugging.parts import (
    EVENT,
    SECONDS,
    UPDATE,
    Bench,
    entry_of,
    lines_of,
    product,
)
from tests.serving import OAUTH1, url


@entry_of("It waits: delivery is paused")
def test_delivery_is_paused(entry, stack):
    stack.command("pause", "customer")
    stack.taken("be-observer.customer_delete", {"id": 1}, "paused-1")

    entry.is_shown_by(stack.life("paused-1", "waiting"))
    entry.also_tells(stack.command("status"), "paused since")
    stack.command("resume", "customer")
    stack.life("paused-1", "handled")


@entry_of("It waits behind another event")
def test_an_earlier_one_is_held_up(entry, stack):
    fault = stack.shop.fail(path="HELD", times=None, status=500)
    stack.taken(UPDATE, product("HELD", price=1), "first-1")
    stack.life("first-1", "retrying")
    stack.taken(UPDATE, product("HELD", price=2), "second-1")
    stack.taken(UPDATE, product("FREE"), "other-1")
    stack.life("other-1", "handled")

    stack.shows(entry, stack.life("second-1", "waiting"))
    entry.also_tells(stack.outcome("first-1", "retrying"), "retrying")
    stack.shop.recover(fault)
    stack.life("first-1", "handled")
    stack.life("second-1", "handled")
    did = [thing for _, thing in stack.shop.changes()]
    assert did.count("HELD") == 2


def fails(stack: Bench, entry, sku: str, **fault) -> str:
    """The life of an event that fails so; when the fault ends it is handled."""
    number = stack.shop.fail(path=sku, times=None, **fault)
    stack.taken(UPDATE, product(sku), f"{sku}-1")
    told = stack.life(f"{sku}-1", "retrying")
    stack.shows(entry, told)
    stack.shop.recover(number)
    stack.life(f"{sku}-1", "handled")
    return told


@entry_of("It is retried for hours: Commerce is down")
def test_commerce_is_down(entry, stack):
    fails(stack, entry, "DOWN", status=503)


def checked(variables: dict[str, str]) -> str:
    """What ``check-commerce`` says."""
    said: list[str] = []
    check_commerce(variables, False, said.append)
    return "".join(said)


@entry_of("Commerce does not take our sign-in")
def test_a_sign_in_that_is_refused(entry, stack):
    refusal = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_Catalog::products"},
    }
    fails(stack, entry, "KEYS", status=401, body=refusal)

    where = {"COMMERCE_BASE_URL": f"{stack.stack['commerce']}/rest/", **OAUTH1}
    entry.also_tells(checked(where), "sign-in", "rejected")


@entry_of("The clocks are apart")
def test_clocks_that_are_apart(entry, stack):
    fails(stack, entry, "CLOCK", status=400, message="oauth_problem=timestamp_refused")

    ahead = datetime.now(UTC) + timedelta(hours=1)
    said = answer(200, [], Date=format_datetime(ahead, usegmt=True))
    with Server(lambda request: said) as shop:
        told = checked({"COMMERCE_BASE_URL": f"{shop.url}/rest/", **OAUTH1})
    entry.also_tells(told, "clock", "s behind the store's")


@entry_of("The address of Commerce is wrong")
def test_an_address_that_is_wrong(entry, stack):
    told = fails(
        stack, entry, "ROUTE", status=404, message="Request does not match any route."
    )

    assert "404" in told
    page = {"status": 200, "body": "<html>"}
    moved = {
        "status": 301,
        "body": "",
        "headers": {"Location": "https://www.a.example"},
    }
    for sku, fault in (("PAGE", page), ("MOVED", moved)):
        number = stack.shop.fail(path=sku, times=None, **fault)
        stack.taken(UPDATE, product(sku), f"{sku}-1")
        assert "is COMMERCE_BASE_URL right?" in stack.life(f"{sku}-1", "retrying 503")
        stack.shop.recover(number)


@entry_of("No connection to Commerce")
def test_nobody_at_that_address(entry, astray):
    body = {"type": PRODUCT, "data": VALUE}
    got = requests.post(url(astray), json=body, timeout=30)

    assert got.status_code == 503
    entry.is_shown_by(got.text)


@entry_of("Another delivery is under way")
def test_two_of_one_uid(entry, stack):
    stack.shop.fail(path="TWIN", times=1, delay_seconds=4)
    value = product("TWIN")
    stack.taken(UPDATE, value, "twin-1")
    ledger = open_store(stack.stack["ledger"], "local")
    stack.wait_for(lambda: ledger.find("uid", uid_hash("twin-1")), SECONDS)
    second = push(value, UPDATE, "twin-1", "second")
    got = requests.post(stack.stack["consumer"], json=second, timeout=30)

    assert got.status_code == 503
    stack.shows(entry, stack.outcome("twin-1", "retrying"))
    stack.life("twin-1", "handled")
    again = requests.post(stack.stack["consumer"], json=second, timeout=30)
    assert again.status_code == 200


@entry_of("You call a consumer by hand")
def test_a_consumer_called_by_hand(entry, stack):
    consumer = stack.stack["consumer"]
    wrong = requests.post(consumer, EVENT, timeout=30)
    [body] = re.findall(r"-d '(.+?)'", entry.parts["Do"])
    right = requests.post(consumer, body, timeout=30)

    assert (wrong.status_code, right.status_code) == (400, 200)
    entry.is_shown_by(wrong.text)


@entry_of("Ledger or dead-letter topic cannot be reached")
def test_a_consumer_without_ledger_or_topic(entry, astray):
    # A value that is refused needs a place before it needs the ledger.
    told = [
        requests.post(url(astray), json=body, timeout=60)
        for body in (push(uid="l-1"), push({"sku": ""}, uid="l-2"))
    ]
    lines = lines_of(astray.said())

    assert [got.status_code for got in told] == [503, 503]
    entry.is_shown_by("\n".join(got.text for got in told), lines)
    pushed = [line for line in lines if line.get("uid") in ("l-1", "l-2")]
    assert not any(line.get("stage") == "call" for line in pushed)
