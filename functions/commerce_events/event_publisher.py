"""Publishes delivered events to their topics, and what is invalid as dead letters."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.responses import Response

from functions.commerce_events import responses
from functions.commerce_events.adobe_event import AdobeEvent, NotPublishable
from functions.commerce_events.body import InvalidBody
from functions.commerce_events.settings import CommerceEventsSettings
from functions.events.message import Message
from functions.log import Logger
from functions.pubsub.dead_letters import RECEIVER, add_dead_letter_attributes
from functions.pubsub.errors import PublishFailed
from functions.pubsub.publisher import Publisher

MAX_LOGGED_FIELDS = 20
NOT_STORED = "The event could not be stored; deliver it again"


class Prepared(NamedTuple):
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

    def response(self) -> Response:
        """The response to a delivery of this event alone."""
        return responses.json_response(self.status, self.content)


class Published(Result):
    """An event that is stored in Pub/Sub."""

    def __init__(self, event_type: str) -> None:
        super().__init__(200, responses.published(event_type))

    def response(self) -> Response:
        """As :meth:`Result.response`."""
        return responses.published_response(self.content["type"])


class EventPublisher:
    """Publishes the events of deliveries."""

    def __init__(
        self, settings: CommerceEventsSettings, publisher: Publisher, log: Logger
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._log = log.bind(stage="published")

    async def publish(
        self, events: list[AdobeEvent], received: str, traceparent: str | None
    ) -> list[Result]:
        """Publish all at once, those of one ordering key one after another.

        Args:
            received: when they were delivered.

        Raises:
            InvalidBody: one is nested too deeply.
        """
        prepared = [self._prepare(event, received, traceparent) for event in events]
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

    def _prepare(
        self, adobe_event: AdobeEvent, received: str, traceparent: str | None
    ) -> Prepared:
        rejection: NotPublishable | None = None
        try:
            event, message = adobe_event.message(received, traceparent)
            topic = self._settings.topic_prefix + event.entity
        except NotPublishable as error:
            rejection = error
            message = self._dead_letter(adobe_event, received, traceparent, error)
            topic = self._settings.dead_letters
        known = rejection.event if rejection else event
        log = self._log.bind(
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

    async def _publish(self, prepared: Prepared) -> Result:
        start = time.perf_counter()
        log, rejection = prepared.log, prepared.rejection
        try:
            message_id = await self._publisher.publish(prepared.topic, prepared.message)
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
        return Published(prepared.event_type)


def _ms_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)
