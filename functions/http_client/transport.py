"""One HTTP request over a kept connection, and the meaning of its failures."""

import logging
import ssl
from typing import Any

import requests
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util.ssl_match_hostname import CertificateError

from functions.errors import Unavailable
from functions.http_client.deadline import DeadlineAdapter
from functions.http_client.responses import HttpResponse

MAX_RESPONSE_BYTES = 16 * 1024 * 1024  # decompressed
CHUNK_BYTES = 65536
# Their log entries contain URLs with values, and signature base strings.
NOISY_LOGGERS = ("urllib3", "requests", "oauthlib")
NETWORK_ERRORS = (requests.RequestException, HTTPError, OSError)


class Transport:
    """Sends requests through a session's adapters; shared by threads.

    The adapter is called directly, without the session around it: no redirect is
    followed, no cookie is kept, no .netrc is read (its password would replace our
    Authorization header), and the URL is sent exactly as it was signed. Proxies and the
    CA bundle come from the environment, as with requests.

    Args:
        connections: kept per host.
        connect_timeout_seconds: at most, to connect.
        session: its adapters send the requests; by default a new one's.
        max_response_bytes: what is read of a response, decompressed. A longer one is an
            error, since the rest would be missing.
        truncate: a longer one is not an error.
    """

    def __init__(
        self,
        connections: int,
        connect_timeout_seconds: float,
        session: requests.Session | None = None,
        *,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        truncate: bool = False,
    ) -> None:
        if session is None:
            session = requests.Session()
            for scheme in ("http://", "https://"):
                session.mount(scheme, DeadlineAdapter(2, connections))
        for name in NOISY_LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._session = session
        self._connect_timeout_seconds = connect_timeout_seconds
        self._max_response_bytes = max_response_bytes
        self._truncate = truncate
        self._environments: dict[str, dict[str, Any]] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        content: bytes | None,
        seconds: float,
        route: str,
    ) -> HttpResponse:
        """Send one request and read its response, both within *seconds*.

        Args:
            route: names the request in errors, without values.

        Raises:
            Unavailable: there is no response; *outcome_unknown* unless nothing was
                sent.
        """
        name = f"{method} {route}"
        # Not prepared by requests, which would rewrite %2E%2E in the URL.
        request = PreparedRequest()
        request.method, request.url, request.body = method, url, content
        request.headers = CaseInsensitiveDict(headers)
        if content is not None:
            request.headers["Content-Length"] = str(len(content))
        timeout = Timeout(
            total=seconds, connect=min(self._connect_timeout_seconds, seconds)
        )
        try:
            response = self._session.get_adapter(url).send(
                request,
                stream=True,
                timeout=timeout,  # type: ignore[arg-type]  # documented by requests
                **self._environment(url),
            )
        except NETWORK_ERRORS as error:
            raise network_failure(error, name) from error
        try:
            body = self._read(response, name)
        except NETWORK_ERRORS as error:
            raise network_failure(error, name, response_started=True) from error
        finally:
            response.close()
        return HttpResponse(response.status_code, response.headers, body)

    def _read(self, response: requests.Response, name: str) -> bytes:
        body = bytearray()
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > self._max_response_bytes:
                if self._truncate:
                    return bytes(body[: self._max_response_bytes])
                message = (
                    f"{name}: the response is larger than {self._max_response_bytes} B"
                )
                raise Unavailable(503, message, outcome_unknown=True)
        return bytes(body)

    def _environment(self, url: str) -> dict[str, Any]:
        """Proxies and certificates for the host of *url*, read once."""
        host = url.partition("/V1/")[0]
        if host not in self._environments:
            merged = self._session.merge_environment_settings(url, {}, True, None, None)
            self._environments[host] = {
                name: merged[name] for name in ("proxies", "verify", "cert")
            }
        return self._environments[host]


def network_failure(
    error: Exception, name: str, *, response_started: bool = False
) -> Unavailable:
    """The error for a failure of the network, most specific first.

    Args:
        name: method and route of the request.
    """
    kind = type(error).__name__
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if not response_started and (
        isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)
        or isinstance(reason, ConnectTimeoutError | NewConnectionError)
        or (isinstance(error, requests.exceptions.SSLError) and _in_handshake(reason))
    ):
        if (problem := _tls_problem(reason)) is not None:
            message = f"{name}: no secure connection: {problem}"
            return Unavailable(503, message, alarm=True)
        kind = type(reason).__name__ if reason is not None else kind
        return Unavailable(503, f"{name}: no connection ({kind})")
    if isinstance(error, requests.Timeout | ReadTimeoutError) or isinstance(
        reason, ReadTimeoutError
    ):
        return Unavailable(504, f"{name}: no response in time", outcome_unknown=True)
    return Unavailable(
        503, f"{name}: the connection broke ({kind})", outcome_unknown=True
    )


def _tls_problem(reason: Exception | None) -> str | None:
    """What is wrong with certificate or protocol; None for other errors."""
    cause = reason.args[0] if isinstance(reason, SSLError) and reason.args else reason
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {cause.verify_message}"
    if isinstance(cause, CertificateError):
        return f"the certificate is not accepted: {cause}"
    if isinstance(cause, ssl.SSLError):
        # Errors that Python itself raises have no reason.
        reason_name = getattr(cause, "reason", None) or type(cause).__name__
        return f"TLS failed: {reason_name}"
    return None


def _in_handshake(reason: Exception | None) -> bool:
    # The end of the stream can come at any time; all other TLS errors come before a
    # request is sent.
    return "EOF" not in str(reason)
