"""Sign-in by Adobe IMS, server to server: one token per process, renewed in time."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from functions.commerce import classification
from functions.commerce.errors import Unavailable
from functions.commerce.settings import CommerceSettings
from functions.commerce.transport import Transport

ROUTE = "ims/token/v3"
EARLY_SECONDS = 600  # a token is renewed this long before it ends
TOKEN_SECONDS = 10  # at most, for one request of a token
FAILURE_SECONDS = 5  # for so long a failure is the answer to all who ask
# After a new token was refused as well (a missing permission), for so long no other is
# asked for: else every event would cost one.
VAIN_SECONDS = 60


@dataclass(frozen=True)
class Token:
    """*early* and *end* are moments of the monotonic clock."""

    text: str
    early: float
    end: float


class Ims:
    """Holds the token; shared by threads, of which one renews it and the rest wait.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: CommerceSettings,
        transport: Transport,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = settings.token_url
        self._form = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
                "scope": ",".join(settings.scopes),
            }
        ).encode()
        self._transport = transport
        self._clock = clock
        self._renewing = threading.Lock()
        self._token: Token | None = None
        self._failure: tuple[float, Unavailable] | None = None
        self._vain_end = 0.0

    def token(
        self,
        before: Callable[[float], None],
        observe: Callable[[str, str, int | None, float], None],
    ) -> str:
        """The token to use now.

        Args:
            before, observe: of the delivery it is for; see ``Commerce.calls``.

        Raises:
            Unavailable: there is none to be had; a person must act.
        """
        token = self._token
        if token is not None and self._clock() < token.early:
            return token.text
        usable = token is not None and self._clock() < token.end
        # While the old one still serves, nobody waits for the one who renews it.
        if not self._renewing.acquire(timeout=0 if usable else TOKEN_SECONDS * 1.5):
            if usable:
                return token.text
            raise Unavailable(503, "Adobe IMS: no token in time", alarm=True)
        try:
            return self._renewed(before, observe)
        except Unavailable:
            if usable:
                return token.text
            raise
        finally:
            self._renewing.release()

    def refused(self, text: str) -> bool:
        """Commerce does not take the token *text*; whether a new one may help."""
        with self._renewing:
            if self._token is not None and self._token.text == text:
                if self._clock() < self._vain_end:
                    return False
                self._token = None
        return True

    def renewed_in_vain(self) -> None:
        """Commerce took a new token no more than the old."""
        self._vain_end = self._clock() + VAIN_SECONDS

    def _renewed(self, before: Callable, observe: Callable) -> str:
        token, now = self._token, self._clock()
        if token is not None and now < token.early:
            return token.text  # while we waited
        if self._failure is not None and now < self._failure[0]:
            raise _again(self._failure[1])
        before(TOKEN_SECONDS)
        try:
            self._token = self._fetched(observe)
        except Unavailable as error:
            self._failure = self._clock() + FAILURE_SECONDS, error
            raise
        return self._token.text

    def _fetched(self, observe: Callable) -> Token:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        began, status = self._clock(), None
        try:
            answer = self._transport.send(
                "POST", self._url, headers, self._form, TOKEN_SECONDS, ROUTE
            )
            status = answer.status
        except Unavailable as error:
            raise Unavailable(503, f"Adobe IMS: {error.message}", alarm=True) from error
        finally:
            observe("POST", ROUTE, status, round((self._clock() - began) * 1000, 1))
        return _read(answer, self._clock())


def _read(answer: classification.CommerceResponse, now: float) -> Token:
    if answer.status != 200:
        # Its text is not handed on: nobody promised that it holds no credentials.
        refused = 400 <= answer.status < 500 and answer.status not in (408, 429)
        text = "refused our credentials" if refused else "failed"
        wait = classification.retry_after(answer.headers.get("Retry-After"))
        raise Unavailable(
            401 if refused else 503,
            f"Adobe IMS {text} (status {answer.status})",
            retry_after=wait,
            alarm=True,
        )
    document = classification.parse(answer.content)
    text = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(text, str) or not re.fullmatch(r"[!-~]+", text):
        raise Unavailable(503, "Adobe IMS answered without a token", alarm=True)
    lasts = _seconds(document.get("expires_in"))
    return Token(text, now + lasts - min(EARLY_SECONDS, lasts / 2), now + lasts)


def _seconds(value: Any) -> float:
    # Without a readable span: short, so that it is asked for again soon.
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and 0 < value < 1e9 else 60.0


def _again(error: Unavailable) -> Unavailable:
    return Unavailable(
        error.status, error.message, retry_after=error.retry_after, alarm=True
    )
