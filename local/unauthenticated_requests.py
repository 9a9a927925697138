"""Explains to the operator of this machine why ingest does not know a caller.

Ingest logs a reason that is safe on any log. Here the body and the settings are at
hand, so that a changed body differs from another secret. The caller learns nothing.
"""

import json
from collections.abc import Iterator, Mapping

from functions.ingest.settings import IngestSettings
from functions.standard_webhooks import is_signed

# How libraries write the same JSON: (item separator, key separator), ASCII only.
FORMATS = [
    (separators, ascii_only)
    for separators in ((",", ":"), (", ", ": "))
    for ascii_only in (True, False)
]


def explanation(
    settings: IngestSettings, headers: Mapping[str, str], body: bytes
) -> str:
    """What the operator can check; "" where there is nothing to add.

    Args:
        headers: of the request, by names in lower case.
        body: all of it.
    """
    match settings.auth:
        case "token":
            return f"INGEST_TOKENS has {_names(settings.tokens)}."
        case "hmac":
            known = f"INGEST_HMAC_SECRETS has {_names(settings.hmac_secrets)}."
            if "webhook-signature" not in headers:
                return known
            for secret in settings.hmac_secrets:
                if any(
                    is_signed(secret.value, headers, one) for one in _variants(body)
                ):
                    return (
                        f"The secret of {secret.caller} signed the same JSON in another"
                        " format: the body was changed after it was signed. Sign the"
                        " bytes that are sent."
                    )
            return known
        case _:
            return ""


def _names(secrets: tuple) -> str:
    return f"secrets of: {', '.join(secret.caller for secret in secrets)}"


def _variants(body: bytes) -> Iterator[bytes]:
    """*body* as other programs write it."""
    yield body.strip()
    yield body.strip() + b"\n"
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    for separators, ascii_only in FORMATS:
        text = json.dumps(value, separators=separators, ensure_ascii=ascii_only)
        yield text.encode(errors="replace")
    yield json.dumps(value, indent=2, ensure_ascii=False).encode(errors="replace")
