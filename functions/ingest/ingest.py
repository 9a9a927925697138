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
from functions.ingest.page import PAGE
from functions.ingest.responses import (
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

URI_SAFE = "@.-_~"  # ce-source is a URI reference
MAX_CALLER_LENGTH = 512
MAX_LOGGED_FIELDS = 20
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
        caller = await self._authenticate(request, b"", b"GET " + raw_path)
        uid = unquote(raw_path.decode(errors="replace")).removeprefix(STATUS_PATH)
        state = await status.read(source_of(caller), uid, time.time())
        return json_response(200, state) if state else error_response(404, NOT_SEEN)

    async def _publish(self, request: Request) -> Response:
        start = time.perf_counter()
        body = await read_body(
            request.receive,
            request.headers,
            self.settings.max_body_bytes,
            self.body_timeout_seconds,
        )
        received = timestamp()
        caller = await self._authenticate(request, body)
        traceparent = _traceparent(request)
        try:
            posted = envelope.parse(body)
        except envelope.InvalidEvent as invalid:
            self.log.warning(
                "event rejected",
                stage="published",
                outcome="rejected",
                event=invalid.event and invalid.event.name,
                entity=invalid.event and invalid.event.entity,
                uid=invalid.uid,
                caller=caller,
                fields=_known_fields(invalid.errors),
                status=400,
                ms=_ms_since(start),
                traceparent=traceparent,
            )
            return error_response(400, invalid.error, invalid.errors)
        event = posted.event
        log = self.log.bind(
            event=event.name, entity=event.entity, uid=posted.uid, caller=caller
        )
        with self.tracing.span(
            "publish", traceparent, entity=event.entity, event=event.name
        ) as span_traceparent:
            log.debug("event received", stage="received", traceparent=span_traceparent)
            try:
                message_id = await self.publisher.publish(
                    self.settings.topic_prefix + event.entity,
                    message(
                        event,
                        posted.uid,
                        posted.value,
                        source_of(caller),
                        received,
                        span_traceparent,
                        self._webhook_id(request),
                    ),
                )
            except PublishFailed as failure:
                log.error(
                    f"event not stored, the caller must send again: {failure.code}",
                    stage="published",
                    outcome="retry",
                    status=503,
                    ms=_ms_since(start),
                    traceparent=span_traceparent,
                )
                return unavailable_response(
                    "The event could not be stored; please send it again"
                )
            except MessageTooLarge:
                log.warning(
                    "event rejected",
                    stage="published",
                    outcome="rejected",
                    status=413,
                    ms=_ms_since(start),
                    traceparent=span_traceparent,
                )
                return error_response(
                    413, "The event is larger than Pub/Sub's 10 MB; split it"
                )
        log.info(
            "event published",
            stage="published",
            message_id=message_id,
            status=200,
            ms=_ms_since(start),
            traceparent=span_traceparent,
        )
        return published_response(posted.name)

    async def _authenticate(
        self, request: Request, body: bytes, request_line: bytes = b""
    ) -> str:
        query_string = request.scope["query_string"]
        presented = auth.Request(request.headers, query_string, body, request_line)
        return await auth.check_authentication(presented, self.settings)

    def _webhook_id(self, request: Request) -> str | None:
        """The signed id of *request*, by which the ledger recognises its replay."""
        if self.settings.auth != "hmac":
            return None
        return request.headers.get("webhook-id")

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


def _known_fields(errors: dict[str, list[str]]) -> list[str] | None:
    """The invalid fields' paths for the log, without names that the caller chose."""
    paths = [path for path, texts in errors.items() if texts != ["Unknown field."]]
    return paths[:MAX_LOGGED_FIELDS] or None


def _ms_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)
