"""A client on the wire, and what a call of it that fails says."""

import pytest

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable
from tests.commerce.canned import PAAS, settings

SAID = {"message": "no"}
PATIENCE_SECONDS = 30  # for what comes at once unless something is wrong


def client_of(server, **more):
    base = {**PAAS, "COMMERCE_BASE_URL": f"{server.url}/rest/"}
    return CommerceConnection(settings(base, **more))


def unavailable(call) -> tuple:
    """Status of the error that *call* raises, and what is set of its flags."""
    with pytest.raises(Unavailable) as raised:
        call()
    flags = [
        name for name in ("effect_unknown", "alarm") if getattr(raised.value, name)
    ]
    return (raised.value.status, *flags)
