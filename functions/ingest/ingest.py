"""Answers what is sent to ingest: checks a posted event and has it published."""

import hashlib
import time
from functools import lru_cache
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from functions.events.message import message, parse_traceparent
from functions.ingest import auth, envelope
from functions.ingest.body import ClientDisconnected, TooLarge, read_body
from functions.ingest.page import PAGE
from functions.ingest.publisher import Publisher, PublishFailed
from functions.ingest.responses import later, refusal, stored, with_json
from functions.ingest.settings import IngestSettings
from functions.ingest.status import NOT_SEEN, PATH, Status
from functions.ledger.store import LedgerUnavailable
from functions.log import About, Log, place
from functions.timestamps import timestamp
from functions.tracing import Tracing

URI_SAFE = "@.-_~"  # ce-source is a URI reference
LONGEST_CALLER = 512
BODY_TIMEOUT_SECONDS = 30.0  # a caller slower than this with its body is sent away


class Ingest:
    """Everything one process needs to answer requests; built once, connects later."""

    def __init__(
        self,
        settings: IngestSettings,
        publisher: Publisher,
        log: Log,
        tracing: Tracing,
        status: Status | None,
        body_seconds: float = BODY_TIMEOUT_SECONDS,
    ) -> None:
        self.settings = settings
        self.publisher = publisher
        self.log = log
        self.tracing = tracing
        self.status = status
        self.body_seconds = body_seconds
        self._of = lru_cache(maxsize=1024)(self._about)
        if settings.auth == "none":
            log.line("WARNING", "INGEST_AUTH is none: anybody may post events")

    async def answer(self, request: Request) -> Response:
        """Answer any request; whatever it holds, this does not raise."""
        try:
            if request.method == "POST":
                return await self._post(request)
            if request.url.path == "/" and request.method in ("GET", "HEAD"):
                return HTMLResponse(PAGE)
            if self.status and request.url.path.startswith(PATH):
                if request.method == "GET":
                    return await self._status(request, self.status)
                return refusal(405, "GET the status of an event", allow="GET, POST")
            allowed = "GET, HEAD, POST" if request.url.path == "/" else "POST"
            return refusal(405, "POST events here", allow=allowed)
        except TooLarge:
            most = self.settings.max_body_bytes
            self._refused(413, traceparent=_trace(request))
            return refusal(413, f"The body is longer than {most} bytes")
        except auth.Unauthenticated as error:
            self._refused(401, traceparent=_trace(request))
            return refusal(401, "Unauthorized", www_authenticate=error.challenge)
        except LedgerUnavailable as error:
            trace = _trace(request)
            self.log.line(
                "ERROR", place(error), status=503, alarm=True, traceparent=trace
            )
            return later("The ledger cannot be read now; please ask again")
        except auth.AuthenticationUnavailable:
            self._refused(503, alarm=True, traceparent=_trace(request))
            return later("Callers cannot be identified now; please send again")
        except TimeoutError:
            self._refused(408, traceparent=_trace(request))
            return refusal(408, "The body did not arrive in time", connection="close")
        except ClientDisconnected:
            return refusal(400, "The connection was closed before the body ended")
        except Exception as error:
            # The framework has no error handler for async functions, and its own
            # answer to an exception would log a trace with values in it.
            self.log.line(
                "ERROR",
                f"ingest failed: {place(error)}",
                stage="received",
                outcome="error",
                status=500,
            )
            return refusal(500, "Internal error; please send again")

    async def _status(self, request: Request, status: Status) -> Response:
        """What became of the caller's own event."""
        caller = await auth.check_authentication(
            auth.Request(request.headers, request.scope["query_string"], b""),
            self.settings,
        )
        uid = unquote(request.scope["raw_path"].decode(errors="replace"))[len(PATH) :]
        told = await status.of(source_of(caller), uid, time.time())
        return with_json(200, told) if told else refusal(404, NOT_SEEN)

    async def _post(self, request: Request) -> Response:
        began = time.perf_counter()
        # Starlette decodes every header to find one; ASGI's names are lower case.
        raw = dict(request.scope["headers"])
        body = await read_body(
            request.receive,
            raw.get(b"content-length", b"").decode("latin-1"),
            self.settings.max_body_bytes,
            self.body_seconds,
        )
        received = timestamp()
        caller = await auth.check_authentication(
            auth.Request(request.headers, request.scope["query_string"], body),
            self.settings,
        )
        traceparent = parse_traceparent(raw.get(b"traceparent", b"").decode("latin-1"))
        try:
            posted = envelope.read(body)
        except envelope.InvalidEvent as error:
            event = error.event
            self._refused(
                400,
                event=event and event.name,
                entity=event and event.entity,
                uid=error.uid,
                caller=caller,
                fields=_known_fields(error.errors),
                traceparent=traceparent,
            )
            return refusal(400, error.error, error.errors)
        event = posted.event
        try:
            with self.tracing.span(
                "publish", traceparent, entity=event.entity, event=event.name
            ) as handed_on:
                about = self.log.about(
                    self._of(event.name, event.entity, caller),
                    uid=posted.uid,
                    traceparent=handed_on,
                )
                self.log.line("INFO", "event received", about, stage="received")
                message_id = await self.publisher.publish(
                    self.settings.topic_prefix + event.entity,
                    message(
                        event,
                        posted.uid,
                        posted.value,
                        source_of(caller),
                        received,
                        handed_on,
                    ),
                )
        except PublishFailed as error:
            self.log.line(
                "ERROR",
                f"Pub/Sub did not take the event: {error.code}",
                about,
                stage="published",
                outcome="retry",
                status=503,
                ms=_ms(began),
            )
            return later("The event could not be stored; please send it again")
        self.log.line(
            "INFO",
            "event published",
            about,
            stage="published",
            message_id=message_id,
            status=200,
            ms=_ms(began),
        )
        return stored(posted.name)

    def _about(self, event: str, entity: str, caller: str) -> About:
        """What many events' lines have in common."""
        return self.log.about(event=event, entity=entity, caller=caller)

    def _refused(self, status: int, **labels) -> None:
        self.log.line(
            "WARNING",
            "request refused",
            stage="received",
            outcome="rejected",
            status=status,
            **labels,
        )


def _trace(request: Request) -> str | None:
    """The caller's, or the platform's, whose log says where a request came from."""
    return parse_traceparent(request.headers.get("traceparent"))


@lru_cache(maxsize=1024)
def source_of(caller: str) -> str:
    """The ``ce-source`` of a caller's events, within what an attribute holds."""
    name = quote(caller, safe=URI_SAFE)
    if len(name) > LONGEST_CALLER:
        name = f"sha256:{hashlib.sha256(caller.encode()).hexdigest()}"
    return f"/ingest/{name}"


def _known_fields(errors: dict[str, list[str]]) -> list[str] | None:
    """The paths at fault, for the log: only ones spelled by us, not by the caller."""
    paths = [path for path, texts in errors.items() if texts != ["Unknown field."]]
    return paths[:20] or None


def _ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
