"""The shared stack's console; no test leaves Commerce failing or dead letters."""

import re

import pytest
import requests


@pytest.fixture(autouse=True)
def _clean(stack):
    """Start each test without simulated faults and dead letters."""
    console = stack.stack["console"]
    requests.post(f"{console}/commerce/recover", timeout=10)
    page = requests.get(f"{console}/dead-letters", timeout=10).text
    for message_id in set(re.findall('name="message_id" value="([^"]+)"', page)):
        form = {"message_id": message_id}
        requests.post(f"{console}/dead-letters/discard", form, timeout=10)
    yield
    requests.post(f"{console}/commerce/recover", timeout=10)
