"""Deployments for the operator's commands, on our broker and on Google's emulator."""

import pytest

from tests.cli.deployment import Deployment
from tests.support import broker_servers
from tests.support.broker_api import Api

SPEED = 5  # of the broker whose leases are waited for


def _opened(server):
    with server as address:
        api = Api(address)
        yield api
        api.close()


@pytest.fixture(scope="session")
def ours():
    """Our broker."""
    yield from _opened(broker_servers.ours())


@pytest.fixture(scope="session")
def google():
    """Google's emulator."""
    yield from _opened(broker_servers.google())


@pytest.fixture(scope="session")
def hasty():
    """Our broker, where ten seconds pass in two."""
    yield from _opened(broker_servers.ours(speed=SPEED))


@pytest.fixture(params=["ours", pytest.param("google", marks=pytest.mark.emulator)])
def deployment(request, tmp_path):
    """A deployment, on ours and on Google's emulator."""
    return Deployment(request.getfixturevalue(request.param), tmp_path)


@pytest.fixture
def hasty_deployment(hasty, tmp_path):
    """A deployment whose leases run out within two seconds."""
    return Deployment(hasty, tmp_path, ack_deadline_seconds=10)
