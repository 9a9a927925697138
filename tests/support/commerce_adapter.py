"""Commerce without a network: an adapter that answers requests from a script.

The real client runs on top of it, so URLs, headers, signatures and JSON are really
built: ``connection_with([reply(200, {"id": 15})])``.
"""

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
TOKEN_DOCUMENT = {"access_token": "token", "expires_in": 86400}


def commerce_settings(base: dict = PAAS, **more: str) -> CommerceSettings:
    """Settings from an environment of *base* and *more*."""
    return from_environment(CommerceSettings, {**base, **more})


@dataclass
class RecordedRequest:
    """One request as it would go over the wire.

    Attributes:
        path: relative to ``V1/``, still percent-encoded; "" for a token request.
        body: parsed JSON where the request is JSON.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    url: str = field(compare=False, default="")
    headers: dict[str, str] = field(compare=False, default_factory=dict)


Reply = Callable[[RecordedRequest], Any]


def reply(status: int = 200, document: Any = None, **headers: str) -> Reply:
    """A scripted response: bytes as they are, everything else as JSON."""
    is_raw = isinstance(document, bytes)
    content = document if is_raw else json.dumps(document).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if not is_raw:
        named.setdefault("Content-Type", "application/json")

    def respond(request: RecordedRequest) -> HTTPResponse:
        return HTTPResponse(io.BytesIO(content), named, status, preload_content=False)

    return respond


class RecordingAdapter(HTTPAdapter):
    """Answers from a script and records what is sent.

    Args:
        script: a function of the request, or a list of what answers one request each:
            a ``reply``, an exception to raise, or a function that returns one of them.

    Attributes:
        requests: what was sent, in order.
    """

    def __init__(self, script: Reply | Iterable[Any]) -> None:
        super().__init__()
        self.requests: list[RecordedRequest] = []
        if callable(script):
            self._script = script
        else:
            remaining = iter(list(script))
            self._script = lambda request: next(remaining)

    def send(self, request: Any, **_: Any) -> requests.Response:
        parts = urlsplit(request.url)
        body = request.body
        if body and request.headers.get("Content-Type") == "application/json":
            body = json.loads(body)
        recorded = RecordedRequest(
            request.method,
            parts.path.partition("/V1/")[2],
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            body,
            request.url,
            dict(request.headers),
        )
        self.requests.append(recorded)
        response = self._script(recorded)
        while callable(response):
            response = response(recorded)
        if isinstance(response, Exception):
            raise response
        return self.build_response(request, response)


def connection_with(
    script: Reply | Iterable[Any],
    base: dict = PAAS,
    clock: Callable[[], float] | None = None,
    **more: str,
) -> tuple[CommerceConnection, RecordingAdapter]:
    """A connection, and the adapter that answers it."""
    adapter = RecordingAdapter(script)
    session = requests.Session()
    session.trust_env = False  # looking for proxies costs more than a request
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    extra = {} if clock is None else {"clock": clock}
    return CommerceConnection(
        commerce_settings(base, **more), session, **extra
    ), adapter
