"""A stand-in for Adobe IMS: tokens by client credentials, and their verification.

Responses are those of Adobe's gateway in front of Adobe Commerce as a Cloud Service,
which names its own errors in ``error_code``.
"""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from local.commerce.credentials import Credentials
from local.commerce.errors import CommerceError

LIFETIME_SECONDS = 86_400
ROUTE = "ims/token/v3"
FORM_TYPE = "application/x-www-form-urlencoded"


class Ims:
    """Issues tokens and verifies them; they are kept in memory.

    Attributes:
        lifetime_seconds: of the tokens issued from now on.
    """

    def __init__(
        self, credentials: Credentials, lifetime_seconds: int = LIFETIME_SECONDS
    ) -> None:
        self._credentials = credentials
        self.lifetime_seconds = lifetime_seconds
        self._tokens: dict[str, float] = {}

    def issue(self, content_type: str, content: bytes, now: float) -> dict:
        """The response to ``POST /ims/token/v3``.

        Raises:
            CommerceError: other content type, credentials or scope.
        """
        if not content_type.lower().startswith(FORM_TYPE):
            raise _error("invalid_request", "a form is expected")
        form = {
            name: values[-1]
            for name, values in parse_qs(content.decode("utf-8", "replace")).items()
        }
        if form.get("grant_type") != "client_credentials":
            raise _error("unsupported_grant_type", "invalid grant_type parameter")
        for name in ("client_id", "client_secret"):
            expected = getattr(self._credentials, name).encode()
            if not hmac.compare_digest(form.get(name, "").encode(), expected):
                raise _error("invalid_client", f"invalid {name} parameter")
        # Separated by commas, as Adobe documents it.
        if self._credentials.scope not in form.get("scope", "").split(","):
            raise _error("invalid_scope", "invalid scope parameter")
        token = secrets.token_urlsafe(24)
        self._tokens = {t: end for t, end in self._tokens.items() if end > now}
        self._tokens[token] = now + self.lifetime_seconds
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.lifetime_seconds,
        }

    def check(self, headers: Mapping[str, str], now: float) -> None:
        """Authenticate a request with these headers.

        Raises:
            CommerceError: no valid token, or one of its two headers is missing.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _gateway(401, "401010", "Oauth token is missing")
        if self._tokens.get(token, 0) <= now:
            raise _gateway(401, "401013", "Oauth token is not valid")
        if "x-api-key" not in headers:
            raise _gateway(403, "403000", "Api Key is required")
        if headers["x-api-key"] != self._credentials.client_id:
            raise _gateway(403, "403003", "Api Key is invalid")
        if headers.get("x-gw-ims-org-id") != self._credentials.org_id:
            raise _gateway(403, "403027", "x-gw-ims-org-id is not the token's")

    def revoke(self) -> None:
        """Revoke every token."""
        self._tokens.clear()


def _error(code: str, text: str) -> CommerceError:
    return CommerceError(400, text, body={"error": code, "error_description": text})


def _gateway(status: int, code: str, text: str) -> CommerceError:
    return CommerceError(status, text, body={"error_code": code, "message": text})
