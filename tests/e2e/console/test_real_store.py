"""The console of a stack whose events go to a real store, until the stack stops."""

import time

import pytest
from selenium.webdriver.common.by import By

from tests.support.browser import DESKTOP, Page
from tests.support.console_client import ConsoleClient
from tests.support.running import RunningStack

CREATE = "be-observer.catalog_product_create"
STORE = {
    "COMMERCE_BASE_URL": "http://localhost:9",
    "COMMERCE_CONSUMER_KEY": "k" * 32,
    "COMMERCE_CONSUMER_SECRET": "s" * 32,
    "COMMERCE_ACCESS_TOKEN": "t" * 32,
    "COMMERCE_ACCESS_TOKEN_SECRET": "u" * 32,
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with RunningStack(tmp_path_factory.mktemp("real"), **STORE) as stack:
        yield stack


def test_with_a_real_store_nothing_is_simulated(stack):
    console = ConsoleClient(stack.stack["console"])
    create = {"sku": "REAL", "name": "n", "price": 1, "description": "d"}
    stack.post(CREATE, create, "real-1")
    stack.outcome("real-1", "retrying")

    assert "the real store at <code>http://localhost:9" in console.get("/commerce").text
    assert "This goes to the real store at" in console.get("/send").text
    notice = console.notice("/commerce/fail", fault="503")
    assert notice.startswith("Events go to a")
    page = console.get("/event?key=real-1").text
    assert "requests and responses are not recorded here." in page
    assert "REAL" in page


@pytest.mark.browser
def test_an_open_page_shows_that_the_stack_stopped(driver, stack):
    """The last test of this stack."""
    page = Page(driver, stack.stack["console"])
    page.look(DESKTOP)
    page.open("/")
    page.sees("live")

    start = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - start < 15

    page.sees("The stack does not answer", "Start it with make run")
    banner = page.driver.find_element(By.ID, "stopped")
    assert banner.get_attribute("role") == "alert"
    assert banner.size["width"] > DESKTOP[0] / 2
