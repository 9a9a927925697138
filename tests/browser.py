"""Chromium without a window, steered by what a person sees: labels and visible text."""

import contextlib
import shutil
from collections.abc import Callable, Iterator

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests import machine

WAIT_SECONDS = 30
DESKTOP = (1280, 900)
PHONE = (390, 844)
FIELD = (
    "//label[normalize-space(text())='{0}' or span[normalize-space()='{0}']]"
    "//*[self::input or self::select or self::textarea]"
)
PRESSED = "a, button, summary"


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
        """What can be read on the page."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def sees(self, *words: str) -> None:
        """Wait until each of *words* can be read; fail with what can."""
        self.wait(lambda: all(word in self.text() for word in words), words)

    def press(self, words: str) -> None:
        """Press the link or button that reads *words*."""

        def pressed() -> bool:
            found = self.driver.find_elements(By.CSS_SELECTOR, PRESSED)
            named = [one for one in found if one.text == words]
            if named:
                named[0].click()
            return bool(named)

        self.wait(pressed, words)

    def fill(self, label: str, text: str) -> None:
        """Put *text* into the field of *label*."""
        field = self.field(label)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE)

    def choose(self, label: str, words: str) -> None:
        """Choose *words* in the list of *label*."""
        Select(self.field(label)).select_by_visible_text(words)

    def field(self, label: str) -> WebElement:
        """The field of *label*."""
        found = (By.XPATH, FIELD.format(label))
        self.wait(lambda: self.driver.find_elements(*found), label)
        return self.driver.find_element(*found)

    def wait(self, condition: Callable, *about: object) -> None:
        """Wait until *condition()* is true; parts may be replaced meanwhile."""
        waiting = WebDriverWait(self.driver, WAIT_SECONDS, 0.1, [WebDriverException])
        try:
            waiting.until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(
                f"in vain: {about}; on the page:\n{self.text()}"
            ) from None

    def look(self, size: tuple[int, int] = DESKTOP, dark: bool = False) -> None:
        """Take the window's *size* in CSS pixels, and its colours."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._tell("Emulation.setDeviceMetricsOverride", **metrics, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])

    def _tell(self, command: str, **arguments: object) -> None:
        self.driver.execute_cdp_cmd(command, arguments)


@contextlib.contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = machine.chromium()
    for argument in (
        "--headless=new",
        "--no-sandbox",  # as root, in a container, it knows no other way
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--no-proxy-server",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()
