"""The console as a person has it: in Chromium, by what can be read and pressed."""

import json
import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import DESKTOP, PHONE, Page, browser
from tests.running import RunningStack

pytestmark = pytest.mark.browser

PAGES = ("/", "/letters", "/send", "/shop", "/event?key=gone", "/event?key=%231")
PRODUCT = "be-observer.catalog_product_create"
# The contrast of each text that is seen, by WCAG 2.2's formula; the worst first.
CONTRAST = """
const part = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
const colour = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const ground = colour(getComputedStyle(e).backgroundColor);
    if (ground.length < 4 || ground[3] === 1) return ground;
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && [...e.childNodes].some(
    (n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => {
    const pair = [light(colour(getComputedStyle(e).color)), light(behind(e))];
    pair.sort((a, b) => b - a);
    return [(pair[0] + 0.05) / (pair[1] + 0.05), e.textContent.trim().slice(0, 40)];
  })
  .sort((a, b) => a[0] - b[0]);
"""


@pytest.fixture(scope="module")
def driver():
    with browser() as driver:
        yield driver


@pytest.fixture
def page(driver, stack):
    driver.get_log("browser")
    page = Page(driver, stack.stack["console"])
    page.look(DESKTOP)
    page.open("/")
    return page


def product(sku: str, **more) -> dict:
    return {"sku": sku, "name": "Lamp", "price": 5, "description": "d", **more}


def rows(page: Page) -> list[str]:
    # In one call: a row may be replaced between two.
    script = "return [...document.querySelectorAll('tbody tr')].map((e) => e.innerText)"
    return page.driver.execute_script(script)


def test_a_sample_is_sent_and_seen_on_its_whole_way(page):
    page.press("Send an event")
    page.fill("value.name", "Reading lamp")
    page.press("Send it")
    page.sees("200 Event published successfully")
    page.press("See what becomes of it")

    page.sees("handled", "received", "published", "delivered, attempt 1")
    page.sees("call POST products 200", "Reading lamp", "POST /rest/all/V1/products")
    request, answer = (
        json.loads(
            page.driver.execute_script(
                f"return document.querySelector('[aria-label={name}]').innerText"
            )
        )
        for name in ("Request", "Answer")
    )
    assert request["product"]["name"] == answer["name"] == "Reading lamp"

    page.press("Commerce")
    page.sees(answer["sku"], "Reading lamp")


def test_what_commerce_holds_is_seen_as_it_changes(page, stack):
    page.open("/shop")
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
def test_each_form_sends_what_it_shows(page, event):
    page.open("/send")
    page.choose("Sample", event)
    page.wait(lambda: event in page.field("uid").get_attribute("value"), event)
    page.press("Send it")
    page.press("See what becomes of it")

    page.sees("handled", event)


def test_a_fault_is_told_beside_its_field(page):
    page.open("/send")
    page.fill("value.price", "dear")
    page.fill("value.sku", "")
    page.press("Send it")

    page.sees("400 Invalid value for be-observer.catalog_product_create")
    sku = page.field("value.sku")
    assert "Must not be empty." in sku.find_element(By.XPATH, "..").text
    price = page.field("value.price")
    assert "Must be a number." in price.find_element(By.XPATH, "..").text
    assert price.get_attribute("aria-invalid") == "true"
    assert page.driver.switch_to.active_element == sku

    page.fill("value.price", "7.5")
    page.fill("value.sku", "MENDED")
    page.press("Send it")
    page.sees("200 Event published successfully")
    assert "Must be a number." not in page.text()


def test_a_body_edited_as_json_goes_as_it_is(page):
    page.open("/send")
    page.press("Edit it as JSON")
    page.fill("Body", "{")
    page.press("Send it")

    page.sees("400 ")
    page.press("A fresh sample")
    page.wait(lambda: "DEMO" in page.field("value.sku").get_attribute("value"))


def test_retries_are_seen_live_and_end(page, stack):
    page.press("Commerce")
    page.choose("How", "503, for a while")
    page.press("Make it fail")
    page.sees("Commerce will fail until told otherwise.", "answers 503, every call")
    page.press("Events")
    stack.post(PRODUCT, product("LIVE"), "live-1")

    page.sees("live-1", "retrying", "503")
    page.press("live-1")
    page.sees("delivered, attempt 2", "Service temporarily unavailable")
    page.sees("It will be delivered again by itself", "told to fail")

    page.press("Commerce failing")
    page.press("Let it work again")
    page.sees("Commerce works again.")
    page.open("/event?key=live-1")
    page.sees("handled")


def test_whoever_sees_only_the_page_finds_why_and_gets_it_handled(page, stack):
    """The measure of it all: in under a minute, by visible text."""
    page.open("/shop")
    page.choose("How", "400, refuses the event")
    page.fill("CommerceSession", "1")
    page.press("Make it fail")
    page.sees("Commerce will fail for the next call.")
    stack.post(PRODUCT, product("WHY"), "why-1")
    page.open("/")

    began = time.monotonic()
    page.sees("Dead letters 1", "rejected", "dead letter")
    page.press("why-1")
    page.sees("refused 400", "Invalid data: told to refuse it")
    page.sees("It waits as a dead letter.", "then replay it.")
    page.press("Replay")
    page.sees("Replayed: why-1 is on its way again.", "handled", "Product created")
    taken = time.monotonic() - began

    assert taken < 60
    page.wait(lambda: "Dead letters 1" not in page.text())


def test_a_dead_letter_is_replayed_or_discarded_from_the_list(page, stack):
    for name in ("one", "two"):
        value = {"id": 987654, "status": "processing", "notifyCustomer": False}
        stack.post("be-observer.sales_order_status_update", value, f"letter-{name}")
    page.press("Dead letters 2")
    page.sees("letter-one", "letter-two", "404", "1 try", "commerce-order")

    page.press("Discard")
    page.driver.switch_to.alert.dismiss()
    page.press("Discard")
    page.driver.switch_to.alert.accept()
    page.sees("Discarded: letter-one.")
    page.press("Replay")
    page.sees("Replayed: letter-two is on its way again.")
    page.sees("replayed once")
    page.press("Discard")
    page.driver.switch_to.alert.accept()
    page.sees("None. Every event was handled")


def test_events_are_filtered(page, stack):
    stack.post(PRODUCT, product("F-1"), "filter-1")
    stack.post(PRODUCT, product("F-2", price="x"), "filter-2")
    stack.post("be-observer.customer_delete", {"id": 31337}, "filter-3")
    page.sees("filter-1", "filter-2", "filter-3")

    page.choose("Outcome", "rejected")
    page.wait(lambda: "filter-1" not in page.text() and "filter-2" in page.text())
    assert all("rejected" in row for row in rows(page))
    page.choose("Entity", "product")
    page.wait(lambda: page.field("Entity").get_attribute("value") == "product")
    page.sees("filter-2", "data.value.price")

    page.open("/")
    page.fill("Uid", "TER-3")
    page.press("Filter")
    page.wait(lambda: len(rows(page)) == 1)
    assert "filter-3" in rows(page)[0]
    page.fill("Uid", "nowhere")
    page.press("Filter")
    page.sees("Nothing here with these filters")

    page.open("/")
    page.choose("Event", "customer_delete")
    page.wait(lambda: all("customer_delete" in row for row in rows(page)))


def test_what_a_person_stands_on_stays_when_rows_come(page, stack):
    stack.post(PRODUCT, product("STAY"), "stay-1")
    page.sees("stay-1")
    # In one call: the row may be replaced between finding it and standing on it.
    page.driver.execute_script("document.getElementById('row-stay-1').focus()")
    stack.post(PRODUCT, product("STAY"), "stay-2")

    page.sees("stay-2")
    page.wait(lambda: page.driver.switch_to.active_element.text == "stay-1")


def test_everything_goes_by_keyboard(page):
    def tab_to(words: str) -> None:
        for _ in range(40):
            focused = page.driver.switch_to.active_element
            if focused.text == words or focused.get_attribute("value") == words:
                width = focused.value_of_css_property("outline-width")
                assert width == "3px", "where one stands must be seen"
                return
            focused.send_keys(Keys.TAB)
        raise AssertionError(f"{words} is not reached:\n{page.text()}")

    page.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element.text == "Skip to content"
    tab_to("Send")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.sees("Send an event")
    page.field("value.name").send_keys(" by keyboard", Keys.ENTER)
    page.sees("200 Event published successfully")
    tab_to("See what becomes of it")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.sees("handled", "by keyboard")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_and_can_be_read(page, stack, size, dark):
    """With rows of every kind, a failing Commerce, and a dead letter open."""
    page.open("/shop")
    page.choose("How", "503, for a while")
    page.press("Make it fail")
    page.sees("answers 503, every call")
    long = "L" * 200
    stack.post(PRODUCT, product(long, description="word " * 100), f"long-{long}")
    stack.post(PRODUCT, {"sku": 1}, "bad-value")
    page.look(size, dark)
    dead = f"letter-{size[0]}-{dark}"
    stack.post("be-observer.sales_order_status_update", {"id": 1}, dead)

    for path in (*PAGES, f"/event?key={dead}", f"/event?key=long-{long}"):
        page.open(path)
        page.sees("live", "Events are posted to")
        width, window = page.driver.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        assert width <= window == size[0], path
        worst = page.driver.execute_script(CONTRAST)
        assert worst[0][0] >= 4.5, (path, worst[:3])
        red, *_ = page.driver.execute_script(
            "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g)"
        )
        assert (int(red) < 60) is dark


def test_nothing_is_fetched_from_elsewhere_and_nothing_fails(page):
    for path in PAGES[:4]:
        page.open(path)
        page.sees("live")
        fetched = page.driver.execute_script(
            "return performance.getEntriesByType('resource').map((e) => e.name)"
        )
        assert fetched
        assert all(url.startswith(page._address) for url in fetched), fetched
    assert page.driver.get_log("browser") == []


def test_a_page_that_is_open_does_not_hold_the_stack_and_says_so(driver, tmp_path):
    stack = RunningStack(tmp_path / "of-its-own").start()
    page = Page(driver, stack.stack["console"])
    page.open("/")
    page.sees("live")

    began = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - began < 15

    page.sees("not connected: is make run still running?")
