"""What leak tests send, and the check that nothing of it appears in an output.

Both functions run as the platform runs them, at LOG_LEVEL=DEBUG, with values that are
recognised wherever they appear; then every response and everything that the processes
wrote is searched. The uid is a label by design, and no canary.
"""

import json
from typing import Any

import requests

from tests.support import canaries
from tests.support.serving import OAUTH1

TOKEN = "ingest-token-0123456789"
LEDGER_KEY = "5ec2e7" * 10 + "ab12"  # without one, a file is created beside the ledger
CLIENT_SECRET, IMS_TOKEN = "client-secret-0123456789", "ims-token-0123456789"
SECRETS = (TOKEN, LEDGER_KEY, *OAUTH1.values(), CLIENT_SECRET, IMS_TOKEN)
# Stack traces of Python's and Commerce's, and signatures.
TRACES = ("Traceback", 'File "', "STACK", "oauth_signature", "Authorization")
CANARY = canaries.WORD
VALUES = canaries.values()
PRODUCT_CREATE = "be-observer.catalog_product_create"
HEADERS = {
    "Authorization": f"Bearer {TOKEN}",
    "Cookie": f"session={CANARY}",
    "Referer": f"https://{CANARY}.example/",
    "Traceparent": f"00-{CANARY}",
    "User-Agent": CANARY,
    "X-Forwarded-For": CANARY,
    f"X-{CANARY}": CANARY,
}


def assert_clean(output: bytes | str) -> None:
    """*output* contains no canary, secret or stack trace."""
    assert canaries.find(output, *SECRETS, *TRACES) == []


def assert_clean_response(response: requests.Response) -> None:
    """Neither body nor headers contain one."""
    assert_clean(response.text + str(response.headers))


def post(url: str, content: Any, **headers: str) -> requests.Response:
    """Post *content*, bytes as they are, everything else as JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return requests.post(url, raw, headers=headers, timeout=30)


def with_wrong_fields(value: Any) -> Any:
    """*value* with an invalid value in every field."""
    if isinstance(value, list):
        return [with_wrong_fields(item) for item in value]
    if isinstance(value, dict):
        return {key: with_wrong_fields(item) for key, item in value.items()}
    return [canaries.NUMBER, CANARY]
