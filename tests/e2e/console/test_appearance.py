"""How the console looks: every page, light and dark, on a desktop and on a phone.

These tests run first, on short pages: axe-core visits each element.
"""

import os
from dataclasses import dataclass, field

import pytest
from selenium.webdriver.common.by import By

from tests.support import axe, machine, page_checks
from tests.support.browser import DESKTOP, PHONE, Page
from tests.support.stand_in_control import StandInControl

pytestmark = pytest.mark.browser

PRODUCT = "be-observer.catalog_product_create"
LONG = "L" * 150
LOOKS = [(size, dark) for size in (DESKTOP, PHONE) for dark in (False, True)]
# Made alike; checked in the first look only, because they are thousands of elements.
REPEATED = ["section[id^=schema-] ~ section[id^=schema-]"]
# What axe-core checks in each look: with which options, without which elements. In dark
# colours only the rules differ whose result depends on them; ``look_of`` measures the
# contrasts in every look.
IN_DARK = {"runOnly": ["link-in-text-block"]}
ON_PHONE = {"rules": {"color-contrast": {"enabled": False}}}
AXE_LOOKS = {
    (DESKTOP, False): ({}, []),
    (PHONE, False): (ON_PHONE, REPEATED),
    (DESKTOP, True): (IN_DARK, REPEATED),
    (PHONE, True): (IN_DARK, REPEATED),
}
PAGES = (
    *("/?search=look", "/?search=none", "/dead-letters", "/send", "/commerce", "/api"),
    *("/dead-letters/preview?action=replay", "/resource?name=order:987654"),
    *("/event?key=gone", "/event?key=look-letter", f"/event?key=look-{LONG}"),
)


def product(sku: object, **more: object) -> dict:
    return {"sku": sku, "name": "Lamp", "price": 5, "description": "d", **more}


@pytest.fixture(autouse=True, scope="module")
def clean(stack):
    """All tests share the fault and the dead letter of ``every_kind``."""
    yield
    StandInControl(stack.stack["commerce"]).recover()


@pytest.fixture(scope="module")
def every_kind(driver, stack):
    """Rows of every kind, a simulated fault, a dead letter; the pages to look at."""
    page = Page(driver, stack.stack["console"])
    stack.post("be-observer.sales_order_status_update", {"id": 1}, "look-letter")
    value = {"id": 987654, "status": "processing", "notifyCustomer": False}
    stack.post("be-observer.sales_order_status_update", value, "look-letter")
    stack.outcome("look-letter", "rejected")
    page.open("/commerce")
    page.press("Simulate")
    page.sees("responds 503 until switched off")
    stack.post(PRODUCT, product(LONG, description="word " * 100), f"look-{LONG}")
    stack.post(PRODUCT, product(1), "look-invalid")
    return [*PAGES, _rejection(page)]


def _rejection(page: Page) -> str:
    """The page of a request that ingest rejected."""
    page.open("/?search=look-invalid")
    link = "return document.querySelector('[data-row]')?.getAttribute('href')"
    page.wait(lambda: page.driver.execute_script(link))
    return page.driver.execute_script(link)


def open_page(page: Page, path: str) -> None:
    """Open *path*; the form for sending shows errors beside its fields."""
    page.look(DESKTOP)
    page.open(path)
    page.sees("live")
    if path == "/send":
        page.fill("value.price", "dear")
        page.press("Send event")
        page.sees("Must be a number.")


@dataclass
class Findings:
    """What is wrong with the pages, one line each, and how much was checked."""

    looks: int = 0
    look: list[str] = field(default_factory=list)
    axe_runs: int = 0
    axe: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def missing_axe():
    """Why axe-core is not installed; empty where it is."""
    if machine.npm() is None:
        return "npm is missing"
    try:
        axe.script()
    except axe.NotInstalled as error:
        if os.environ.get("CI"):
            raise
        return str(error)
    return ""


@pytest.fixture(scope="module")
def findings(driver, stack, every_kind, missing_axe):
    """Those of all pages in all looks; each page is opened once."""
    page = Page(driver, stack.stack["console"])
    findings = Findings()
    for path in every_kind:
        open_page(page, path)
        for size, dark in LOOKS:
            page.look(size, dark)
            at = f"{path} {size} {'dark' if dark else 'light'}"
            findings.looks += 1
            findings.look += [f"{at}: {one}" for one in look_of(page, size, dark)]
            if not missing_axe:
                violations = axe.violations(page.driver, *AXE_LOOKS[size, dark])
                findings.axe_runs += 1
                findings.axe += [f"{at}: {one}" for one in violations]
    return findings


def look_of(page: Page, size: tuple[int, int], dark: bool) -> list[str]:
    """Whether the page fits into the window, in the colours of its scheme."""
    width, window, red = page.driver.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth,"
        " Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])]"
    )
    wrong = []
    if not width <= window == size[0]:
        wrong.append(f"{width} wide in a window of {window}")
    if (red < 60) is not dark:
        wrong.append(f"the ground's red is {red}")
    for measure, minimum in (
        (page_checks.text_contrasts, 4.5),
        (page_checks.placeholder_contrasts, 4.5),
        (page_checks.edge_contrasts, 3.0),
        (page_checks.target_sizes, 24.0),
    ):
        smallest = measure(page.driver)
        if smallest and smallest[0][0] < minimum:
            wrong.append(f"{measure.__name__}: {smallest}")
    return wrong


def test_every_page_fits_and_is_readable(findings):
    assert findings.looks == (len(PAGES) + 1) * len(LOOKS)
    assert findings.look == []


@pytest.mark.axe
def test_axe_finds_no_violation(findings, missing_axe):
    """Every rule of axe-core; those that no look changes, in one look."""
    if missing_axe:
        pytest.skip(missing_axe)
    assert findings.axe_runs == (len(PAGES) + 1) * len(LOOKS)
    assert findings.axe == []


@pytest.mark.axe
def test_axe_finds_a_violation_where_there_is_one(page, missing_axe):
    if missing_axe:
        pytest.skip(missing_axe)
    page.driver.get("data:text/html,<html lang=en><title>x</title><main><img src=x>")

    everything = axe.violations(page.driver)
    without_main = axe.violations(page.driver, exclude=["main"])

    assert any("image-alt" in one for one in everything)
    assert not any("image-alt" in one for one in without_main)


def test_a_laptop_shows_20_rows_of_one_line(page, stack, every_kind):
    for number in range(24):
        stack.post(PRODUCT, product(f"ROW-{number}"), f"look-row-{number}")
    page.open("/?search=look")
    page.wait(lambda: "look-row-23" in page.text())

    heights, whole = page.driver.execute_script(
        "const rows = [...document.querySelectorAll('.events tbody tr')]"
        ".map((row) => row.getBoundingClientRect());"
        "return [rows.map((row) => row.height),"
        " rows.filter((row) => row.bottom <= innerHeight).length]"
    )

    assert DESKTOP == (1280, 800)
    assert len(heights) > 24
    assert max(heights) < 32, "a row has more than one line"
    assert whole >= 20


def test_filters_are_folded_on_a_phone(page):
    page.look(PHONE)
    page.open("/")
    page.sees("live", "Filters")
    top = page.driver.execute_script(
        "return document.getElementById('rows').getBoundingClientRect().top"
    )

    assert top < 0.3 * PHONE[1]
    assert not page.field("Status").is_displayed()
    page.press("Filters")
    assert page.field("Status").is_displayed()
    page.press("Filters")
    assert not page.field("Status").is_displayed()
    page.look(DESKTOP)
    assert page.field("Status").is_displayed()


@pytest.mark.parametrize("width", [705, 1121])
def test_the_uid_is_shown_between_phone_and_desktop(page, stack, width):
    stack.post(PRODUCT, product("BETWEEN"), "look-between")
    page.open("/?search=look-between")
    page.sees("look-between")
    page.look((width, 800))
    box = page.driver.find_element(By.ID, "row-look-between").size

    assert box["width"] > 50
