"""Verifies the signatures of Standard Webhooks: https://www.standardwebhooks.com.

Its Python library decodes the body as UTF-8 before it verifies, and fails on the
first malformed signature of several; here neither matters.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from functools import cache

TOLERANCE_SECONDS = 300  # between the caller's clock and ours
MAX_ID_LENGTH = 256
ID_PATTERN = rf"[!-~]{{1,{MAX_ID_LENGTH}}}"  # it becomes an attribute of the message
ID = re.compile(ID_PATTERN)
TIMESTAMP = re.compile(r"[0-9]{1,12}")


def is_signed(secret: str, headers: Mapping[str, str], content: bytes) -> bool:
    """Whether *headers* hold a valid signature of *content* by *secret*, made now.

    Args:
        secret: ``whsec_<base64>``.
        headers: by lower-case name. ``webhook-signature`` may hold several
            signatures; those that are malformed or of another version do not matter.
        content: the bytes that were sent.
    """
    identifier = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not ID.fullmatch(identifier) or not TIMESTAMP.fullmatch(timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{identifier}.{timestamp}.".encode() + content
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    expected = b"v1," + base64.b64encode(digest)
    presented = headers.get("webhook-signature", "").encode().split()
    # All are compared, so that the time taken does not depend on which one matches.
    return sum(hmac.compare_digest(expected, one) for one in presented) > 0


def mismatch(headers: Mapping[str, str]) -> str:
    """Why :func:`is_signed` is false, for operators; without what was sent."""
    if not headers.get("webhook-signature"):
        return "there is no webhook-signature header"
    if not ID.fullmatch(headers.get("webhook-id", "")):
        return "the webhook-id header is missing or invalid"
    timestamp = headers.get("webhook-timestamp", "")
    if not TIMESTAMP.fullmatch(timestamp):
        return "the webhook-timestamp header is missing or invalid"
    difference = int(timestamp) - round(time.time())
    if abs(difference) > TOLERANCE_SECONDS:
        direction = "ahead of" if difference > 0 else "behind"
        return (
            f"webhook-timestamp is {abs(difference)} s {direction} ingest's clock, at"
            f" most {TOLERANCE_SECONDS} s are allowed: check the caller's clock"
        )
    return (
        "no secret of INGEST_HMAC_SECRETS matches the signature: another secret, or"
        " the body was changed after it was signed"
    )


@cache
def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))
