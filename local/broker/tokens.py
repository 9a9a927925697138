"""The token that a push with ``oidc_token`` carries.

It has a token's shape and claims and NO SIGNATURE: it proves no identity, and is for an
endpoint on this machine that only requires a token to be present.
"""

import base64
import json

LIFETIME_SECONDS = 3600


def unsigned_token(oidc_token, endpoint: str, now: float) -> str:
    """An unsigned JSON Web Token (``"alg": "none"``) with Pub/Sub's claims.

    Args:
        oidc_token: of the push configuration: service account, and audience (default:
            *endpoint*).
        now: seconds since 1970.
    """
    email = oidc_token.service_account_email
    claims = {
        "aud": oidc_token.audience or endpoint,
        "azp": email,
        "email": email,
        "email_verified": True,
        "exp": int(now) + LIFETIME_SECONDS,
        "iat": int(now),
        "iss": "https://accounts.google.com",
        "sub": email,
    }
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def _part(value: dict) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
