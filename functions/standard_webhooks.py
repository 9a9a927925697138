"""Signs and verifies by Standard Webhooks: https://www.standardwebhooks.com.

Its Python library decodes the body as UTF-8 before it verifies, and fails on the
first malformed signature of several; here neither matters.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from functools import cache

MIN_KEY_BYTES = 24  # as Standard Webhooks asks
TOLERANCE_SECONDS = 300  # between the sender's clock and the receiver's
MAX_ID_LENGTH = 256
ID_PATTERN = rf"[!-~]{{1,{MAX_ID_LENGTH}}}"  # it becomes an attribute of the message
ID = re.compile(ID_PATTERN)
TIMESTAMP = re.compile(r"[0-9]{1,12}")


def check_secret(secret: str) -> None:
    """Check a setting's secret.

    Raises:
        ValueError: it is not ``whsec_<base64>``, or short.
    """
    if not secret.startswith("whsec_"):
        raise ValueError("holds a secret that does not begin with whsec_")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("holds a secret that is not base64 after whsec_") from None
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"holds a secret of fewer than {MIN_KEY_BYTES} bytes")


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
    expected = _signature(secret, identifier, timestamp, content)
    presented = headers.get("webhook-signature", "").encode().split()
    # All are compared, so that the time taken does not depend on which one matches.
    return sum(hmac.compare_digest(expected, one) for one in presented) > 0


def mismatch(headers: Mapping[str, str], receiver: str, setting: str) -> str:
    """Why :func:`is_signed` is false, for operators; without what was sent.

    Args:
        receiver: who verifies; it names the clock.
        setting: names the secrets.
    """
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
            f"webhook-timestamp is {abs(difference)} s {direction} {receiver}'s clock,"
            f" at most {TOLERANCE_SECONDS} s are allowed: check the sender's clock"
        )
    return (
        f"no secret of {setting} matches the signature: another secret, or"
        " the body was changed after it was signed"
    )


def sign(
    secrets: Sequence[str], identifier: str, timestamp: int, content: bytes
) -> str:
    """The ``webhook-signature`` of *content*: one signature for each of *secrets*.

    Args:
        secrets: each ``whsec_<base64>``; several while one replaces another.
        identifier: the ``webhook-id``.
        timestamp: the ``webhook-timestamp``, seconds since 1970.
        content: the bytes that are sent.
    """
    return " ".join(
        _signature(secret, identifier, str(timestamp), content).decode()
        for secret in secrets
    )


def _signature(secret: str, identifier: str, timestamp: str, content: bytes) -> bytes:
    signed = f"{identifier}.{timestamp}.".encode() + content
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return b"v1," + base64.b64encode(digest)


@cache
def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))
