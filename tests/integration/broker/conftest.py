"""The brokers of these tests: ours, and Google's emulator where they agree."""

from collections.abc import Iterator

import pytest

from tests.support import broker_servers
from tests.support.broker_api import Api

SPEED = 20  # of the broker whose deadlines are waited for


def _api(address: str) -> Iterator[Api]:
    api = Api(address)
    yield api
    api.close()


@pytest.fixture(scope="session")
def ours():
    """Our broker, as it is."""
    with broker_servers.ours() as address:
        yield from _api(address)


@pytest.fixture(scope="session")
def google():
    """Google's emulator."""
    with broker_servers.google() as address:
        yield from _api(address)


@pytest.fixture(params=["ours", pytest.param("google", marks=pytest.mark.emulator)])
def api(request):
    """A broker; tests that take it hold for ours and for Google's emulator.

    Where the emulator fails, a test is marked ``only_ours`` with what it does.
    """
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def fast():
    """Our broker with every duration a twentieth: ten seconds pass in half a one."""
    with broker_servers.ours(speed=SPEED) as address:
        yield from _api(address)
