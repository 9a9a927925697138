"""What the console's pages show of events and dead letters, by plain requests."""

import html
import json
import re

import pytest
import requests

pytestmark = pytest.mark.usefixtures("clean")

ORDER = "be-observer.sales_order_status_update"
CREATE = "be-observer.catalog_product_create"


def test_a_rejection_without_uid_has_a_page(stack, console):
    requests.post(stack.stack["ingest"], b'{"data": {"event": "x"}}', timeout=30)
    stack.wait_for(lambda: "rejected by ingest" in console.get("/").text)
    page = console.get("/").text
    [key] = re.findall(r'(key=%23[^"]+)"[^>]*>rejected by ingest', page)[:1]

    shown = console.get(f"/event?{key}").text

    assert "Rejected by ingest" in shown
    assert "<code>data.uid</code> <code>data.value</code>" in shown


def test_a_rejected_request_is_shown_with_body_and_names(stack, console):
    event = "be-observer.catalog_product_crate"
    body = f'{{"data": {{"uid": "misspelt", "event": "{event}", "value": 7}}}}'
    requests.post(stack.stack["ingest"], body, timeout=30)

    def rows() -> list[str]:
        page = console.get("/?search=misspelt").text
        return re.findall(r'href="/event\?(key=%23[^"]+)"', page)

    stack.wait_for(rows)
    [key] = rows()
    stack.wait_for(lambda: "Copy as curl" in console.get(f"/event?{key}").text)
    shown = html.unescape(console.get(f"/event?{key}").text)

    assert f'"event": "{event}"' in shown
    assert "Did you mean be-observer.catalog_product_create?" in shown
    assert 'href="/send?event=be-observer.catalog_product_create"' in shown
    assert f"--data-raw '{body}'" in shown
    download = console.get(f"/payload?{key}")
    assert download.text == body
    assert download.headers["content-disposition"].startswith("attachment; filename=")


def test_an_event_is_found_by_sku_and_its_payload_downloaded(stack, console):
    value = {"sku": "FIND-ME-1", "name": "n", "price": 1, "description": "d"}
    stack.post(CREATE, value, "to-be-found")
    stack.outcome("to-be-found", "handled")

    page = console.get("/?search=find-me").text
    assert "to-be-found" in page
    # Two, once Commerce has reported the new product.
    assert re.search(r"1–([12]) of \1 events", page)
    assert "to-be-found" not in console.get("/?search=find-me-2").text
    shown = html.unescape(console.get("/event?key=to-be-found").text)
    assert 'data-copy="to-be-found"' in shown
    command = re.search(r"--data-raw '(.*?)'", shown).group(1)
    assert json.loads(command)["data"]["value"] == value
    assert console.get("/payload?key=to-be-found").json() == value


def test_charts_show_the_last_minutes_with_a_table(stack, console):
    value = {"sku": "CHART-1", "name": "n", "price": 1, "description": "d"}
    stack.post(CREATE, value, "charted")
    stack.outcome("charted", "handled")

    page = console.get("/").text

    assert page.count('<svg role="img"') == 4
    for key in ("outcomes", "latency", "backlog", "dead-letters"):
        chart = page.partition(f'id="chart-{key}"')[2].partition("</figure>")[0]
        assert chart.count("<desc") == 1
        assert chart.count('<th scope="row">') == 15, key
    assert re.search(r'<rect class="series handled" x="[\d.]+"', page)


def test_a_dead_letter_is_replayed_and_discarded_once(stack, console):
    stack.post(ORDER, {"id": 4711, "status": "x", "notifyCustomer": False}, "letter")
    stack.outcome("letter", "rejected")

    def message_id() -> str:
        page = console.get("/event?key=letter").text
        match = re.search('name="message_id" value="([^"]+)"', page)
        return match.group(1) if match else ""

    stack.wait_for(message_id)
    first = message_id()
    replayed = console.notice("/dead-letters/replay", message_id=first)
    # Published again, or rejected again already.
    assert replayed.startswith("Replayed: letter ")
    stack.wait_for(lambda: message_id() not in ("", first))
    gone = "This dead letter no longer exists"
    notice = console.notice("/dead-letters/replay", message_id=first)
    assert notice == f"{gone}: it was replayed or discarded."
    assert console.notice("/dead-letters/discard", message_id=first) == f"{gone}."
    discarded = console.notice("/dead-letters/discard", message_id=message_id())
    assert discarded == "Discarded: letter."
    assert message_id() == ""


def test_a_dead_letter_is_not_replayed_over_a_newer_event(stack, console):
    order = {"status": "x", "notifyCustomer": False}
    stack.post(ORDER, {"id": 4712, **order}, "older")
    stack.outcome("older", "rejected")
    create = {"sku": "NEWER", "name": "n", "price": 1, "description": "d"}
    requests.post(
        f"{console.address}/commerce/fail", {"fault": "400", "calls": "1"}, timeout=9
    )
    stack.post(CREATE, create, "older-product")
    stack.outcome("older-product", "rejected")
    stack.post(CREATE, create, "newer-product")
    stack.outcome("newer-product", "handled")
    page = console.get("/event?key=older-product").text
    message_id = re.search('name="message_id" value="([^"]+)"', page).group(1)

    notice = console.notice("/dead-letters/replay", message_id=message_id)
    assert notice.startswith("Not replayed.")
    assert "newer" in notice
    notice = console.notice(
        "/dead-letters/replay", message_id=message_id, even_if_newer="1"
    )
    # Published again, or handled already.
    assert notice.startswith("Replayed: older-product is ")


def test_filtered_dead_letters_are_handled_together(stack, console):
    for number in range(3):
        value = {"id": 4720 + number, "status": "x", "notifyCustomer": False}
        stack.post(ORDER, value, f"bulk-{number}")
    stack.post("be-observer.customer_delete", {"id": 98765}, "bulk-other")
    path = "/dead-letters?entity=order"
    stack.wait_for(lambda: "Replay all 3" in console.get(path).text)

    def preview(action: str) -> dict[str, str]:
        page = console.get(f"/dead-letters/preview?entity=order&action={action}").text
        assert "This is a dry run: nothing has changed." in page
        fields = re.findall('type="hidden" name="([a-z_]+)" value="([^"]+)"', page)
        return dict(fields)

    replay, discard = preview("replay"), preview("discard")
    assert replay["message_ids"].count(",") == 2
    assert replay["message_ids"] == discard["message_ids"]
    assert replay["back"] == path
    assert "Replay all 3" in console.get(path).text
    notice = console.notice("/dead-letters/bulk", **replay)
    assert notice == "Dead letters: 3 replayed."
    # They are rejected again, each as another dead letter.
    stack.wait_for(lambda: console.get(path).text.count("replayed once") == 3)
    notice = console.notice("/dead-letters/bulk", **replay)
    assert notice == "Dead letters: 3 no longer there."
    notice = console.notice("/dead-letters/bulk", **preview("discard"))
    assert notice == "Dead letters: 3 discarded."
    assert "No dead letters match these filters" in console.get(path).text
    for page in ("/event?key=bulk-1", "/?search=bulk-1"):
        assert (
            '<span class="badge discarded">discarded</span>' in console.get(page).text
        )


def test_a_bulk_action_needs_named_dead_letters(console):
    for form in ({}, {"action": "replay"}, {"action": "x", "message_ids": "1"}):
        notice = console.notice("/dead-letters/bulk", **form)
        assert notice == "Nothing was done: no dead letters were named."
