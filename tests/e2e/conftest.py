"""One running stack for all tests that neither stop it nor change its environment.

Such tests use uids, SKUs and ids of their own, end the faults that they simulate, and
do not rely on a list being empty.
"""

import pytest

from tests.support.running import RunningStack
from tests.support.stand_in_control import StandInControl


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """A running stack with the stand-in; stopped at the end of the test run.

    Some shells set HOST to the machine's name, for programs of other kinds.
    """
    folder = tmp_path_factory.mktemp("stack")
    with RunningStack(folder, HOST="0.0.0.0") as running:  # noqa: S104
        yield running


@pytest.fixture
def commerce(stack):
    """The control interface of its stand-in, whose faults end after the test."""
    control = StandInControl(stack.stack["commerce"])
    yield control
    control.recover()


@pytest.fixture(params=["false", "true"])
def execution_id(request):
    """LOG_EXECUTION_ID, with which the framework reconfigures logging."""
    return request.param
