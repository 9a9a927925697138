"""The client of Adobe Commerce's REST API.

``CommerceConnection`` is shared by all threads of a process and connects when first
used. ``connection.session(…)`` makes the ``CommerceSession`` of one delivery, which is
the ``CommerceClient`` that handlers call. Nothing is retried here except the one call
after a renewed IMS token: Pub/Sub redelivers.
"""

import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import requests

from functions.commerce import classification, confirmation
from functions.commerce.classification import Unconfirmed
from functions.commerce.confirmation import PROBE_FIELDS, PROBE_ROUTE
from functions.commerce.ims import Ims
from functions.commerce.oauth1 import OAuth1
from functions.commerce.routes import encode_query, fill_path
from functions.commerce.settings import CommerceSettings
from functions.errors import HandlerError, Rejected, Unavailable
from functions.http_client.pause import Pause
from functions.http_client.responses import HttpResponse
from functions.http_client.transport import Transport
from functions.tracing import child_traceparent, span_id_of

BeforeCall = Callable[[float], None]
ObserveCall = Callable[..., None]


def ignore(*_: Any, **__: Any) -> None:
    """The hook of a caller that needs none."""


class CommerceConnection:
    """One store: connection pool, credentials, concurrency limit, Retry-After pause.

    Args:
        session: its adapters send the requests; by default a new one's.
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
            settings.concurrency, settings.connect_timeout_seconds, session
        )
        self.oauth1 = OAuth1(settings) if settings.auth_method == "oauth1" else None
        self.ims = None if self.oauth1 else Ims(settings, self._transport, clock)
        self._slots = threading.BoundedSemaphore(settings.concurrency)
        self.pause = Pause(clock)
        self.headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "commerce-events",
        }
        if settings.saas:
            self.headers["Store"] = settings.store_scope
        if self.ims is not None:
            self.headers["x-api-key"] = settings.client_id
            self.headers["x-gw-ims-org-id"] = settings.org_id

    def session(
        self,
        before_call: BeforeCall = ignore,
        observe_call: ObserveCall = ignore,
        traceparent: str | None = None,
    ) -> "CommerceSession":
        """The client of one delivery.

        Args:
            before_call: called with the seconds that the next HTTP call may take; an
                exception that it raises ends the delivery before that call.
            observe_call: called after every HTTP call with method, route (a template,
                without values), status (None: no response) and milliseconds; for a
                call to Commerce also with ``span_id``, which its ``traceparent`` has.
            traceparent: of the delivery; every call is sent with its trace and a span
                id of its own.
        """
        return CommerceSession(self, before_call, observe_call, traceparent)

    def send(
        self,
        method: str,
        route: str,
        url: str,
        headers: dict[str, str],
        content: bytes | None,
        observe_call: ObserveCall,
    ) -> HttpResponse:
        """Send one request within the concurrency limit.

        Raises:
            Unavailable: it was not sent, or not answered.
        """
        seconds = self.settings.timeout_seconds
        deadline = self._clock() + seconds
        # Half of the time to wait for a slot, so that the call has the other half.
        if not self._slots.acquire(timeout=seconds / 2):
            raise Unavailable(503, f"{method} {route}: too many calls in flight")
        try:
            self.pause.check(method, route)
            if self.oauth1 is not None:
                headers.update(self.oauth1.headers(method, url))
            start = self._clock()
            status = None
            try:
                response = self._transport.send(
                    method, url, headers, content, deadline - start, route
                )
                status = response.status
            finally:
                ms = round((self._clock() - start) * 1000, 1)
                observe_call(method, route, status, ms)
        finally:
            self._slots.release()
        self.pause.note(response)
        return response


class CommerceSession:
    """The ``CommerceClient`` of one delivery; used by one thread.

    ``get``, ``post``, ``put`` and ``delete`` return Commerce's JSON (for a DELETE of
    something absent: True) and raise ``Rejected`` or ``Unavailable`` as the table in
    ``classification`` says.
    """

    def __init__(
        self,
        connection: CommerceConnection,
        before_call: BeforeCall,
        observe_call: ObserveCall,
        traceparent: str | None,
    ) -> None:
        self._connection = connection
        self._before_call = before_call
        self._observe_call = observe_call
        self._traceparent = traceparent
        self.settings = connection.settings

    def get(
        self, path: str, query: dict[str, Any] | None = None, /, **values: Any
    ) -> Any:
        return self._call("GET", path, values, query=query)

    def post(self, path: str, body: Any, /, **values: Any) -> Any:
        return self._call("POST", path, values, _encode_body(body))

    def put(self, path: str, body: Any, /, **values: Any) -> Any:
        return self._call("PUT", path, values, _encode_body(body))

    def delete(self, path: str, /, **values: Any) -> Any:
        return self._call("DELETE", path, values)

    def request(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        content: bytes | None = None,
    ) -> HttpResponse:
        """Send a request without path parameters and return any response.

        Raises:
            Unavailable: there is none.
        """
        return self._send(method, path, self._url(path, query), content)

    def _call(
        self,
        method: str,
        route: str,
        values: dict[str, Any],
        content: bytes | None = None,
        query: dict[str, Any] | None = None,
    ) -> Any:
        path = fill_path(route, values)
        response = self._send(method, route, self._url(path, query), content)
        if "%" in path and self._rejects_encoded_paths(response):
            kind = "paths" if response.status == 404 else "signed paths"
            raise Rejected(
                response.status,
                f"Commerce answered {response.status} to {method} {route}: this store"
                f" refuses {kind} with these characters",
            )
        try:
            return classification.parse_result(method, route, response)
        except Unconfirmed as error:
            return self._confirm(error, method, route, values)

    def _confirm(
        self, error: Unconfirmed, method: str, route: str, values: dict[str, Any]
    ) -> Any:
        """Look up the entity, to see whether Commerce itself refused the request.

        Translations and extensions have words of their own, and gateways can answer in
        the same form (Kong#10483).

        Returns:
            True for a DELETE whose entity Commerce does not have.

        Raises:
            Rejected: Commerce answers the look-up, so the refusal is its own.
            Unavailable: it does not, or it has the entity that a 404 says is missing;
                with an alarm.
        """
        asked = confirmation.look_up(route, values)
        detail, seconds = "its response is not Commerce's", None
        try:
            exists = confirmation.entity_exists(
                asked,
                classification.parse_result(
                    "GET", asked.path, self.request("GET", asked.path, asked.query)
                ),
            )
        except HandlerError as failure:
            exists, detail = None, failure.message
            if isinstance(failure, Unavailable):
                seconds = failure.retry_after
        if exists is None:
            raise Unavailable(
                503,
                f"{error.message}; a look-up did not confirm that Commerce answered:"
                f" check COMMERCE_BASE_URL and the gateways in front ({detail})",
                retry_after=seconds,
                alarm=True,
            )
        if method == "DELETE" and error.status == 404:
            if not exists:
                return True
            raise Unavailable(
                503,
                f"{error.message}; Commerce has the entity all the same: check the"
                " gateways in front of it",
                alarm=True,
            )
        raise Rejected(error.status, error.message)

    def _send(
        self, method: str, route: str, url: str, content: bytes | None
    ) -> HttpResponse:
        """Send a request, and once more with a renewed IMS token after a 401."""
        self._connection.pause.check(method, route)
        ims = self._connection.ims
        if ims is None:
            return self._send_once(method, route, url, content, None)
        return ims.send(
            partial(self._send_once, method, route, url, content),
            self._before_call,
            self._observe_call,
        )

    def _send_once(
        self,
        method: str,
        route: str,
        url: str,
        content: bytes | None,
        token: str | None,
    ) -> HttpResponse:
        headers = dict(self._connection.headers)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if content is not None:
            headers["Content-Type"] = "application/json"
        traceparent = headers["traceparent"] = child_traceparent(self._traceparent)
        observe_call = partial(self._observe_call, span_id=span_id_of(traceparent))
        self._before_call(self.settings.timeout_seconds)
        return self._connection.send(method, route, url, headers, content, observe_call)

    def _rejects_encoded_paths(self, response: HttpResponse) -> bool:
        """Whether the path's encoded characters are the cause, not our credentials.

        Commerce checks OAuth 1.0a over a path that it encoded itself (magento2#37278),
        and web servers reject %2F (magento2#25467): both look like wrong credentials or
        an unknown route. A harmless call shows whether credentials and address work.
        """
        oauth1 = self.settings.auth_method == "oauth1"
        signature = oauth1 and classification.is_unauthenticated(response)
        if not (signature or classification.is_unknown_route(response)):
            return False
        if signature and classification.is_forbidden(response):
            return False
        probe = self.request("GET", PROBE_ROUTE, PROBE_FIELDS)
        return probe.status == 200 or classification.is_forbidden(probe)

    def _url(self, path: str, query: dict[str, Any] | None) -> str:
        url = self.settings.url + path
        return f"{url}?{encode_query(query)}" if query else url


def _encode_body(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        raise Rejected(400, "A number of the event cannot be written as JSON") from None
