"""Sign-in as Commerce checks it: OAuth 1.0a over the request as it was sent.

The check is written from RFC 5849, and by no library that a client may use as well.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from local.commerce.errors import Refusal

SKEW_SECONDS = 600
NONCES = 100_000  # remembered; those of 600 s at more than a hundred calls a second
SEVEN = frozenset(
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
PAIR = re.compile(r'([A-Za-z_]+)="([^"]*)"')


@dataclass(frozen=True)
class Credentials:
    """What the stand-in lets in; made up, and the same for all who do not choose."""

    consumer_key: str = "standinconsumerkey00000000000000"
    consumer_secret: str = field(default="standinconsumersecret00000000000", repr=False)
    access_token: str = field(default="standinaccesstoken00000000000000", repr=False)
    access_token_secret: str = field(
        default="standinaccesstokensecret00000000", repr=False
    )
    client_id: str = "stand-in-client"
    client_secret: str = field(default="stand-in-client-secret", repr=False)
    org_id: str = "STANDIN@AdobeOrg"
    scope: str = "commerce.accs"
    tenant: str = "stand-in-tenant"


@dataclass(frozen=True)
class Sent:
    """A request as it came over the wire.

    Attributes:
        raw_path: never decoded: it is what was signed.
        query: likewise, without the question mark.
        resource: Commerce's name of the permission the route asks for.
    """

    method: str
    scheme: str
    host: str
    raw_path: str
    query: str
    authorization: str
    resource: str


class OAuth1:
    """Checks signatures (notes, "OAuth 1.0a").

    Texts are Magento's own (magento2, Framework/Oauth and Integration/Model/Oauth).
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def check(self, sent: Sent, now: float, refuses_encoded: bool) -> None:
        """Let *sent* in.

        Args:
            refuses_encoded: see ``Rules.refuses_encoded_signed_paths``.

        Raises:
            Refusal: 400 or 401, as Commerce's list of OAuth errors says.
        """
        given = _header(sent.authorization)
        self._check_parameters(given)
        self._check_identity(given)
        self._check_time(given["oauth_timestamp"], now)
        if given["oauth_nonce"] in self._nonces:
            raise Refusal(
                401, "The nonce is already being used by the consumer with ID %1", [1]
            )
        wanted = self._signature(sent, given)
        encoded = refuses_encoded and "%" in sent.raw_path  # Q3
        if encoded or not hmac.compare_digest(wanted, given["oauth_signature"]):
            raise Refusal(401, "The signature is invalid. Verify and try again.")
        self._nonces[given["oauth_nonce"]] = None
        if len(self._nonces) > NONCES:
            self._nonces.popitem(last=False)

    def _check_parameters(self, given: dict[str, str]) -> None:
        """The seven and no others: a JSON body is not signed, no realm."""
        missing = sorted(SEVEN - set(given))
        if missing:
            raise Refusal(
                400,
                '"%fieldName" is required. Enter and try again.',
                {"fieldName": missing[0]},
            )
        if strange := sorted(set(given) - SEVEN):
            raise Refusal(400, "parameter_rejected: %1", [strange[0]])
        if given["oauth_version"] != "1.0":
            raise Refusal(
                400,
                'The "%1" Oauth version isn\'t supported.',
                [given["oauth_version"]],
            )
        # SHA1 is refused since 2.4.4.
        if given["oauth_signature_method"] != "HMAC-SHA256":
            raise Refusal(
                400,
                "Signature method %1 is not supported",
                [given["oauth_signature_method"]],
            )

    def _check_identity(self, given: dict[str, str]) -> None:
        ours = self._credentials
        if not _same(given["oauth_consumer_key"], ours.consumer_key):
            raise Refusal(401, "A consumer having the specified key does not exist")
        if not _same(given["oauth_token"], ours.access_token):
            raise Refusal(401, "Specified token does not exist")

    def _check_time(self, text: str, now: float) -> None:
        stamp = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
        if stamp <= 0 or abs(stamp - now) > SKEW_SECONDS:
            raise Refusal(
                400, "Incorrect timestamp value in the oauth_timestamp parameter"
            )

    def _signature(self, sent: Sent, given: dict[str, str]) -> str:
        """RFC 5849, 3.4: over the parameters of header and query, not of the body."""
        pairs = parse_qsl(sent.query, keep_blank_values=True)
        pairs += [item for item in given.items() if item[0] != "oauth_signature"]
        encoded = sorted((_escaped(name), _escaped(value)) for name, value in pairs)
        address = f"{sent.scheme}://{_host(sent.scheme, sent.host)}{sent.raw_path}"
        base = "&".join(
            (
                sent.method.upper(),
                _escaped(address),
                _escaped("&".join(f"{name}={value}" for name, value in encoded)),
            )
        )
        ours = self._credentials
        key = f"{_escaped(ours.consumer_secret)}&{_escaped(ours.access_token_secret)}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
        return b64encode(digest).decode()


def not_authorized(resource: str) -> Refusal:
    """Nobody signed in, or one who may not."""
    return Refusal(
        401,
        "The consumer isn't authorized to access %resources.",
        {"resources": resource},
    )


def _header(authorization: str) -> dict[str, str]:
    """The parameters of an OAuth header.

    Raises:
        Refusal: one comes twice.
    """
    given: dict[str, str] = {}
    for name, value in PAIR.findall(authorization):
        if name in given:
            raise Refusal(400, "parameter_rejected: %1", [name])
        given[name] = unquote(value)
    return given


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _host(scheme: str, host: str) -> str:
    default = ":443" if scheme == "https" else ":80"
    return host.lower().removesuffix(default)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
