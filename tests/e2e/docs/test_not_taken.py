"""docs/debugging.md: the event was not taken."""

import time
from email.utils import parsedate_to_datetime

import requests

from tests.consumer.parts import PRODUCT, VALUE
from tests.docs.debugging.parts import (
    EVENT,
    TOKEN,
    UPDATE,
    entry_of,
    lines_of,
    product,
    signed,
)
from tests.serving import url


@entry_of("401")
def test_a_wrong_token(entry, stack):
    wrong = stack.send(UPDATE, product("A"), "u", Authorization=f"Bearer erp:{TOKEN}")

    assert wrong.status_code == 401
    stack.shows(entry, wrong.text)
    for right in (
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": "", "X-API-Key": TOKEN},
    ):
        assert stack.send(UPDATE, product("A"), "u", **right).status_code == 200


@entry_of("401, signed with the right secret")
def test_a_clock_that_is_wrong(entry, lonely):
    late = signed(EVENT, time.time() - 400)
    refused = requests.post(url(lonely), EVENT, headers=late, timeout=30)

    challenge = f"WWW-Authenticate: {refused.headers['WWW-Authenticate']}"
    entry.is_shown_by(f"{refused.text}\n{challenge}")
    entry.also_tells(f"Date: {refused.headers['Date']}", "Date:")
    now = parsedate_to_datetime(refused.headers["Date"]).timestamp()
    known = requests.post(url(lonely), EVENT, headers=signed(EVENT, now), timeout=30)
    assert known.status_code == 503  # known, and then nobody to store it


@entry_of("400 with `errors`")
def test_a_wrong_value(entry, stack):
    refused = stack.send(UPDATE, product("A", price="9.5"), "erp-1")

    assert refused.status_code == 400
    stack.shows(entry, refused.text)
    [line] = [line for line in stack.lines() if line.get("uid") == "erp-1"]
    assert (line["caller"], line["fields"]) == ("erp", ["data.value.price"])
    assert stack.send(UPDATE, product("A", price=9.5), "erp-1").status_code == 200


@entry_of("400, and the body is at fault")
def test_a_body_in_another_encoding(entry, stack):
    text = EVENT.decode().replace('"n"', '"é"')
    latin, torn = stack.raw(text.encode("latin-1")), stack.raw(EVENT[:-1])

    assert (latin.status_code, torn.status_code) == (400, 400)
    entry.is_shown_by(f"{latin.text}\n{torn.text}")
    assert stack.raw(text.encode("utf-16")).status_code == 400
    assert text.encode("utf-16")[:2].hex(" ") in entry.parts["Look"]
    assert "é".encode("latin-1").hex() in entry.parts["Look"]
    assert stack.raw(text.encode()).status_code == 200


@entry_of("400, unknown event")
def test_an_unknown_event(entry, stack):
    refused = stack.send("be-observer.catalog_product_saved", VALUE, "u")

    entry.is_shown_by(refused.text)
    assert stack.send(f"acme.{UPDATE}", VALUE, "u").status_code == 200


@entry_of("413")
def test_a_body_that_is_too_long(entry, stack):
    refused = stack.raw(EVENT.ljust(20_001))

    assert refused.status_code == 413
    stack.shows(entry, refused.text)


@entry_of("503, Pub/Sub cannot be reached")
def test_nobody_to_store_it(entry, lonely):
    headers = signed(EVENT, time.time())
    refused = requests.post(url(lonely), EVENT, headers=headers, timeout=30)

    assert refused.status_code == 503
    again = f"Retry-After: {refused.headers['Retry-After']}"
    lines = lines_of(lonely.said())
    entry.is_shown_by(f"{refused.text}\n{again}", lines)
    entry.also_tells(
        str([line["message"] for line in lines]),
        "Pub/Sub did not take the event:",
    )


@entry_of("405 or 404 from `GET /events/…`")
def test_what_became_of_it_is_not_told(entry, stack, lonely):
    off = requests.get(f"{url(lonely)}/events/x", timeout=30)
    door = {"Authorization": f"Bearer {TOKEN}"}
    asked = f"{stack.stack['ingest']}/events/"
    unseen = requests.get(f"{asked}nobody", headers=door, timeout=30)

    assert (off.status_code, unseen.status_code) == (405, 404)
    entry.is_shown_by(f"{off.text}\n{unseen.text}")
    stack.taken(PRODUCT, product("SEEN"), "a/b")
    stack.life("a/b", "handled")
    seen = requests.get(f"{asked}a%2Fb", headers=door, timeout=30)
    assert (seen.status_code, seen.json()["state"]) == (200, "handled")
