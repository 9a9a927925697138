"""The shared stack's console; no test leaves Commerce failing or dead letters."""

import re

import pytest
import requests

from tests.support.browser import DESKTOP, Page, browser
from tests.support.console_client import ConsoleClient


@pytest.fixture
def clean(stack):
    """A test starts without simulated faults and dead letters, and ends its faults."""
    console = stack.stack["console"]
    requests.post(f"{console}/commerce/recover", timeout=10)
    page = requests.get(f"{console}/dead-letters", timeout=10).text
    for message_id in set(re.findall('name="message_id" value="([^"]+)"', page)):
        form = {"message_id": message_id}
        requests.post(f"{console}/dead-letters/discard", form, timeout=10)
    yield
    requests.post(f"{console}/commerce/recover", timeout=10)


@pytest.fixture(scope="package")
def driver():
    """One browser for all tests of the console."""
    with browser() as driver:
        yield driver


@pytest.fixture
def page(driver, stack, clean):
    """A window on a desktop, light; it shows the page of the previous test."""
    page = Page(driver, stack.stack["console"])
    page.look(DESKTOP)
    return page


@pytest.fixture
def console(stack):
    """A client of the stack's console."""
    return ConsoleClient(stack.stack["console"])
