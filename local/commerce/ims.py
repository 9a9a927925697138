"""A stand-in for Adobe IMS: tokens by client credentials, and their check.

Answers are those of Adobe's gateway in front of Commerce as a Cloud Service, which
names its own faults in ``error_code`` (notes, "IMS server-to-server").
"""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from local.commerce.errors import Refusal
from local.commerce.signin import Credentials

DAY_SECONDS = 86_400
ROUTE = "ims/token/v3"
FORM = "application/x-www-form-urlencoded"


class Ims:
    """Issues tokens and knows them again, as long as it runs.

    Attributes:
        lifetime_seconds: of the tokens issued from now on.
    """

    def __init__(
        self, credentials: Credentials, lifetime_seconds: int = DAY_SECONDS
    ) -> None:
        self._credentials = credentials
        self.lifetime_seconds = lifetime_seconds
        self._tokens: dict[str, float] = {}

    def issue(self, content_type: str, content: bytes, now: float) -> dict:
        """The answer to ``POST /ims/token/v3``.

        Raises:
            Refusal: another form, other credentials, or a scope that is not enough.
        """
        if not content_type.lower().startswith(FORM):
            raise _error("invalid_request", "a form is expected")
        form = {
            name: values[-1]
            for name, values in parse_qs(content.decode("utf-8", "replace")).items()
        }
        if form.get("grant_type") != "client_credentials":
            raise _error("unsupported_grant_type", "invalid grant_type parameter")
        for name in ("client_id", "client_secret"):
            ours = getattr(self._credentials, name).encode()
            if not hmac.compare_digest(form.get(name, "").encode(), ours):
                raise _error("invalid_client", f"invalid {name} parameter")
        # Commas: blanks and a list in one text are what the documents do not have.
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
        """Let a request with these headers in.

        Raises:
            Refusal: no token of ours, or without the two headers that go with it.
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
        """End every token before its time."""
        self._tokens.clear()


def _error(code: str, text: str) -> Refusal:
    return Refusal(400, text, raw={"error": code, "error_description": text})


def _gateway(status: int, code: str, text: str) -> Refusal:
    return Refusal(status, text, raw={"error_code": code, "message": text})
