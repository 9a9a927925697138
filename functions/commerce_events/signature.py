"""Verifies the digital signatures of Adobe I/O Events.

RSA PKCS#1 v1.5 with SHA-256 over the raw body. Each delivery carries two signatures by
two keys, so that Adobe can rotate them; one that verifies is enough.
"""

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from functions.commerce_events.public_keys import PATH, KeyUnavailable, PublicKeys

# Names of the headers with a signature and the path of its key.
SIGNATURES = (
    ("x-adobe-digital-signature-1", "x-adobe-public-key1-path"),
    ("x-adobe-digital-signature-2", "x-adobe-public-key2-path"),
)
MAX_SIGNATURE_LENGTH = 2048  # characters of base64


class Unauthenticated(Exception):
    """The request is not Adobe's for us; the text says why, without what was sent."""


async def verify(content: bytes, headers: Mapping[str, str], keys: PublicKeys) -> None:
    """Return if one of the signatures in *headers* is one of *content*.

    Args:
        headers: by name, in any case.

    Raises:
        Unauthenticated: none is.
        KeyUnavailable: none is so far, and a key cannot be fetched now.
    """
    reason = "there is no x-adobe-digital-signature header"
    unavailable: KeyUnavailable | None = None
    for name, path_name in SIGNATURES:
        text = headers.get(name)
        if not text:
            continue
        signature, path = _decode(text), headers.get(path_name, "")
        if signature is None or not PATH.fullmatch(path):
            reason = "no signature comes with the path of one of Adobe's keys"
            continue
        try:
            key = await keys.key(path)
            key.verify(signature, content, PKCS1v15(), SHA256())
            return
        except KeyUnavailable as error:
            unavailable = error
        except InvalidSignature:
            reason = "no signature matches the body"
    raise unavailable or Unauthenticated(reason)


def _decode(text: str) -> bytes | None:
    if len(text) > MAX_SIGNATURE_LENGTH:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
