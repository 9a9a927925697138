"""One HTTP request over a kept connection, and what its failing tells."""

import logging
import time
from collections.abc import Callable

import requests
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)

from functions.commerce.classification import CommerceResponse
from functions.commerce.errors import Unavailable

LARGEST_ANSWER = 16 * 1024 * 1024  # bytes, unpacked
PIECE = 65536
# Their lines hold URLs with values in them, and the base of signatures.
NOISY_LOGGERS = ("urllib3", "requests", "oauthlib")


class Transport:
    """Sends requests over a session's adapters; shared by threads.

    It goes to the adapter and past the session, so that no redirect is followed, no
    cookie kept, no .netrc read (its password would replace our Authorization) and the
    URL sent is the URL signed, to the letter. Proxies and the CA bundle are taken from
    the environment once, as requests would.

    Args:
        connections: kept per host.
        connect_seconds: at most, to connect.
    """

    def __init__(
        self,
        connections: int,
        connect_seconds: float,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if session is None:
            session = requests.Session()
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(2, connections))
        for name in NOISY_LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._session = session
        self._connect_seconds = connect_seconds
        self._clock = clock
        self._surroundings: dict[str, dict] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        content: bytes | None,
        seconds: float,
        route: str,
    ) -> CommerceResponse:
        """Send one request and read its answer, both within *seconds*.

        Args:
            route: how errors name it, without values.

        Raises:
            Unavailable: no answer; *effect_unknown* unless nothing was sent.
        """
        end = self._clock() + seconds
        request = PreparedRequest()
        request.method, request.url, request.body = method, url, content
        request.headers = CaseInsensitiveDict(headers)
        if content is not None:
            request.headers["Content-Length"] = str(len(content))
        try:
            response = self._session.get_adapter(url).send(
                request,
                stream=True,
                timeout=Timeout(
                    total=seconds, connect=min(self._connect_seconds, seconds)
                ),
                **self._environment(url),
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            raise no_answer(error, f"{method} {route}") from error
        try:
            content = self._read(response, end, f"{method} {route}")
        except (requests.RequestException, HTTPError, OSError) as error:
            raise no_answer(error, f"{method} {route}", sent=True) from error
        finally:
            response.close()
        return CommerceResponse(response.status_code, response.headers, content)

    def _read(self, response: requests.Response, end: float, route: str) -> bytes:
        content = bytearray()
        # read1 hands over what is there, so that a dripping answer cannot outlast us.
        while piece := response.raw.read1(PIECE, decode_content=True):
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise Unavailable(
                    503,
                    f"{route}: the answer is larger than any of Commerce's",
                    effect_unknown=True,
                )
            if self._clock() > end:
                raise Unavailable(
                    504,
                    f"{route}: the answer did not end in time",
                    effect_unknown=True,
                )
        return bytes(content)

    def _environment(self, url: str) -> dict:
        host = url.partition("/V1/")[0]
        if host not in self._surroundings:
            found = self._session.merge_environment_settings(url, {}, True, None, None)
            self._surroundings[host] = {
                name: found[name] for name in ("proxies", "verify", "cert")
            }
        return self._surroundings[host]


def no_answer(error: Exception, route: str, *, sent: bool = False) -> Unavailable:
    """What a fault of the network means, most specific first.

    Args:
        sent: the answer had begun.
    """
    kind = type(error).__name__
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if not sent and (
        isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)
        or isinstance(reason, ConnectTimeoutError | NewConnectionError)
        or (isinstance(error, requests.exceptions.SSLError) and _in_handshake(reason))
    ):
        kind = type(reason).__name__ if reason is not None else kind
        return Unavailable(503, f"{route}: no connection ({kind})")
    if isinstance(error, requests.Timeout | ReadTimeoutError) or isinstance(
        reason, ReadTimeoutError
    ):
        return Unavailable(504, f"{route}: no answer in time", effect_unknown=True)
    return Unavailable(
        503, f"{route}: the connection broke ({kind})", effect_unknown=True
    )


def _in_handshake(reason: Exception | None) -> bool:
    # An end of file may come at any time; everything else that TLS finds fault with
    # it finds before a request is sent.
    return "EOF" not in str(reason)
