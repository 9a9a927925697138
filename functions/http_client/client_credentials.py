"""OAuth 2.0 client credentials: one access token per process, renewed early."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from functions.errors import Unavailable
from functions.http_client.responses import HttpResponse, parse_json, retry_after
from functions.http_client.transport import Transport

RENEW_EARLY_SECONDS = 600  # before a token expires
REQUEST_SECONDS = 10  # at most, for one token request
FAILURE_CACHE_SECONDS = 5  # a failure is the answer to everyone who asks meanwhile
# After a renewed token was rejected as well (a missing permission), no other is
# requested for this long: otherwise every event would cost one.
NO_RENEWAL_SECONDS = 60
DEFAULT_LIFETIME_SECONDS = 60.0  # of a token without a readable one

BeforeCall = Callable[[float], None]
ObserveCall = Callable[[str, str, int | None, float], None]


@dataclass(frozen=True)
class Token:
    """An access token; times are those of the monotonic clock."""

    text: str
    renew_at: float
    expires: float


class ClientCredentials:
    """Holds the token; shared by threads, of which one renews it while others wait.

    Args:
        service: the issuer, for errors.
        route: of the token request, for errors and log entries.
        form: the fields of the token request, without ``grant_type``.
        headers: more headers of the token request.
        clock: monotonic seconds.
        request_seconds: at most, for one token request.
    """

    def __init__(
        self,
        service: str,
        route: str,
        url: str,
        form: dict[str, str],
        transport: Transport,
        *,
        headers: dict[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._service = service
        self._route = route
        self._url = url
        self._form = urlencode({"grant_type": "client_credentials", **form}).encode()
        self._headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **(headers or {}),
        }
        self._transport = transport
        self._clock = clock
        self._request_seconds = request_seconds
        self._renewing = threading.Lock()
        self._token: Token | None = None
        self._failure: Unavailable | None = None
        self._failure_end = 0.0
        self._no_renewal_end = 0.0

    def send(
        self,
        send_with: Callable[[str], HttpResponse],
        before_call: BeforeCall,
        observe_call: ObserveCall,
    ) -> HttpResponse:
        """Send a request, and once more with a renewed token after a 401.

        A token can be revoked before it expires; the answer is then the same as for a
        missing permission.

        Args:
            send_with: sends the request with the token that it gets.
            before_call, observe_call: as for ``token``.

        Raises:
            Unavailable: there is no token, or by *send_with*.
        """
        token = self.token(before_call, observe_call)
        response = send_with(token)
        if response.status == 401 and self.renewal_may_help(token):
            renewed = self.token(before_call, observe_call)
            response = send_with(renewed)
            if response.status == 401 and renewed != token:
                self.renewal_did_not_help()
        return response

    def token(self, before_call: BeforeCall, observe_call: ObserveCall) -> str:
        """The current token.

        Args:
            before_call, observe_call: of the delivery that needs it; see
                ``CommerceConnection.session`` and ``TargetConnection.session``.

        Raises:
            Unavailable: there is none; with an alarm.
        """
        token = self._token
        if token is not None and self._clock() < token.renew_at:
            return token.text
        usable = token if token and self._clock() < token.expires else None
        # While the old token is valid, no thread waits for the one that renews it.
        timeout = 0 if usable else self._request_seconds * 1.5
        if not self._renewing.acquire(timeout=timeout):
            if usable:
                return usable.text
            raise Unavailable(503, f"{self._service}: no token in time", alarm=True)
        try:
            return self._renew(before_call, observe_call)
        except Unavailable:
            if usable:
                return usable.text
            raise
        finally:
            self._renewing.release()

    def renewal_may_help(self, rejected: str) -> bool:
        """Drop the token *rejected* by a 401; False when renewing is of no use."""
        with self._renewing:
            if self._token is not None and self._token.text == rejected:
                if self._clock() < self._no_renewal_end:
                    return False
                self._token = None
        return True

    def renewal_did_not_help(self) -> None:
        """The new token was rejected as well."""
        self._no_renewal_end = self._clock() + NO_RENEWAL_SECONDS

    def _renew(self, before_call: BeforeCall, observe_call: ObserveCall) -> str:
        now = self._clock()
        if self._token is not None and now < self._token.renew_at:
            return self._token.text  # renewed while this thread waited
        if self._failure is not None and now < self._failure_end:
            raise _copy_of(self._failure)
        before_call(self._request_seconds)
        try:
            self._token = self._request_token(observe_call)
        except Unavailable as error:
            self._failure = error
            self._failure_end = self._clock() + FAILURE_CACHE_SECONDS
            raise
        return self._token.text

    def _request_token(self, observe_call: ObserveCall) -> Token:
        start = self._clock()
        status = None
        try:
            response = self._transport.send(
                "POST",
                self._url,
                self._headers,
                self._form,
                self._request_seconds,
                self._route,
            )
            status = response.status
        except Unavailable as error:
            message = f"{self._service}: {error.message}"
            raise Unavailable(503, message, alarm=True) from error
        finally:
            ms = round((self._clock() - start) * 1000, 1)
            observe_call("POST", self._route, status, ms)
        return _read_token(self._service, response, self._clock())


def _read_token(service: str, response: HttpResponse, now: float) -> Token:
    status = response.status
    if status != 200:
        # The body is not passed on: it may contain credentials.
        rejected = 400 <= status < 500 and status not in (408, 429)
        result = "rejected our credentials" if rejected else "failed"
        raise Unavailable(
            401 if rejected else 503,
            f"{service} {result} (status {status})",
            retry_after=retry_after(response.headers.get("Retry-After")),
            alarm=True,
        )
    document = parse_json(response.content)
    text = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(text, str) or not re.fullmatch(r"[!-~]+", text):
        raise Unavailable(503, f"{service} answered without a token", alarm=True)
    lifetime = _read_lifetime(document.get("expires_in"))
    early = min(RENEW_EARLY_SECONDS, lifetime / 2)
    return Token(text, now + lifetime - early, now + lifetime)


def _read_lifetime(value: Any) -> float:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    valid = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if valid and 0 < value < 1e9 else DEFAULT_LIFETIME_SECONDS


def _copy_of(error: Unavailable) -> Unavailable:
    """A new exception, since two threads must not raise the same one."""
    return Unavailable(
        error.status, error.message, retry_after=error.retry_after, alarm=True
    )
