"""Verifies Google ID tokens; imported only under INGEST_AUTH=oidc."""

import json
import time
from collections.abc import Callable
from typing import Any

from google.auth.exceptions import TransportError
from google.auth.transport import requests
from google.oauth2 import id_token

CERTIFICATES_CACHE_SECONDS = 3600.0  # Google rotates its keys over days
CLOCK_SKEW_SECONDS = 10
FETCH_TIMEOUT_SECONDS = 10.0  # google-auth would wait two minutes


class CachedCertificates:
    """A google-auth transport that fetches each address once an hour."""

    def __init__(
        self,
        request: Callable[..., Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._clock = clock
        self._cache: dict[str, tuple[float, Any]] = {}

    def __call__(self, url: str, method: str = "GET", **kwargs: Any) -> Any:
        expires, response = self._cache.get(url, (0.0, None))
        now = self._clock()
        if response is None or now >= expires:
            self._request = self._request or requests.Request()
            response = self._request(
                url, method=method, timeout=FETCH_TIMEOUT_SECONDS, **kwargs
            )
            if response.status == 200:
                _check_certificates(response.data)
                self._cache[url] = (now + CERTIFICATES_CACHE_SECONDS, response)
        return response


def _check_certificates(body: bytes) -> None:
    """Raise TransportError where *body* is, say, a proxy's page: it is an outage."""
    try:
        valid = isinstance(json.loads(body), dict)
    except ValueError:
        valid = False
    if not valid:
        raise TransportError("invalid response from Google's certificate endpoint")


CERTIFICATES = CachedCertificates()


def verified_email(
    token: str, audience: str, request: Callable[..., Any]
) -> str | None:
    """The verified e-mail address of *token*'s account; None for an invalid token.

    Raises:
        TransportError: Google's certificates cannot be fetched now.
    """
    try:
        claims = id_token.verify_oauth2_token(
            token, request, audience, clock_skew_in_seconds=CLOCK_SKEW_SECONDS
        )
    except TransportError:
        raise
    # google-auth raises TypeError, AttributeError, RecursionError and more for
    # malformed tokens; after any of them the token is not verified.
    except Exception:
        return None
    return claims.get("email") if claims.get("email_verified") is True else None
