"""Who is calling: the one place to edit for a rule of one's own.

:func:`check_authentication` sees all there is to see of a request, and either names
the caller or refuses.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from functions.ingest.settings import IngestSettings, Secret

ANONYMOUS = "anonymous"


class Request(NamedTuple):
    """What a caller sent.

    Attributes:
        headers: by name, in any case.
        query_string: of the URL, without the question mark.
        body: the raw bytes, unparsed.
    """

    headers: Mapping[str, str]
    query_string: bytes
    body: bytes

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters of the URL; of one given twice the last."""
        return dict(parse_qsl(self.query_string.decode("latin-1")))


class Unauthenticated(Exception):
    """The caller is not one we know. Nothing about why is told to them.

    Attributes:
        challenge: value of the ``WWW-Authenticate`` header.
    """

    def __init__(self, challenge: str) -> None:
        super().__init__("unauthenticated")
        self.challenge = challenge


class AuthenticationUnavailable(Exception):
    """Who is calling cannot be found out now; the answer is a 503."""


async def check_authentication(request: Request, settings: IngestSettings) -> str:
    """Name the caller of *request*; the name goes into ``ce-source`` and logs.

    Edit this function, or add to it, for a rule of your own. It runs before the body
    is parsed.

    Raises:
        Unauthenticated: the answer is a 401.
    """
    match settings.auth:
        case "token":
            return by_token(request, settings.tokens)
        case "hmac":
            return _by_signature(request, settings.hmac_secrets)
        case "oidc":
            return await by_id_token(request, settings)
        case _:
            return ANONYMOUS


def by_token(request: Request, secrets: tuple[Secret, ...]) -> str:
    """The caller whose token *request* holds, wherever it may stand in it.

    Raises:
        Unauthenticated: it holds none that is in *secrets*.
    """
    # Places that cost least come first.
    for offered in _offered_tokens(request):
        # Every secret is compared, so that time does not tell which one was near.
        found = [s for s in secrets if hmac.compare_digest(s.value.encode(), offered)]
        if found:
            return found[0].caller
    raise Unauthenticated('Bearer realm="events"')


def _offered_tokens(request: Request) -> Iterator[bytes]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        yield credentials.encode()
    elif scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(credentials).partition(b":")
            yield password
        except ValueError:  # binascii.Error is one, and what is not ASCII another
            pass
    if key := request.headers.get("x-api-key"):
        yield key.encode()
    if token := request.query.get("token"):
        yield token.encode(errors="surrogatepass")
    # Parsing comes last, and only for callers who can set nothing but a body.
    if b'"token"' in request.body:
        try:
            token = json.loads(request.body.removeprefix(b"\xef\xbb\xbf")).get("token")
        except (ValueError, AttributeError, RecursionError):
            return
        if isinstance(token, str):
            yield token.encode(errors="surrogatepass")


def _by_signature(request: Request, secrets: tuple[Secret, ...]) -> str:
    """Standard Webhooks: the signature is over id, timestamp and the raw bytes."""
    caller = None
    for secret in secrets:
        try:
            _verifier(secret).verify(
                request.body, dict(request.headers), json_parse=False
            )
        # Beside its own error the library leaks what malformed input causes.
        except (_verification_error(), ValueError):
            continue
        caller = caller or secret.caller
    if caller is None:
        raise Unauthenticated("Signature")
    return caller


@cache
def _verifier(secret: Secret):
    from standardwebhooks import Webhook

    return Webhook(secret.value)


@cache
def _verification_error() -> type[Exception]:
    from standardwebhooks import WebhookVerificationError

    return WebhookVerificationError


async def by_id_token(
    request: Request, settings: IngestSettings, certificates: Callable | None = None
) -> str:
    """A Google ID token for our audience, of an account that is on the list.

    Args:
        certificates: google-auth transport that fetches Google's; by default cached.

    Raises:
        AuthenticationUnavailable: Google's certificates cannot be had now.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        # Off the loop: the certificates may have to be fetched first.
        email = await asyncio.to_thread(
            _email_of, token.strip(), settings, certificates
        )
        if email in settings.oidc_emails:
            return email
    raise Unauthenticated('Bearer realm="events"')


def _email_of(
    token: str, settings: IngestSettings, certificates: Callable | None
) -> str | None:
    from functions.ingest import google_id_token

    request = certificates or google_id_token.CERTIFICATES
    try:
        return google_id_token.email_of(token, settings.oidc_audience, request)
    except google_id_token.TransportError as error:
        raise AuthenticationUnavailable from error
