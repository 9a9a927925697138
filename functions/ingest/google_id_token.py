"""Google ID tokens: whose account is calling. Imported only under INGEST_AUTH=oidc."""

import json
import time
from collections.abc import Callable

from google.auth.exceptions import TransportError
from google.auth.transport import requests
from google.oauth2 import id_token

CERTIFICATES_SECONDS = 3600.0  # Google rotates its keys over days and overlaps them
CLOCK_SECONDS = 10  # ours may be behind Google's, or ahead, by so much
FETCH_SECONDS = 10.0  # google-auth would wait two minutes


class CachedCertificates:
    """A google-auth transport that fetches each address once an hour."""

    def __init__(self, request=None, clock: Callable[[], float] = time.monotonic):
        self._request = request
        self._clock = clock
        self._kept: dict[str, tuple[float, object]] = {}

    def __call__(self, url: str, method: str = "GET", **kwargs):
        until, response = self._kept.get(url, (0.0, None))
        now = self._clock()
        if response is None or now >= until:
            self._request = self._request or requests.Request()
            response = self._request(
                url, method=method, timeout=FETCH_SECONDS, **kwargs
            )
            if response.status == 200:
                _check_readable(response)
                self._kept[url] = (now + CERTIFICATES_SECONDS, response)
        return response


def _check_readable(response) -> None:
    """A page of some proxy in place of certificates is an outage, not a bad token."""
    try:
        readable = isinstance(json.loads(response.data), dict)
    except ValueError:
        readable = False
    if not readable:
        raise TransportError("what came are no certificates")


CERTIFICATES = CachedCertificates()


def email_of(token: str, audience: str, request: Callable) -> str | None:
    """The verified e-mail address of *token*'s account; None for a token that is bad.

    Raises:
        TransportError: Google's certificates cannot be had now.
    """
    try:
        claims = id_token.verify_oauth2_token(
            token, request, audience, clock_skew_in_seconds=CLOCK_SECONDS
        )
    except TransportError:
        raise
    # google-auth raises TypeError, AttributeError, RecursionError and more over tokens
    # made to confuse it; whatever it is, the token is not good.
    except Exception:
        return None
    return claims.get("email") if claims.get("email_verified") is True else None
