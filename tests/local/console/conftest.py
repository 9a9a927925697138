"""One stack for all tests of its console."""

import pytest
import requests

from tests.running import RunningStack


@pytest.fixture(scope="package")
def stack(tmp_path_factory):
    with RunningStack(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(autouse=True)
def _commerce_works(stack):
    """No test leaves Commerce failing for the next."""
    yield
    requests.post(f"{stack.stack['console']}/shop/recover", timeout=10)
