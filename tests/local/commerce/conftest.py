"""One stand-in for a file of tests; each test finds it as on the first day."""

import pytest

from tests.commerce.conftest import NAMES
from tests.local.commerce.opened import Opened


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in (*NAMES, *map(str.upper, NAMES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def opened():
    with Opened() as stand_in:
        yield stand_in


@pytest.fixture
def commerce(opened):
    opened.reset()
    return opened
