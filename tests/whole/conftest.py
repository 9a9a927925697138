"""What both functions are tried under."""

import pytest


@pytest.fixture(params=["false", "true"])
def execution_id(request):
    """LOG_EXECUTION_ID, with which the framework goes its own way with logs."""
    return request.param
