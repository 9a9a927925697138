"""Commerce without a wire: an adapter that a script answers, and settings for it."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.settings import from_environment

PAAS = {
    "COMMERCE_BASE_URL": "https://shop.example.com/rest/",
    "COMMERCE_CONSUMER_KEY": "consumer-key",
    "COMMERCE_CONSUMER_SECRET": "consumer-secret",
    "COMMERCE_ACCESS_TOKEN": "access-token",
    "COMMERCE_ACCESS_TOKEN_SECRET": "access-token-secret",
}
SAAS = {
    "COMMERCE_BASE_URL": "https://na1.api.commerce.adobe.com/tenant1",
    "OAUTH_CLIENT_ID": "client-id",
    "OAUTH_CLIENT_SECRET": "client-secret",
    "OAUTH_ORG_ID": "org@AdobeOrg",
}


def settings(base: dict = PAAS, **more: str) -> CommerceSettings:
    """Settings from an environment of *base* and *more*."""
    return from_environment(CommerceSettings, {**base, **more})


@dataclass
class Asked:
    """One request as it would go over the wire; *path* is relative to ``V1/``."""

    method: str
    path: str
    query: dict
    body: Any
    url: str = field(compare=False, default="")
    headers: dict = field(compare=False, default_factory=dict)


def response(status: int = 200, document: Any = None, **headers: str) -> HTTPResponse:
    """An answer: bytes as they are, everything else as JSON."""
    content = document
    if not isinstance(document, bytes):
        content = json.dumps(document).encode()
        headers.setdefault("Content-Type", "application/json")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPResponse(io.BytesIO(content), named, status, preload_content=False)


class Canned(HTTPAdapter):
    """Answers from a script and remembers what was asked.

    Args:
        script: a function of ``Asked``, or the answers in turn; an answer is an
            ``HTTPResponse`` or an exception to raise.
    """

    def __init__(
        self, script: Callable[[Asked], Any] | Iterable[HTTPResponse | Exception]
    ) -> None:
        super().__init__()
        if not callable(script):
            left = iter(list(script))
            self._script = lambda asked: next(left)
        else:
            self._script = script
        self.asked: list[Asked] = []

    def send(self, request, **_):
        parts = urlsplit(request.url)
        body = request.body
        if body and request.headers.get("Content-Type") == "application/json":
            body = json.loads(body)
        asked = Asked(
            request.method,
            parts.path.partition("/V1/")[2],
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            body,
            request.url,
            dict(request.headers),
        )
        self.asked.append(asked)
        answer = self._script(asked)
        if isinstance(answer, Exception):
            raise answer
        return self.build_response(request, answer)


def commerce(script: Any, base: dict = PAAS, clock=None, **more: str):
    """A client and the adapter that answers it."""
    adapter = Canned(script)
    session = requests.Session()
    session.mount("https://", adapter)
    extra = {} if clock is None else {"clock": clock}
    return CommerceConnection(settings(base, **more), session, **extra), adapter
