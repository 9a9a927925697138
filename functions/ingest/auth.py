"""Authentication of callers; edit :func:`check_authentication` to add a rule.

It gets everything that a request holds, and returns the caller's name or raises.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from functions.ingest.settings import IngestSettings, Secret
from functions.standard_webhooks import is_signed, mismatch

ANONYMOUS = "anonymous"


class Request(NamedTuple):
    """What a caller sent.

    Attributes:
        headers: by name, in any case; of a repeated one the first.
        query_string: of the URL, without the question mark.
        body: the raw bytes, unparsed.
        request_line: method and path as sent, percent-encoded: ``GET /events/15``.
            Signed in place of the body where a request has none by its nature.
    """

    headers: Mapping[str, str]
    query_string: bytes
    body: bytes
    request_line: bytes = b""

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters of the URL; of a repeated one the last."""
        return dict(parse_qsl(self.query_string.decode("latin-1")))


class Unauthenticated(Exception):
    """The caller is unknown; the response is a 401 that does not say why.

    Attributes:
        challenge: value of the ``WWW-Authenticate`` header.
        reason: why, for the log; it holds nothing that the caller sent.
    """

    def __init__(self, challenge: str, reason: str = "") -> None:
        super().__init__("unauthenticated")
        self.challenge = challenge
        self.reason = reason


class AuthenticationUnavailable(Exception):
    """Authentication is impossible now; the response is a 503."""


async def check_authentication(request: Request, settings: IngestSettings) -> str:
    """The name of *request*'s caller, for ``ce-source`` and logs.

    Edit this function, or add to it, for a rule of your own. It runs before the body
    is parsed.

    Raises:
        Unauthenticated: the caller is unknown.
        AuthenticationUnavailable: it cannot be authenticated now.
    """
    match settings.auth:
        case "token":
            return authenticate_by_token(request, settings.tokens)
        case "hmac":
            return _authenticate_by_signature(request, settings.hmac_secrets)
        case "oidc":
            return await authenticate_by_id_token(request, settings)
        case _:
            return ANONYMOUS


def authenticate_by_token(request: Request, secrets: tuple[Secret, ...]) -> str:
    """The caller whose token is in a header, the query or the body of *request*.

    Raises:
        Unauthenticated: none of *secrets* is there.
    """
    reason = "no token was sent"
    for token in _presented_tokens(request):
        reason = "the token is none of INGEST_TOKENS"
        # Every secret is compared, so that the time taken does not depend on which
        # one matches.
        matching = [s for s in secrets if hmac.compare_digest(s.value.encode(), token)]
        if matching:
            return matching[0].caller
    raise Unauthenticated('Bearer realm="events"', reason)


def _presented_tokens(request: Request) -> Iterator[bytes]:
    """Tokens in *request*, the cheapest to find first."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        yield credentials.encode()
    elif scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(credentials).partition(b":")
            yield password
        except ValueError:  # binascii.Error, or text that is not ASCII
            pass
    if key := request.headers.get("x-api-key"):
        yield key.encode()
    if token := request.query.get("token"):
        yield token.encode(errors="surrogatepass")
    # For callers that can set nothing but a body.
    if b'"token"' in request.body:
        try:
            token = json.loads(request.body.removeprefix(b"\xef\xbb\xbf")).get("token")
        except (ValueError, AttributeError, RecursionError):
            return
        if isinstance(token, str):
            yield token.encode(errors="surrogatepass")


def _authenticate_by_signature(request: Request, secrets: tuple[Secret, ...]) -> str:
    content = request.request_line or request.body
    # Every secret is tested, so that the time taken does not depend on which one
    # matches.
    matching = [s for s in secrets if is_signed(s.value, request.headers, content)]
    if not matching:
        raise Unauthenticated(
            "Signature", mismatch(request.headers, "ingest", "INGEST_HMAC_SECRETS")
        )
    return matching[0].caller


async def authenticate_by_id_token(
    request: Request,
    settings: IngestSettings,
    certificates: Callable[..., Any] | None = None,
) -> str:
    """The account of a Google ID token, if it is for our audience and is allowed.

    Args:
        certificates: google-auth transport that fetches Google's; by default cached.

    Raises:
        Unauthenticated: there is no such token.
        AuthenticationUnavailable: Google's certificates cannot be fetched now.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    reason = "no ID token was sent"
    if scheme.lower() == "bearer" and token:
        # In a thread: fetching the certificates blocks.
        email = await asyncio.to_thread(
            _verified_email, token.strip(), settings, certificates
        )
        if email is not None and email in settings.oidc_emails:
            return email
        reason = "the ID token is invalid, expired, or for another audience"
        if email is not None:
            reason = "the ID token's account is none of INGEST_OIDC_EMAILS"
    raise Unauthenticated('Bearer realm="events"', reason)


def _verified_email(
    token: str, settings: IngestSettings, certificates: Callable[..., Any] | None
) -> str | None:
    from functions.ingest import google_id_token

    request = certificates or google_id_token.CERTIFICATES
    try:
        return google_id_token.verified_email(token, settings.oidc_audience, request)
    except google_id_token.TransportError as error:
        raise AuthenticationUnavailable from error
