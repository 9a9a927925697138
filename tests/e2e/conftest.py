"""What both functions are tested under."""

import pytest


@pytest.fixture(params=["false", "true"])
def execution_id(request):
    """LOG_EXECUTION_ID, with which the framework reconfigures logging."""
    return request.param
