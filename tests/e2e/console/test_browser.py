"""The console in Chromium, driven by visible text and labels."""

import json
import re
import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.browser import Page

pytestmark = pytest.mark.browser

PAGES = ("/", "/dead-letters", "/send", "/commerce", "/back-office", "/api")
PRODUCT = "be-observer.catalog_product_create"


def product(sku: str, **more) -> dict:
    return {"sku": sku, "name": "Lamp", "price": 5, "description": "d", **more}


def rows(page: Page) -> list[str]:
    # In one call, because a row may be replaced between two.
    script = (
        "return [...document.querySelectorAll('.events tbody tr')]"
        ".map((row) => row.innerText)"
    )
    return page.driver.execute_script(script)


def test_a_sample_is_sent_and_its_history_shown(page):
    page.open()
    page.press("Send an event")
    page.fill("value.name", "Reading lamp")
    page.press("Send event")
    page.sees("200 Event published successfully")
    page.press("Show its history")

    page.sees("handled", "published", "delivered, attempt 1")
    page.sees("call POST products 200", "Reading lamp", "POST /rest/all/V1/products")
    request, response = (
        json.loads(
            page.driver.execute_script(
                f"return document.querySelector('[aria-label={name}]').innerText"
            )
        )
        for name in ("Request", "Response")
    )
    assert request["product"]["name"] == response["name"] == "Reading lamp"

    page.press("Commerce")
    page.sees(response["sku"], "Reading lamp")


def test_a_form_that_is_sent_twice_sends_two_events(page):
    page.open("/send")
    page.wait(lambda: page.field("uid").get_attribute("value"))
    first = page.field("uid").get_attribute("value")
    page.press("Send event")
    page.sees("200 Event published successfully")
    second = page.field("uid").get_attribute("value")
    assert second not in ("", first)
    assert "Duplicate" not in page.text()

    page.fill("uid", first)
    page.press("Send event")
    page.sees("Duplicate: an event with this uid and value was sent before.")
    assert page.field("uid").get_attribute("value") not in (first, second)


def test_the_commerce_page_shows_changes_live(page, stack):
    page.open("/commerce")
    page.sees("live", "Products")
    stack.post(PRODUCT, product("SEEN-AS-IT-COMES"), "seen-1")
    page.sees("SEEN-AS-IT-COMES")

    row = {"sku": "SEEN-AS-IT-COMES", "source": "default", "quantity": 4321}
    stack.post(
        "be-observer.catalog_stock_update", [{**row, "outOfStock": False}], "seen-2"
    )
    page.sees("4321")

    order = {"id": 1, "status": "holded", "notifyCustomer": False}
    stack.post("be-observer.sales_order_status_update", order, "seen-3")
    page.sees("holded")


@pytest.mark.parametrize("event", ["customer_create", "sales_order_shipment_create"])
def test_each_form_sends_its_sample(page, event):
    page.open("/send")
    page.choose("Sample", event)
    page.wait(lambda: event in page.field("uid").get_attribute("value"), event)
    page.press("Send event")
    page.press("Show its history")

    page.sees("handled", event)


def test_an_error_is_shown_beside_its_field(page):
    page.open("/send")
    page.fill("value.price", "dear")
    page.fill("value.sku", "")
    page.press("Send event")

    page.sees("400 Invalid value for be-observer.catalog_product_create")
    sku = page.field("value.sku")
    assert "Must not be empty." in sku.find_element(By.XPATH, "..").text
    price = page.field("value.price")
    assert "Must be a number." in price.find_element(By.XPATH, "..").text
    assert price.get_attribute("aria-invalid") == "true"
    assert page.driver.switch_to.active_element == sku

    page.fill("value.price", "7.5")
    page.fill("value.sku", "CORRECTED")
    page.press("Send event")
    page.sees("200 Event published successfully")
    assert "Must be a number." not in page.text()


def test_a_body_edited_as_json_is_sent_as_it_is(page):
    page.open("/send")
    page.press("Edit as JSON")
    page.fill("Body", "{")
    page.press("Send event")

    page.sees("400 ")
    page.press("New sample")
    page.wait(lambda: "DEMO" in page.field("value.sku").get_attribute("value"))


def test_a_batch_shows_what_became_of_each_event(page):
    one = {"event": "be-observer.customer_delete", "value": {"id": 1}}
    wrong = {**one, "uid": "batch-2", "value": {"id": "x"}}
    page.open("/send")
    page.wait(lambda: page.field("uid").get_attribute("value"))
    page.press("Edit as JSON")
    page.fill("Body", json.dumps({"data": [{**one, "uid": "batch-1"}, wrong]}))
    page.press("Send event")

    page.sees("207 1 accepted, 1 rejected, 0 failed", "batch-1 200 Event published")
    page.sees("batch-2 400 Invalid value for be-observer.customer_delete")
    error = page.field("1.value.id").find_element(By.XPATH, "..").text
    assert "Must be a whole number." in error

    lines = [json.dumps({**one, "uid": f"line-{n}"}) for n in range(2)]
    page.fill("Body", "\n".join(lines))
    page.press("Send event")
    page.sees("200 2 accepted, 0 rejected, 0 failed")


def test_retries_are_shown_live(page, stack):
    page.open()
    page.press("Commerce")
    page.choose("Fault", "503, service unavailable")
    placeholder = page.field("Calls").get_attribute("placeholder")
    assert placeholder == "until switched off"
    page.press("Simulate")
    page.sees("Commerce fails until switched off.", "responds 503 until switched off")
    page.press("Events")
    stack.post(PRODUCT, product("LIVE"), "live-1")

    page.sees("live-1", "retrying", "503")
    page.press("live-1")
    page.sees("delivered, attempt 2", "Service temporarily unavailable")
    page.sees("It is redelivered automatically", "simulated fault")
    page.wait(lambda: re.search(r"attempt \d+ at \d\d:\d\d:\d\d \(", page.text()))
    page.open("/?status=pending")
    page.sees("live-1", "retrying")
    page.wait(lambda: re.search(r"attempt \d+ at \d\d:\d\d:\d\d \(", page.text()))

    page.press("Commerce failing")
    page.press("End the fault")
    page.sees("Commerce works again.")
    page.open("/event?key=live-1")
    page.sees("handled")


def test_a_rejection_is_explained_and_replayed(page, stack):
    """In under a minute, by visible text alone."""
    page.open("/commerce")
    page.choose("Fault", "400, rejects the event")
    page.fill("Calls", "1")
    page.press("Simulate")
    page.sees("Commerce fails for the next call.")
    stack.post(PRODUCT, product("WHY"), "why-1")
    page.open("/")

    start = time.monotonic()
    page.sees("Dead letters 1", "rejected", "dead letter")
    page.press("why-1")
    page.sees("rejected 400", "Invalid data: rejected by a simulated fault")
    page.sees("It is a dead letter.", "then replay it.")
    page.press("Replay")
    page.sees("Replayed: why-1 is handled.", "handled", "Product created")
    seconds = time.monotonic() - start

    assert seconds < 60
    page.wait(lambda: "Dead letters 1" not in page.text())


def test_dead_letters_are_replayed_or_discarded(page, stack):
    for name in ("one", "two"):
        value = {"id": 987654, "status": "processing", "notifyCustomer": False}
        stack.post("be-observer.sales_order_status_update", value, f"letter-{name}")
    page.open()
    page.press("Dead letters 2")
    page.sees("letter-one", "letter-two", "404", "1 delivery attempt", "commerce-order")

    page.press("Discard")
    page.driver.switch_to.alert.dismiss()
    page.press("Discard")
    page.driver.switch_to.alert.accept()
    page.sees("Discarded: letter-one.")
    page.driver.refresh()
    page.sees("live", "letter-two")
    assert "Discarded" not in page.text()
    page.press("Replay")
    page.sees("Replayed: letter-two was rejected again (404).", "replayed once")
    page.driver.refresh()
    page.sees("Replayed: letter-two was rejected again (404).", "replayed once")
    page.press("Discard")
    page.driver.switch_to.alert.accept()
    page.sees("No dead letters: every event was handled")


def test_events_are_filtered(page, stack):
    stack.post(PRODUCT, product("F-1"), "filter-1")
    stack.post(PRODUCT, product("F-2", price="x"), "filter-2")
    stack.post("be-observer.customer_delete", {"id": 31337}, "filter-3")
    page.open("/?search=filter-")
    page.sees("filter-1", "filter-2", "filter-3")

    page.choose("Status", "rejected")
    page.wait(lambda: "filter-1" not in page.text() and "filter-2" in page.text())
    assert all("rejected" in row for row in rows(page))
    page.choose("Entity", "product")
    page.wait(lambda: page.field("Entity").get_attribute("value") == "product")
    page.sees("filter-2", "data.value.price")

    page.open("/")
    page.fill("Search", "TER-3")
    page.press("Search")
    page.wait(lambda: len(rows(page)) == 1)
    assert "filter-3" in rows(page)[0]
    page.fill("Search", "nowhere")
    page.press("Search")
    page.sees("No events match these filters")

    page.open("/")
    page.choose("Event", "customer_delete")
    page.wait(lambda: all("customer_delete" in row for row in rows(page)))


def test_the_list_is_filtered_by_keys(page):
    """Arrow keys on a filter keep page and focus; a slash focuses the search."""
    page.open("/?search=no-rows")
    page.sees("live")
    page.driver.execute_script("window.isSamePage = true")
    field = page.field("Entity")
    for entity in ("product", "customer"):
        field.send_keys(Keys.ARROW_DOWN)
        page.wait(lambda entity=entity: f"entity={entity}" in page.driver.current_url)

    assert page.driver.switch_to.active_element == field
    assert field.get_attribute("value") == "customer"
    assert page.driver.execute_script("return window.isSamePage")

    search = page.driver.find_element(By.CSS_SELECTOR, "input[type=search]")
    page.driver.find_element(By.TAG_NAME, "body").send_keys("/")
    assert page.driver.switch_to.active_element == search

    search.send_keys("a/b")
    assert search.get_attribute("value") == "a/b"


def test_a_row_shows_its_age_and_is_pressed_like_its_link(page, stack):
    stack.post(PRODUCT, product("PRESSED"), "pressed-1")
    stack.outcome("pressed-1")
    page.open("/?search=pressed-1")
    page.sees("pressed-1", "live")
    hover = """
    const time = document.querySelector("td time");
    time.title = "old";
    time.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    return time.title;
    """
    assert re.fullmatch(r"\d+ s ago", page.driver.execute_script(hover))

    def press_row() -> bool:
        page.driver.find_element(By.CSS_SELECTOR, "tbody td.event").click()
        return True

    page.wait(press_row)
    page.wait(lambda: "key=pressed-1" in page.driver.current_url)


def test_fields_are_named_in_words_with_their_path(page, stack):
    page.open("/send?event=be-observer.sales_order_shipment_create")
    page.sees("live")
    by_words, by_path = (
        page.field(label)
        for label in ("Items: order item ID", "value.items.0.orderItemId")
    )
    assert by_words == by_path
    flag = page.field("Comment: visible on front")
    assert flag.get_attribute("type") == "checkbox"
    assert flag.is_selected()
    flag.click()
    page.press("Edit as JSON")
    body = json.loads(page.field("Body").get_attribute("value"))

    assert body["data"]["value"]["comment"]["visibleOnFront"] is False


def test_retries_after_the_second_are_folded(page, stack, commerce):
    commerce.fail(status=503, times=7)
    stack.post(PRODUCT, product("FOLDED"), "folded-1")
    stack.outcome("folded-1", "handled")
    page.open("/event?key=folded-1")

    page.sees("delivered, attempt 3", "4 more attempts", "delivered, attempt 8")
    assert "delivered, attempt 4" not in page.text()
    page.press("4 more attempts")
    page.sees("delivered, attempt 4", "delivered, attempt 7")


def test_uid_and_command_are_copied(page, stack):
    stack.post(PRODUCT, product("COPY"), "copy-1")
    stack.outcome("copy-1")
    page.open("/event?key=copy-1")
    page.sees("live")
    page.driver.execute_script(
        "navigator.clipboard.writeText = (text) => { window.copied = text; }"
    )

    def copies(words: str, expected: str) -> bool:
        # An update of the page, as the first one, shows the button's words again.
        page.press(words)
        copied = page.driver.execute_script("return window.copied")
        return copied.startswith(expected) and "Copied" in page.text()

    page.wait(lambda: copies("Copy uid", "copy-1"))
    page.wait(lambda: copies("Copy as curl", "curl -sS "))


def test_focus_stays_when_rows_are_added(page, stack):
    stack.post(PRODUCT, product("STAY"), "stay-1")
    page.open("/?search=stay-")
    page.sees("stay-1")
    # In one call, because the row may be replaced between two.
    page.driver.execute_script("document.getElementById('row-stay-1').focus()")
    stack.post(PRODUCT, product("STAY"), "stay-2")

    page.sees("stay-2")
    page.wait(lambda: page.driver.switch_to.active_element.text == "stay-1")


def test_everything_works_by_keyboard(page):
    focused = """
    const e = document.activeElement;
    return [[e.innerText.trim(), e.value], getComputedStyle(e).outlineWidth];
    """

    def tab_to(words: str) -> None:
        for _ in range(40):
            texts, outline_width = page.driver.execute_script(focused)
            if words in texts:
                assert outline_width == "3px", "the focus must be visible"
                return
            page.driver.switch_to.active_element.send_keys(Keys.TAB)
        raise AssertionError(f"{words} was not reached:\n{page.text()}")

    page.open("/?search=no-rows")
    page.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element.text == "Skip to content"
    tab_to("Send")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.sees("Send an event")
    page.field("value.name").send_keys(" by keyboard", Keys.ENTER)
    page.sees("200 Event published successfully")
    tab_to("Show its history")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.sees("handled", "by keyboard")


def test_pages_load_nothing_from_elsewhere(page):
    page.driver.get("about:blank")
    page.driver.get_log("browser")  # the previous tests' entries
    for path in PAGES:
        page.open(path)
        page.sees("live")
        urls = page.driver.execute_script(
            "return performance.getEntriesByType('resource').map((e) => e.name)"
        )
        assert urls
        assert all(url.startswith(page._address) for url in urls), urls
    assert page.driver.get_log("browser") == []
