"""OAuth 1.0a signatures by RFC 5849, computed without the library under test."""

import base64
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import quote, unquote

from tests.support.commerce_adapter import PAAS


def percent_encode(text: str) -> str:
    """RFC 5849, 3.6."""
    return quote(text, safe="-._~")


def oauth_parameters(request: Any) -> dict[str, str]:
    """The parameters of a received request's Authorization header."""
    scheme, _, rest = request.headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    pairs = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert ", ".join(f'{n}="{v}"' for n, v in pairs.items()) == rest
    return {name: unquote(value) for name, value in pairs.items()}


def signature(method: str, host: str, target: str, oauth: dict[str, str]) -> str:
    """RFC 5849, 3.4: over the *target* exactly as it arrived.

    Args:
        host: with its scheme.
    """
    path, _, query = target.partition("?")
    pairs = [(percent_encode(k), percent_encode(v)) for k, v in oauth.items()]
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        pairs.append((percent_encode(unquote(name)), percent_encode(unquote(value))))
    normal = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    base = "&".join(map(percent_encode, (method, host + path, normal)))
    secrets = (PAAS["COMMERCE_CONSUMER_SECRET"], PAAS["COMMERCE_ACCESS_TOKEN_SECRET"])
    key = "&".join(map(percent_encode, secrets))
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def is_signed(request: Any, host: str, target: str | None = None) -> bool:
    """Whether a received request to *host* has the right signature."""
    oauth = oauth_parameters(request)
    actual = oauth.pop("oauth_signature")
    return actual == signature(request.method, host, target or request.target, oauth)
