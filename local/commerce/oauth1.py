"""Authentication by OAuth 1.0a, verified over the request as it was sent.

Written from RFC 5849, without a library that the client might use as well: both would
share its errors. Messages are Magento's own.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections import OrderedDict
from urllib.parse import parse_qsl, quote, unquote

from local.commerce.credentials import Credentials
from local.commerce.errors import CommerceError, required
from local.commerce.http_messages import RestRequest

MAX_SKEW_SECONDS = 600
MAX_NONCES = 100_000  # 600 s at more than a hundred calls per second
PARAMETERS = frozenset(
    "oauth_" + name
    for name in (
        "consumer_key",
        "nonce",
        "signature",
        "signature_method",
        "timestamp",
        "token",
        "version",
    )
)
HEADER_PAIR = re.compile(r'([A-Za-z_]+)="([^"]*)"')


class SignatureCheck:
    """Verifies signatures, and that each nonce is used once."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def check(self, request: RestRequest, *, reject_encoded: bool) -> None:
        """Authenticate *request*.

        Args:
            refuse_encoded: see ``Switches.refuses_encoded_signed_paths``.

        Raises:
            CommerceError: 400 or 401, as in Commerce's list of OAuth errors.
        """
        oauth = _header_parameters(request.headers["authorization"])
        self._check_parameters(oauth)
        self._check_identity(oauth)
        _check_timestamp(oauth["oauth_timestamp"], request.time)
        nonce = oauth["oauth_nonce"]
        if nonce in self._nonces:
            raise CommerceError(
                401, "The nonce is already being used by the consumer with ID %1", [1]
            )
        signature = self._signature(request, oauth)
        is_rejected = reject_encoded and "%" in request.path
        if is_rejected or not hmac.compare_digest(signature, oauth["oauth_signature"]):
            raise CommerceError(401, "The signature is invalid. Verify and try again.")
        self._nonces[nonce] = None
        if len(self._nonces) > MAX_NONCES:
            self._nonces.popitem(last=False)

    def _check_parameters(self, oauth: dict[str, str]) -> None:
        """Exactly the seven parameters: no realm, and no SHA-1 since 2.4.4."""
        for name in sorted(PARAMETERS - set(oauth)):
            raise required(name)
        for name in sorted(set(oauth) - PARAMETERS):
            raise CommerceError(400, "parameter_rejected: %1", [name])
        version, method = oauth["oauth_version"], oauth["oauth_signature_method"]
        if version != "1.0":
            raise CommerceError(
                400, 'The "%1" Oauth version isn\'t supported.', [version]
            )
        if method != "HMAC-SHA256":
            raise CommerceError(400, "Signature method %1 is not supported", [method])

    def _check_identity(self, oauth: dict[str, str]) -> None:
        credentials = self._credentials
        if not _equal(oauth["oauth_consumer_key"], credentials.consumer_key):
            raise CommerceError(
                401, "A consumer having the specified key does not exist"
            )
        if not _equal(oauth["oauth_token"], credentials.access_token):
            raise CommerceError(401, "Specified token does not exist")

    def _signature(self, request: RestRequest, oauth: dict[str, str]) -> str:
        """RFC 5849, 3.4: over the parameters of header and query, not of the body."""
        pairs = parse_qsl(request.query, keep_blank_values=True)
        pairs += [item for item in oauth.items() if item[0] != "oauth_signature"]
        encoded = sorted((_escape(name), _escape(value)) for name, value in pairs)
        default_port = ":443" if request.scheme == "https" else ":80"
        host = request.headers.get("host", "").lower().removesuffix(default_port)
        base = "&".join(
            (
                request.method.upper(),
                _escape(f"{request.scheme}://{host}{request.path}"),
                _escape("&".join(f"{name}={value}" for name, value in encoded)),
            )
        )
        consumer_secret = _escape(self._credentials.consumer_secret)
        key = f"{consumer_secret}&{_escape(self._credentials.access_token_secret)}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
        return b64encode(digest).decode()


def not_authorized(resource: str) -> CommerceError:
    """The error of a request without authentication or permission."""
    return CommerceError(
        401,
        "The consumer isn't authorized to access %resources.",
        {"resources": resource},
    )


def _header_parameters(authorization: str) -> dict[str, str]:
    """The parameters of an ``OAuth`` header.

    Raises:
        CommerceError: one comes twice.
    """
    parameters: dict[str, str] = {}
    for name, value in HEADER_PAIR.findall(authorization.partition(" ")[2]):
        if name in parameters:
            raise CommerceError(400, "parameter_rejected: %1", [name])
        parameters[name] = unquote(value)
    return parameters


def _check_timestamp(text: str, now: float) -> None:
    is_number = text.isascii() and text.isdigit() and len(text) < 16
    if not is_number or abs(int(text) - now) > MAX_SKEW_SECONDS:
        raise CommerceError(
            400, "Incorrect timestamp value in the oauth_timestamp parameter"
        )


def _escape(text: str) -> str:
    return quote(text, safe="~")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
