"""Chromium without a window, driven by labels and visible text."""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.support import machine

WAIT_SECONDS = 20
DESKTOP = (1280, 800)
PHONE = (390, 844)
FIELD = (
    "//label[normalize-space(text())='{0}' or *[normalize-space()='{0}']]"
    "//*[self::input or self::select or self::textarea]"
)
# In one call, because an element may be replaced between two.
PRESSED = """
return [...document.querySelectorAll("a, button, summary")].find((e) =>
  e.checkVisibility() && e.innerText.replace(/\\s+/g, " ").trim() === arguments[0]);
"""


class Page:
    """One window.

    Args:
        driver: of the browser.
        address: of the site, like ``http://127.0.0.1:8090``.
    """

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver = driver
        self._address = address.rstrip("/")

    def open(self, path: str = "/") -> None:
        """Go to *path*."""
        self.driver.get(self._address + path)

    def text(self) -> str:
        """The visible text, with one space between the cells of a table."""
        # Selenium computes an element's text in JavaScript, ten times as slowly.
        text = self.driver.execute_script("return document.body.innerText")
        return re.sub(r"[ \t\xa0]+", " ", text)

    def sees(self, *words: str) -> None:
        """Wait until each of *words* is visible."""

        def sees_all() -> bool:
            text = self.text()
            return all(word in text for word in words)

        self.wait(sees_all, words)

    def press(self, words: str) -> None:
        """Press the link or button that reads *words*."""

        def press_element() -> bool:
            element = self.driver.execute_script(PRESSED, words)
            if element:
                element.click()
            return bool(element)

        self.wait(press_element, words)

    def fill(self, label: str, text: str) -> None:
        """Put *text* into the field of *label*, at once as when it is pasted."""
        field = self.field(label)
        field.send_keys(Keys.CONTROL, "a")
        if text:
            self._command("Input.insertText", text=text)
        else:
            field.send_keys(Keys.DELETE)

    def choose(self, label: str, words: str) -> None:
        """Choose *words* in the list of *label*."""
        Select(self.field(label)).select_by_visible_text(words)

    def field(self, label: str) -> WebElement:
        """The field of *label*."""
        locator = (By.XPATH, FIELD.format(label))
        self.wait(lambda: self.driver.find_elements(*locator), label)
        return self.driver.find_element(*locator)

    def wait(self, condition: Callable, *subject: object) -> None:
        """Wait until *condition()* is true; elements may be replaced meanwhile."""
        waiting = WebDriverWait(self.driver, WAIT_SECONDS, 0.1, [WebDriverException])
        try:
            waiting.until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(
                f"not seen: {subject}; on the page:\n{self.text()}"
            ) from None

    def look(self, size: tuple[int, int] = DESKTOP, dark: bool = False) -> None:
        """Set the window's *size* in CSS pixels, and its colour scheme."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._command("Emulation.setDeviceMetricsOverride", **metrics, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._command("Emulation.setEmulatedMedia", features=[scheme])

    def _command(self, command: str, **arguments: object) -> None:
        self.driver.execute_cdp_cmd(command, arguments)


@contextlib.contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = machine.chromium()
    for argument in (
        "--headless=new",
        "--no-sandbox",  # needed as root in a container
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--no-proxy-server",
        "--force-prefers-reduced-motion",  # an animation costs time all the time
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()
