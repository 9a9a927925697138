"""One stand-in for all tests of this folder; each test meets its initial state."""

import pytest

from tests.support.running_stand_in import RunningStandIn


@pytest.fixture(scope="session")
def _running():
    with RunningStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def commerce(_running):
    """A stand-in in its initial state."""
    _running.reset()
    return _running
