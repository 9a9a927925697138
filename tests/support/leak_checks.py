"""No payload, no secret, no stack trace: whatever happens to whichever event.

Both functions run as the platform runs them, at LOG_LEVEL=DEBUG, and are led down
every path with values that are recognised wherever they turn up; then everything that
the processes wrote, to stdout or stderr, is searched, and every answer.
A uid is a label by design, and no canary.
"""

import json

import requests

from tests import canaries
from tests.serving import OAUTH1

TOKEN = "ingest-token-0123456789"
SECRETS = (TOKEN, *OAUTH1.values(), "client-secret-0123456789", "ims-token-0123456789")
# What of ours must be in no output: traces of Python's and Commerce's, signatures.
TRACES = ("Traceback", 'File "', "STACK", "oauth_signature", "Authorization")
CANARY = canaries.WORD
VALUES = canaries.values()
PRODUCT = "be-observer.catalog_product_create"


def clean(said: bytes | str) -> None:
    """Nothing recognisable stands in *said*."""
    assert canaries.found(said, *SECRETS, *TRACES) == []


def body(event: str, value, uid="u-1", **more) -> dict:
    return {"data": {"uid": uid, "event": event, "value": value, **more}}


def post(address: str, content, **headers: str) -> requests.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return requests.post(address, raw, headers=headers, timeout=30)


HEADERS = {
    "Authorization": f"Bearer {TOKEN}",
    "Cookie": f"session={CANARY}",
    "Referer": f"https://{CANARY}.example/",
    "Traceparent": f"00-{CANARY}",
    "User-Agent": CANARY,
    "X-Forwarded-For": CANARY,
    f"X-{CANARY}": CANARY,
}


def spoilt(value):
    """*value* with a fault in every field."""
    if isinstance(value, list):
        return [spoilt(item) for item in value]
    if isinstance(value, dict):
        return {key: spoilt(item) for key, item in value.items()}
    return [canaries.NUMBER, CANARY]
