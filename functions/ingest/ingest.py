"""Ingest: authenticates and validates a posted event, publishes it, and responds."""

import hashlib
import time
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from functions.events.message import message, parse_traceparent
from functions.ingest import auth, envelope
from functions.ingest.batch import Batches
from functions.ingest.mapping import MappingFailed, mapped_items
from functions.ingest.page import PAGE
from functions.ingest.received import Received
from functions.ingest.responses import (
    TOO_LARGE,
    UNAVAILABLE,
    error_response,
    json_response,
    published_response,
    unavailable_response,
)
from functions.ingest.settings import IngestSettings
from functions.ingest.status import NOT_SEEN, STATUS_PATH, Status
from functions.ledger.store import LedgerUnavailable
from functions.log import Logger, error_location
from functions.pubsub.errors import MessageTooLarge, PublishFailed
from functions.pubsub.publisher import Publisher
from functions.timestamps import timestamp
from functions.tracing import Tracing
from functions.web.body import (
    BodyTooLarge,
    ClientDisconnected,
    CompressedBody,
    read_body,
)
from functions.web.headers import Headers

URI_SAFE = "@.-_~"  # ce-source is a URI reference
MAX_CALLER_LENGTH = 512
NDJSON = "application/x-ndjson"
BODY_TIMEOUT_SECONDS = 30.0


class Ingest:
    """Everything one process needs to serve requests; it connects when first used."""

    def __init__(
        self,
        settings: IngestSettings,
        publisher: Publisher,
        log: Logger,
        tracing: Tracing,
        status: Status | None,
        body_timeout_seconds: float = BODY_TIMEOUT_SECONDS,
    ) -> None:
        self.settings = settings
        self.publisher = publisher
        self.log = log
        self.tracing = tracing
        self.status = status
        self.batches = Batches(publisher, log, tracing, settings.topic_prefix)
        self.body_timeout_seconds = body_timeout_seconds
        if settings.auth == "none":
            log.warning(
                "INGEST_AUTH is none: callers are not authenticated; set token, hmac or"
                " oidc"
            )

    async def respond(self, request: Request) -> Response:
        """Respond to any request; no request makes this raise."""
        try:
            return await self._route(request)
        except BodyTooLarge:
            error = f"The body is longer than {self.settings.max_body_bytes} bytes"
            return self._reject(request, 413, error)
        except CompressedBody:
            error = "Compressed bodies are not accepted; send it uncompressed"
            return self._reject(request, 415, error, {"accept-encoding": "identity"})
        except auth.Unauthenticated as unauthenticated:
            headers = {"www-authenticate": unauthenticated.challenge}
            reason = unauthenticated.reason
            return self._reject(request, 401, "Unauthorized", headers, reason)
        except TimeoutError:
            error, headers = "The body did not arrive in time", {"connection": "close"}
            return self._reject(request, 408, error, headers)
        except ClientDisconnected as disconnected:
            return error_response(400, str(disconnected))
        except auth.AuthenticationUnavailable:
            self.log.error(
                "authentication is unavailable, the caller must send again",
                stage="published",
                outcome="retry",
                status=503,
                alarm=True,
                traceparent=_traceparent(request),
            )
            error = "Authentication is unavailable now; send the request again"
            return unavailable_response(error)
        except LedgerUnavailable as unavailable:
            self.log.error(
                error_location(unavailable),
                status=503,
                alarm=True,
                traceparent=_traceparent(request),
            )
            error = "The ledger cannot be read now; send the request again"
            return unavailable_response(error)
        except MappingFailed as failure:
            self.log.error(
                f"mapping failed: {error_location(failure.__cause__ or failure)}",
                stage="published",
                outcome="error",
                status=500,
                alarm=True,
                caller=failure.caller,
                traceparent=_traceparent(request),
            )
            error = "The payload could not be mapped; nothing is published"
            return error_response(500, error)
        except Exception as unexpected:
            # functions-framework has no error handler for async functions, and its own
            # response to an exception would log a trace with values in it.
            self.log.error(
                f"ingest failed: {error_location(unexpected)}",
                stage="published",
                outcome="error",
                status=500,
                traceparent=_traceparent(request),
            )
            return error_response(500, "Internal error; please send again")

    async def _route(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._publish(request)
        path = request.url.path
        if path == "/" and request.method in ("GET", "HEAD"):
            return HTMLResponse(PAGE)
        if self.status and path.startswith(STATUS_PATH):
            if request.method == "GET":
                return await self._event_status(request, self.status)
            error, allow = "GET the status of an event", "GET, POST"
        else:
            error = "POST events here"
            allow = "GET, HEAD, POST" if path == "/" else "POST"
        return error_response(405, error, headers={"allow": allow})

    async def _event_status(self, request: Request, status: Status) -> Response:
        raw_path = request.scope["raw_path"]
        headers = Headers(request.scope["headers"])
        presented = auth.Request(
            headers, request.scope["query_string"], b"", b"GET " + raw_path
        )
        caller = await auth.check_authentication(presented, self.settings)
        uid = unquote(raw_path.decode(errors="replace")).removeprefix(STATUS_PATH)
        state = await status.read(source_of(caller), uid, time.time())
        return json_response(200, state) if state else error_response(404, NOT_SEEN)

    async def _publish(self, request: Request) -> Response:
        start = time.perf_counter()
        headers = Headers(request.scope["headers"])
        body = await read_body(
            request.receive,
            headers,
            self.settings.max_body_bytes,
            self.body_timeout_seconds,
        )
        now = timestamp()
        presented = auth.Request(headers, request.scope["query_string"], body)
        caller = await auth.check_authentication(presented, self.settings)
        received = Received(
            caller=caller,
            source=source_of(caller),
            time=now,
            start=start,
            traceparent=parse_traceparent(headers.get("traceparent")),
            webhook_id=(
                headers.get("webhook-id") if self.settings.auth == "hmac" else None
            ),
        )
        try:
            items = mapped_items(caller, headers, body)
            if items is not None:
                return await self.batches.respond(items, received, mapped=True)
            if _is_ndjson(headers) and body:
                return await self.batches.respond(envelope.parse_lines(body), received)
            posted = envelope.parse(body)
            if isinstance(posted, list):
                return await self.batches.respond(posted, received)
        except envelope.InvalidEvent as invalid:
            return self._reject_event(invalid, received)
        return await self._publish_event(posted, received)

    async def _publish_event(
        self, posted: envelope.PostedEvent, received: Received
    ) -> Response:
        event = posted.event
        log = self.log.bind(
            event=event.name,
            entity=event.entity,
            uid=posted.uid,
            caller=received.caller,
        )
        with self.tracing.span(
            "publish", received.traceparent, entity=event.entity, event=event.name
        ) as traceparent:
            log.debug("event received", stage="received", traceparent=traceparent)
            try:
                message_id = await self.publisher.publish(
                    self.settings.topic_prefix + event.entity,
                    message(
                        event,
                        posted.uid,
                        posted.value,
                        received.source,
                        received.time,
                        traceparent,
                        received.webhook_id,
                    ),
                )
            except PublishFailed as failure:
                log.error(
                    f"event not stored, the caller must send again: {failure.code}",
                    stage="published",
                    outcome="retry",
                    status=503,
                    ms=received.ms,
                    traceparent=traceparent,
                )
                return unavailable_response(UNAVAILABLE)
            except MessageTooLarge:
                log.warning(
                    "event rejected",
                    stage="published",
                    outcome="rejected",
                    status=413,
                    ms=received.ms,
                    traceparent=traceparent,
                )
                return error_response(413, TOO_LARGE)
        log.info(
            "event published",
            stage="published",
            message_id=message_id,
            status=200,
            ms=received.ms,
            traceparent=traceparent,
        )
        return published_response(posted.name)

    def _reject_event(
        self, invalid: envelope.InvalidEvent, received: Received
    ) -> Response:
        self.log.warning(
            "event rejected",
            stage="published",
            outcome="rejected",
            event=invalid.event and invalid.event.name,
            entity=invalid.event and invalid.event.entity,
            uid=invalid.uid,
            caller=received.caller,
            fields=invalid.known_fields,
            status=400,
            ms=received.ms,
            traceparent=received.traceparent,
        )
        return error_response(400, invalid.error, invalid.errors)

    def _reject(
        self,
        request: Request,
        status: int,
        error: str,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> Response:
        self.log.warning(
            "request rejected",
            stage="published",
            outcome="rejected",
            status=status,
            reason=reason or None,
            traceparent=_traceparent(request),
        )
        return error_response(status, error, headers=headers)


def _is_ndjson(headers: Mapping[str, str]) -> bool:
    media_type = headers.get("content-type", "").partition(";")[0]
    return media_type.strip().lower() == NDJSON


def _traceparent(request: Request) -> str | None:
    """The caller's, or the platform's, whose log shows where a request came from."""
    return parse_traceparent(request.headers.get("traceparent"))


@lru_cache(maxsize=1024)
def source_of(caller: str) -> str:
    """The ``ce-source`` of a caller's events, within the limit of an attribute."""
    name = quote(caller, safe=URI_SAFE)
    if len(name) > MAX_CALLER_LENGTH:
        name = f"sha256:{hashlib.sha256(caller.encode()).hexdigest()}"
    return f"/ingest/{name}"
