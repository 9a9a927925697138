"""Verifies a delivery of Adobe I/O Events, publishes its events, and responds.

Whatever Adobe would deliver in vain again is answered 200: after ten failed attempts of
one event it would disable the registration. Such an event becomes a dead letter.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from functions.commerce_events import body, responses
from functions.commerce_events.adobe_event import AdobeEvent, NotPublishable
from functions.commerce_events.body import InvalidBody
from functions.commerce_events.public_keys import KeyUnavailable, PublicKeys
from functions.commerce_events.registration import (
    CHALLENGE,
    InvalidValidationUrl,
    Registrations,
    ValidationFailed,
)
from functions.commerce_events.settings import CommerceEventsSettings
from functions.commerce_events.signature import Unauthenticated, verify
from functions.events.message import Message, parse_traceparent
from functions.log import Logger, error_location
from functions.pubsub.dead_letters import RECEIVER, add_dead_letter_attributes
from functions.pubsub.errors import PublishFailed
from functions.pubsub.publisher import Publisher
from functions.timestamps import timestamp
from functions.tracing import Tracing
from functions.web.body import (
    BodyTooLarge,
    ClientDisconnected,
    CompressedBody,
    read_body,
)

DEADLINE_SECONDS = 8.0  # Adobe waits for ten
MAX_LOGGED_FIELDS = 20
NOT_STORED = "The event could not be stored; deliver it again"


@dataclass(frozen=True)
class Prepared:
    """An event on its way to a topic.

    Attributes:
        event_type: as sent.
        message: the event's, or its dead letter's.
        rejection: why it becomes a dead letter; None for a valid event.
    """

    event_type: str
    topic: str
    message: Message
    log: Logger
    rejection: NotPublishable | None


@dataclass(frozen=True)
class Result:
    """What became of one event; the status is that of a single event's response."""

    status: int
    content: dict[str, Any]


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
        self.publisher = publisher
        self.keys = keys
        self.registrations = registrations
        self.log = log
        self.tracing = tracing
        self.deadline_seconds = deadline_seconds
        if settings.auth == "none":
            log.warning("COMMERCE_EVENTS_AUTH is none: deliveries are not verified")

    async def respond(self, request: Request) -> Response:
        """Respond to any request; no request makes this raise."""
        log = self.log.bind(
            stage="published",
            traceparent=parse_traceparent(request.headers.get("traceparent")),
        )
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await self._route(request)
        except BodyTooLarge:
            error = f"The body is longer than {body.MAX_CONTENT_BYTES} bytes"
            return _reject(log, 413, error)
        except InvalidBody as invalid:
            return _reject(log, invalid.status, str(invalid))
        except CompressedBody:
            error = "Compressed bodies are not accepted; send it uncompressed"
            return _reject(log, 415, error, {"accept-encoding": "identity"})
        except Unauthenticated as unauthenticated:
            headers = {"www-authenticate": "Signature"}
            return _reject(log, 401, f"Unauthorized: {unauthenticated}", headers)
        except ClientDisconnected as disconnected:
            return responses.error_response(400, str(disconnected))
        except KeyUnavailable as unavailable:
            log.error(
                f"Adobe's public key is unavailable: {unavailable}",
                outcome="retry",
                status=503,
                alarm=True,
            )
            error = "Adobe's public key is unavailable now; deliver it again"
            return responses.error_response(503, error)
        except TimeoutError:
            log.error("the deadline has passed", outcome="retry", status=503)
            return responses.error_response(503, NOT_STORED)
        except Exception as unexpected:
            # functions-framework has no error handler for async functions, and its own
            # response to an exception would log a trace with values in it.
            log.error(
                f"commerce_events failed: {error_location(unexpected)}",
                outcome="error",
                status=500,
            )
            return responses.error_response(500, "Internal error; deliver it again")

    async def _route(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._receive(request)
        if request.method != "GET":
            error = "POST events here, or GET with ?challenge="
            return responses.error_response(405, error, {"allow": "GET, POST"})
        challenge = request.query_params.get("challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            error = "GET needs ?challenge= of 1 to 128 letters, digits or ._~-"
            return responses.error_response(400, error)
        return responses.challenge_response(challenge)

    async def _receive(self, request: Request) -> Response:
        raw = await read_body(
            request.receive, request.headers, body.MAX_BODY_BYTES, self.deadline_seconds
        )
        received = timestamp()
        content = body.decode(raw)
        # The validation of an address is not signed.
        if b'"validationUrl"' in content[:64] and (url := _validation_url(content)):
            return await self._confirm(url)
        if self.settings.auth == "adobe":
            await verify(content, request.headers, self.keys)
        delivered, is_batch = body.events_of(body.parse(content))
        events = [AdobeEvent.read(each) for each in delivered]
        if self.settings.auth == "adobe":
            self._check_recipients(events)
        with self.tracing.span(
            "receive", parse_traceparent(request.headers.get("traceparent"))
        ) as traceparent:
            prepared = [self._prepare(event, received, traceparent) for event in events]
            results = await self._publish_all(prepared)
        if not is_batch:
            return responses.json_response(results[0].status, results[0].content)
        status = max((result.status for result in results), default=200)
        contents = [result.content for result in results]
        return responses.json_response(status, {"results": contents})

    def _check_recipients(self, events: list[AdobeEvent]) -> None:
        """Adobe signs alike for all its customers: the recipient makes it ours."""
        if any(event.client_id != self.settings.client_id for event in events):
            raise Unauthenticated("recipientclientid is not OAUTH_CLIENT_ID")

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

    def _prepare(
        self, adobe_event: AdobeEvent, received: str, traceparent: str | None
    ) -> Prepared:
        rejection: NotPublishable | None = None
        try:
            event, message = adobe_event.message(received, traceparent)
            topic = self.settings.topic_prefix + event.entity
        except NotPublishable as error:
            rejection = error
            message = self._dead_letter(adobe_event, received, traceparent, error)
            topic = self.settings.dead_letters
        known = rejection.event if rejection else event
        log = self.log.bind(
            event=known and known.name,
            entity=known and known.entity,
            uid=adobe_event.event_id,
            caller=adobe_event.source.rpartition("/")[2],
            traceparent=traceparent,
        )
        log.debug("event received", stage="received")
        return Prepared(adobe_event.type, topic, message, log, rejection)

    def _dead_letter(
        self,
        adobe_event: AdobeEvent,
        received: str,
        traceparent: str | None,
        rejection: NotPublishable,
    ) -> Message:
        try:
            message = adobe_event.dead_letter(received, traceparent)
        except RecursionError:
            raise InvalidBody(400, "The body is nested too deeply") from None
        attributes = message.attributes
        if rejection.event:
            attributes = {**attributes, "entity": rejection.event.entity}
        return message._replace(
            attributes=add_dead_letter_attributes(
                attributes,
                reason=rejection.reason,
                status=400,
                subscription=RECEIVER,
                message_id="",
                attempts=0,
                now=datetime.now(UTC),
            )
        )

    async def _publish_all(self, prepared: list[Prepared]) -> list[Result]:
        """Publish all at once, those of one ordering key one after another."""
        if len(prepared) == 1:
            return [await self._publish(prepared[0])]  # without the cost of a task
        results = [Result(503, responses.failed(503, NOT_STORED)) for _ in prepared]
        by_key: dict[str, list[int]] = {}
        for index, each in enumerate(prepared):
            key = each.message.ordering_key or f"#{index}"
            by_key.setdefault(key, []).append(index)

        async def publish_in_order(indexes: list[int]) -> None:
            for index in indexes:
                results[index] = await self._publish(prepared[index])
                if results[index].status == 503:
                    return  # a later event must not overtake it

        await asyncio.gather(*map(publish_in_order, by_key.values()))
        return results

    async def _publish(self, prepared: Prepared) -> Result:
        start = time.perf_counter()
        log, rejection = prepared.log.bind(stage="published"), prepared.rejection
        try:
            message_id = await self.publisher.publish(prepared.topic, prepared.message)
        except PublishFailed as failure:
            log.error(
                f"event not stored, Adobe delivers it again: {failure.code}",
                outcome="retry",
                status=503,
                ms=_ms_since(start),
            )
            return Result(503, responses.failed(503, NOT_STORED))
        if rejection:
            log.warning(
                "event rejected",
                outcome="rejected",
                message_id=message_id,
                fields=list(rejection.fields[:MAX_LOGGED_FIELDS]) or None,
                status=400,
                ms=_ms_since(start),
            )
            return Result(200, responses.failed(400, rejection.reason))
        log.info(
            "event published", message_id=message_id, status=200, ms=_ms_since(start)
        )
        return Result(200, responses.published(prepared.event_type))


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


def _ms_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)
