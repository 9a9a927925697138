"""Deployments for the operator's commands, on our broker."""

import sqlite3

import pytest

from local.journal import Journal
from tests.support import broker_servers
from tests.support.cli_deployment import BrokerClients, CliDeployment

SPEED = 5  # of the broker whose leases tests wait for


def _clients(server):
    with server as address:
        clients = BrokerClients(address)
        yield clients
        clients.close()


@pytest.fixture(scope="session")
def own_broker():
    """Our broker."""
    yield from _clients(broker_servers.ours())


@pytest.fixture(scope="session")
def fast_broker():
    """Our broker, where ten seconds pass in two."""
    yield from _clients(broker_servers.ours(speed=SPEED))


@pytest.fixture
def deployment(own_broker, tmp_path):
    """A deployment on our broker."""
    return CliDeployment(own_broker, tmp_path)


@pytest.fixture
def fast_deployment(fast_broker, tmp_path):
    """A deployment whose leases expire within two seconds."""
    return CliDeployment(fast_broker, tmp_path, ack_deadline_seconds=10)


@pytest.fixture
def journal(deployment):
    """The stack's journal, whose entries are one second apart."""
    db = sqlite3.connect(deployment.folder / "state.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    seconds = iter(range(1_800_000_000, 1_800_001_000))
    yield Journal(db, clock=lambda: float(next(seconds)))
    db.close()
