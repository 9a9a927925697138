"""Verifies a delivery of Adobe I/O Events, publishes its events, and responds.

Whatever Adobe would deliver in vain again is answered 200: after ten failed attempts of
one event it would disable the registration. Such an event becomes a dead letter.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from functions.commerce_events import body, responses
from functions.commerce_events.adobe_event import AdobeEvent
from functions.commerce_events.body import InvalidBody
from functions.commerce_events.event_publisher import NOT_STORED, EventPublisher
from functions.commerce_events.public_keys import KeyUnavailable, PublicKeys
from functions.commerce_events.registration import (
    CHALLENGE,
    InvalidValidationUrl,
    Registrations,
    ValidationFailed,
)
from functions.commerce_events.settings import CommerceEventsSettings
from functions.commerce_events.signature import Unauthenticated, verify
from functions.events.message import parse_traceparent
from functions.log import Logger, error_location
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

DEADLINE_SECONDS = 8.0  # Adobe waits for ten
OTHER_RECIPIENT = "recipientclientid is not OAUTH_CLIENT_ID"


class CommerceEvents:
    """Everything one process needs to serve requests; it connects when first used.

    Args:
        deadline_seconds: for one request.
    """

    def __init__(
        self,
        settings: CommerceEventsSettings,
        publisher: Publisher,
        keys: PublicKeys,
        registrations: Registrations,
        log: Logger,
        tracing: Tracing,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self.settings = settings
        self._events = EventPublisher(settings, publisher, log)
        self.keys = keys
        self.registrations = registrations
        self.log = log
        self.tracing = tracing
        self.deadline_seconds = deadline_seconds
        if settings.auth == "none":
            log.warning("COMMERCE_EVENTS_AUTH is none: deliveries are not verified")

    async def respond(self, request: Request) -> Response:
        """Respond to any request; no request makes this raise."""
        headers = Headers(request.scope["headers"])
        traceparent = parse_traceparent(headers.get("traceparent"))
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await self._route(request, headers, traceparent)
        except Exception as error:
            # functions-framework has no error handler for async functions, and its own
            # response to an exception would log a trace with values in it.
            log = self.log.bind(stage="published", traceparent=traceparent)
            return _error_response(error, log)

    async def _route(
        self, request: Request, headers: Headers, traceparent: str | None
    ) -> Response:
        if request.method == "POST":
            return await self._receive(request, headers, traceparent)
        if request.method != "GET":
            error = "POST events here, or GET with ?challenge="
            return responses.error_response(405, error, {"allow": "GET, POST"})
        challenge = request.query_params.get("challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            error = "GET needs ?challenge= of 1 to 128 letters, digits or ._~-"
            return responses.error_response(400, error)
        return responses.challenge_response(challenge)

    async def _receive(
        self, request: Request, headers: Headers, traceparent: str | None
    ) -> Response:
        raw = await read_body(
            request.receive, headers, body.MAX_BODY_BYTES, self.deadline_seconds
        )
        received = timestamp()
        content = body.decode(raw)
        # The validation of an address is not signed.
        if b'"validationUrl"' in content[:64] and (url := _validation_url(content)):
            return await self._confirm(url)
        if self.settings.auth == "adobe":
            # Before a key is fetched: invented deliveries must not keep it from others.
            if self.settings.client_id.encode() not in content:
                raise Unauthenticated(OTHER_RECIPIENT)
            await verify(content, headers, self.keys)
        delivered, is_batch = body.events_of(body.parse(content))
        events = [AdobeEvent(each) for each in delivered]
        if self.settings.auth == "adobe":
            self._check_recipients(events)
        with self.tracing.span("receive", traceparent) as span:
            results = await self._events.publish(events, received, span)
        if not is_batch:
            return results[0].response()
        status = max((result.status for result in results), default=200)
        contents = [result.content for result in results]
        return responses.json_response(status, {"results": contents})

    def _check_recipients(self, events: list[AdobeEvent]) -> None:
        """Adobe signs alike for all its customers: the recipient makes it ours."""
        if any(event.client_id != self.settings.client_id for event in events):
            raise Unauthenticated(OTHER_RECIPIENT)

    async def _confirm(self, url: Any) -> Response:
        try:
            await self.registrations.confirm(url)
        except InvalidValidationUrl:
            error = "validationUrl is not one of Adobe's"
            return _reject(self.log.bind(stage="published"), 400, error)
        except ValidationFailed as failure:
            error = f"The registration is not validated: {failure}"
            self.log.error(error, status=503, alarm=True)
            return responses.error_response(503, error)
        self.log.info("registration validated", status=200)
        return responses.json_response(200, {"message": "Registration validated"})


def _error_response(error: Exception, log: Logger) -> Response:
    match error:
        case BodyTooLarge():
            text = f"The body is longer than {body.MAX_CONTENT_BYTES} bytes"
            return _reject(log, 413, text)
        case InvalidBody():
            return _reject(log, error.status, str(error))
        case CompressedBody():
            text = "Compressed bodies are not accepted; send it uncompressed"
            return _reject(log, 415, text, {"accept-encoding": "identity"})
        case Unauthenticated():
            challenge = {"www-authenticate": "Signature"}
            return _reject(log, 401, f"Unauthorized: {error}", challenge)
        case ClientDisconnected():
            return responses.error_response(400, str(error))
        case KeyUnavailable():
            text = f"Adobe's public key is unavailable: {error}"
            log.error(text, outcome="retry", status=503, alarm=True)
            text = "Adobe's public key is unavailable now; deliver it again"
            return responses.error_response(503, text)
        case TimeoutError():
            log.error("the deadline has passed", outcome="retry", status=503)
            return responses.error_response(503, NOT_STORED)
    text = f"commerce_events failed: {error_location(error)}"
    log.error(text, outcome="error", status=500)
    return responses.error_response(500, "Internal error; deliver it again")


def _validation_url(content: bytes) -> Any:
    """What Adobe asks to fetch; None where *content* is no such request."""
    try:
        parsed = body.parse(content)
    except InvalidBody:
        return None
    return parsed.get("validationUrl") if isinstance(parsed, dict) else None


def _reject(
    log: Logger, status: int, error: str, headers: dict[str, str] | None = None
) -> Response:
    log.warning("request rejected", outcome="rejected", status=status, reason=error)
    return responses.error_response(status, error, headers)
