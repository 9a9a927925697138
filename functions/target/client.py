"""The client of a third party's webhook.

``TargetConnection`` is shared by all threads of a process and connects when first used.
``connection.session(…)`` makes the ``TargetSession`` of one delivery, which handlers
call. Nothing is retried here except the one call after a renewed OAuth token: Pub/Sub
redelivers.
"""

import base64
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import requests

from functions.http_client.client_credentials import ClientCredentials
from functions.http_client.pause import Pause
from functions.http_client.responses import HttpResponse
from functions.http_client.transport import Transport
from functions.standard_webhooks import sign
from functions.target import classification
from functions.target.cloud_event import CONTENT_TYPE, TargetEvent
from functions.target.settings import TargetSettings
from functions.tracing import child_traceparent, span_id_of

ROUTE = "webhook"  # in log entries and errors; the URL may hold a secret
NAME = f"POST {ROUTE}"
MAX_KEPT_CONNECTIONS = 10
CONNECT_TIMEOUT_SECONDS = 3.0  # short, so that an outage does not occupy threads
MAX_RESPONSE_BYTES = 64 * 1024  # of which an error quotes a part
DELIVERED = "Webhook delivered successfully"

BeforeCall = Callable[[float], None]
ObserveCall = Callable[..., None]


class TargetConnection:
    """One webhook: connection pool, credentials, Retry-After pauses.

    Args:
        session: its adapters send the requests; by default a new one's.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: TargetSettings,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._pauses: dict[str, Pause] = {}
        self.transport = Transport(
            MAX_KEPT_CONNECTIONS,
            CONNECT_TIMEOUT_SECONDS,
            session,
            max_response_bytes=MAX_RESPONSE_BYTES,
            truncate=True,
        )
        self.oauth = (
            _client_credentials(settings, self.transport, clock)
            if settings.oauth_token_url
            else None
        )

    def session(
        self,
        event: TargetEvent,
        before_call: BeforeCall,
        observe_call: ObserveCall,
        traceparent: str | None = None,
    ) -> "TargetSession":
        """The client of one delivery.

        Args:
            event: what is delivered.
            before_call: called with the seconds that the next HTTP call may take; an
                exception that it raises ends the delivery before that call.
            observe_call: called after every HTTP call with method, route, status (None:
                no response) and milliseconds; for a webhook also with ``span_id``,
                which its ``traceparent`` has.
            traceparent: of the delivery.
        """
        return TargetSession(self, event, before_call, observe_call, traceparent)

    def pause(self, url: str) -> Pause:
        """The pause of the receiver at *url*."""
        return self._pauses.setdefault(url, Pause(self._clock))

    def post(
        self,
        url: str,
        headers: dict[str, str],
        content: bytes,
        observe_call: ObserveCall,
    ) -> HttpResponse:
        """Send one webhook.

        Raises:
            Unavailable: it was not sent, or not answered.
        """
        seconds = self.settings.timeout_seconds
        start, status = self._clock(), None
        try:
            response = self.transport.send(
                "POST", url, headers, content, seconds, ROUTE
            )
            status = response.status
        finally:
            ms = round((self._clock() - start) * 1000, 1)
            observe_call("POST", ROUTE, status, ms)
        self.pause(url).note(response, classification.TEMPORARY)
        return response


class TargetSession:
    """What a handler of an outbound event delivers with; used by one thread."""

    def __init__(
        self,
        connection: TargetConnection,
        event: TargetEvent,
        before_call: BeforeCall,
        observe_call: ObserveCall,
        traceparent: str | None,
    ) -> None:
        self._connection = connection
        self._event = event
        self._before_call = before_call
        self._observe_call = observe_call
        self._traceparent = traceparent
        self._is_sent = False

    def send(self, data: dict[str, Any]) -> str:
        """Deliver the event with *data*, and return the sentence for the caller.

        Once per event: its ``webhook-id`` is the event's, so that the receiver drops a
        second webhook.

        Raises:
            Rejected, Unavailable: as the table in ``classification`` says.
        """
        if self._is_sent:
            raise RuntimeError("a handler sends one webhook per event")
        self._is_sent = True
        content = self._event.encode(data)
        url = self._connection.settings.url_of(self._event.entity)
        self._connection.pause(url).check("POST", ROUTE)
        send_once = partial(self._send_once, url, content)
        oauth = self._connection.oauth
        if oauth is None:
            response = send_once(self._connection.settings.token)
        else:
            response = oauth.send(send_once, self._before_call, self._observe_call)
        classification.check(NAME, response)
        return DELIVERED

    def _send_once(self, url: str, content: bytes, token: str) -> HttpResponse:
        identifier, timestamp = self._event.webhook_id, int(time.time())
        traceparent = child_traceparent(self._traceparent)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "commerce-events",
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(
                self._connection.settings.secrets, identifier, timestamp, content
            ),
            "traceparent": traceparent,
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        observe_call = partial(self._observe_call, span_id=span_id_of(traceparent))
        self._before_call(self._connection.settings.timeout_seconds)
        return self._connection.post(url, headers, content, observe_call)


def _client_credentials(
    settings: TargetSettings, transport: Transport, clock: Callable[[], float]
) -> ClientCredentials:
    form = {"scope": settings.oauth_scope} if settings.oauth_scope else {}
    headers = {}
    identifier, secret = settings.oauth_client_id, settings.oauth_client_secret
    if settings.oauth_client_auth == "basic":
        # RFC 6749 has both percent-encoded first.
        pair = f"{quote(identifier, safe='')}:{quote(secret, safe='')}"
        encoded = base64.b64encode(pair.encode()).decode()
        headers["Authorization"] = f"Basic {encoded}"
    else:
        form |= {"client_id": identifier, "client_secret": secret}
    return ClientCredentials(
        "The target's OAuth server",
        "oauth/token",
        settings.oauth_token_url,
        form,
        transport,
        headers=headers,
        clock=clock,
    )
