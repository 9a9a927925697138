"""The Commerce client: one per process, and of it one view per delivery.

``CommerceConnection(settings)`` connects when first used; ``commerce.session(...)`` binds one
delivery and is the ``CommerceClient`` that handlers ask. Nothing is repeated here but the one
call after a renewed IMS token: Pub/Sub repeats.
"""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from functions.commerce import classification
from functions.commerce.classification import CommerceResponse
from functions.commerce.errors import Rejected, Unavailable
from functions.commerce.ims import Ims
from functions.commerce.oauth1 import OAuth1
from functions.commerce.routes import filled, query_text
from functions.commerce.settings import CommerceSettings
from functions.commerce.transport import Transport

# Pub/Sub's longest back-off: beyond it, asking again costs one call per process.
MAX_PAUSE_SECONDS = 600
# Read by anyone who may sign in, changes nothing, and its path needs no encoding.
PROBE_ROUTE = "store/storeConfigs"

Before = Callable[[float], None]
Observe = Callable[[str, str, int | None, float], None]


def _nothing(*_: Any) -> None:
    """The hook of a caller that has none."""


class CommerceConnection:
    """One store; shared by the threads of a process.

    Args:
        session: whose adapters carry the requests; by default its own.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: CommerceSettings,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._transport = Transport(
            settings.concurrency, settings.connect_timeout_seconds, session, clock
        )
        self._oauth1 = OAuth1(settings) if settings.sign_in == "oauth1" else None
        self._ims = None if self._oauth1 else Ims(settings, self._transport, clock)
        self._places = threading.BoundedSemaphore(settings.concurrency)
        self._pause_end = 0.0
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "commerce-events",
        }
        if settings.saas:
            self._headers["Store"] = settings.store_scope
        if self._ims is not None:
            self._headers["x-api-key"] = settings.client_id
            self._headers["x-gw-ims-org-id"] = settings.org_id

    def calls(
        self,
        before: Before = _nothing,
        observe: Observe = _nothing,
        trace: str | None = None,
    ) -> "CommerceSession":
        """The ``CommerceClient`` of one delivery.

        Args:
            before: called with the seconds that the next HTTP call may take; what it
                raises ends the delivery before that call.
            observe: called after every HTTP call with method, route (a template,
                without values), status (None: no answer) and milliseconds.
            trace: ``traceparent`` to send along.
        """
        return CommerceSession(self, before, observe, trace)

    def exchange(
        self,
        calls: "CommerceSession",
        method: str,
        route: str,
        url: str,
        content: bytes | None = None,
    ) -> CommerceResponse:
        """Sign, send and read one request, and once more after a renewed IMS token.

        Raises:
            Unavailable: it was not sent, or not answered.
        """
        answer = self._once(calls, method, route, url, content)
        if answer.status == 401 and self._ims is not None:
            # A token may be revoked before its time, of which Commerce says no more
            # than that nobody with a permission asked.
            refused = calls.token
            if self._ims.refused(refused):
                answer = self._once(calls, method, route, url, content)
                if answer.status == 401 and calls.token != refused:
                    self._ims.renewed_in_vain()
        return answer

    def _once(
        self,
        calls: "CommerceSession",
        method: str,
        route: str,
        url: str,
        content: bytes | None,
    ) -> CommerceResponse:
        self._check_pause(method, route)
        headers = dict(self._headers)
        if self._ims is not None:
            calls.token = self._ims.token(calls.before, calls.observe)
            headers["Authorization"] = f"Bearer {calls.token}"
        if content is not None:
            headers["Content-Type"] = "application/json"
        if calls.trace:
            headers["traceparent"] = calls.trace
        seconds = self.settings.timeout_seconds
        calls.before(seconds)
        end = self._clock() + seconds
        # Half of the time for a place, so that the call itself has the other half.
        if not self._places.acquire(timeout=seconds / 2):
            raise Unavailable(503, f"{method} {route}: too many calls under way")
        try:
            self._check_pause(method, route)
            if self._oauth1 is not None:
                headers.update(self._oauth1.headers(method, url))
            began, status = self._clock(), None
            try:
                answer = self._transport.send(
                    method, url, headers, content, end - began, route
                )
                status = answer.status
            finally:
                ms = round((self._clock() - began) * 1000, 1)
                calls.observe(method, route, status, ms)
        finally:
            self._places.release()
        self._note_pause(answer)
        return answer

    def _check_pause(self, method: str, route: str) -> None:
        left = self._pause_end - self._clock()
        if left > 0:
            raise Unavailable(
                503,
                f"{method} {route}: not sent, Commerce asked to be left alone",
                retry_after=left,
            )

    def _note_pause(self, answer: CommerceResponse) -> None:
        if answer.status in (429, 503):
            wait = classification.retry_after(answer.headers.get("Retry-After"))
            if wait:
                self._pause_end = self._clock() + min(wait, MAX_PAUSE_SECONDS)


class CommerceSession:
    """The ``CommerceClient`` of one delivery; used by one thread.

    All four methods return Commerce's JSON (a DELETE of what is not there: True) and
    raise ``Rejected`` or ``Unavailable`` as the table in ``answers`` says.
    """

    def __init__(
        self,
        commerce: CommerceConnection,
        before: Before,
        observe: Observe,
        trace: str | None,
    ) -> None:
        self._commerce = commerce
        self.settings = commerce.settings
        self.before = before
        self.observe = observe
        self.trace = trace
        self.token = ""

    def get(self, path: str, query: dict | None = None, /, **values: Any) -> Any:
        return self._call("GET", path, values, query=query)

    def post(self, path: str, body: Any, /, **values: Any) -> Any:
        return self._call("POST", path, values, _written(body))

    def put(self, path: str, body: Any, /, **values: Any) -> Any:
        return self._call("PUT", path, values, _written(body))

    def delete(self, path: str, /, **values: Any) -> Any:
        return self._call("DELETE", path, values)

    def ask(self, path: str, query: dict | None = None, /) -> CommerceResponse:
        """GET *path* and hand back whatever the answer is.

        Raises:
            Unavailable: there is none.
        """
        return self._commerce.exchange(self, "GET", path, self._url(path, query))

    def _call(
        self,
        method: str,
        route: str,
        values: dict,
        content: bytes | None = None,
        query: dict | None = None,
    ) -> Any:
        path = filled(route, values)
        url = self._url(path, query)
        answer = self._commerce.exchange(self, method, route, url, content)
        if "%" in path and self._is_about_the_path(answer):
            what = "paths" if answer.status == 404 else "signed paths"
            raise Rejected(
                answer.status,
                f"Commerce answered {answer.status} to {method} {route}: this store"
                f" refuses {what} with these characters",
            )
        return classification.result(method, route, answer)

    def _is_about_the_path(self, answer: CommerceResponse) -> bool:
        """Whether a path with encoded characters is at fault, and not our sign-in.

        Commerce checks OAuth 1.0a over a path that it encoded anew (magento2#37278),
        and web servers turn %2F away (magento2#25467): a refused sign-in or an unknown
        route that says nothing of our secrets or address. One harmless call tells.
        """
        signed = self.settings.sign_in == "oauth1" and classification.sign_in_refused(
            answer
        )
        if not (signed or classification.wrong_route(answer)):
            return False
        if signed and classification.not_permitted(answer):
            return False
        probe = self.ask(PROBE_ROUTE)
        return probe.status == 200 or classification.not_permitted(probe)

    def _url(self, path: str, query: dict | None) -> str:
        url = self.settings.url + path
        return f"{url}?{query_text(query)}" if query else url


def _written(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        raise Rejected(400, "A number of the event cannot be written as JSON") from None
