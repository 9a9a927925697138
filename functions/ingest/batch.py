"""A batch: several events in one request, each judged and answered by itself."""

import asyncio
import time
from collections import Counter
from typing import Any, NamedTuple

from starlette.responses import Response

from functions.events.message import Message, message
from functions.ingest.envelope import (
    MAX_ERRORS,
    MAX_ITEMS,
    InvalidEvent,
    PostedEvent,
    known_fields,
    validate_item,
)
from functions.ingest.mapping import SENT_AS
from functions.ingest.received import Received
from functions.ingest.responses import (
    RETRY_AFTER,
    TOO_LARGE,
    UNAVAILABLE,
    json_response,
    published_content,
)
from functions.log import Logger
from functions.pubsub.errors import MessageTooLarge, PublishFailed
from functions.pubsub.publisher import Published, Publisher
from functions.tracing import Tracing

MAX_ITEM_ERRORS = 100
MAX_CONCURRENT_REQUESTS = 50  # to Pub/Sub, of one batch
MAX_SLICE_SECONDS = 0.01  # of validation, after which other requests have a turn
# The counts of the response, by an item's status; 400 and 413 are rejections.
COUNTS = {200: "accepted", 400: "rejected", 413: "rejected", 503: "failed"}


class _Item(NamedTuple):
    """A valid item that is to be published.

    Attributes:
        position: in the batch, from 0.
    """

    position: int
    posted: PostedEvent
    message: Message


class Batches:
    """Responds to batches.

    Args:
        topic_prefix: of topics; the entity's name follows.
    """

    def __init__(
        self, publisher: Publisher, log: Logger, tracing: Tracing, topic_prefix: str
    ) -> None:
        self._publisher = publisher
        self._log = log
        self._tracing = tracing
        self._topic_prefix = topic_prefix

    async def respond(
        self, items: list[Any], received: Received, mapped: bool = False
    ) -> Response:
        """Publish the valid ones of *items*, and answer what became of each.

        Items of one ordering key are published in order, those of different keys
        concurrently. All belong to the trace of the request.

        Args:
            mapped: the items come from ``to_events``, which may have named the
                caller's own fields and may have returned none.

        Raises:
            InvalidEvent: there are too many, or none.
        """
        if len(items) > MAX_ITEMS or not (items or mapped):
            raise InvalidEvent(
                f"A batch holds 1 to {MAX_ITEMS} events",
                {"data": [f"Must hold 1 to {MAX_ITEMS} events."]},
            )
        results: list[dict[str, Any]] = [{} for _ in items]
        with self._tracing.span(
            "publish", received.traceparent, items=len(items)
        ) as traceparent:
            received = received._replace(traceparent=traceparent)
            groups = await self._validate(items, received, mapped, results)
            failures = await self._publish(groups, received, results)
        return self._response(results, failures, received)

    async def _validate(
        self,
        items: list[Any],
        received: Received,
        mapped: bool,
        results: list[dict[str, Any]],
    ) -> list[list[_Item]]:
        """The valid items, those of one ordering key together; writes *results*."""
        groups: dict[tuple[str, str | int], list[_Item]] = {}
        errors_left = MAX_ERRORS
        slice_end = time.perf_counter() + MAX_SLICE_SECONDS
        for index, item in enumerate(items):
            if time.perf_counter() > slice_end:
                await asyncio.sleep(0)
                slice_end = time.perf_counter() + MAX_SLICE_SECONDS
            try:
                max_errors = max(1, min(MAX_ITEM_ERRORS, errors_left))
                posted = validate_item(item, index, max_errors)
            except InvalidEvent as invalid:
                errors_left -= len(invalid.errors)
                if mapped:
                    _add_own_names(invalid, index, item.get(SENT_AS))
                results[index] = self._rejected(invalid, received)
                continue
            valid = _Item(index, posted, self._message(index, posted, received))
            # Items without a key have no order, and each is a request of its own.
            key = posted.event.entity, valid.message.ordering_key or index
            groups.setdefault(key, []).append(valid)
        return list(groups.values())

    def _message(self, index: int, posted: PostedEvent, received: Received) -> Message:
        webhook_id = received.webhook_id
        if webhook_id is not None:
            # Each item has its own, or a value that returns within a batch (A, B, A)
            # were a replay of itself. No id of a request holds a blank.
            webhook_id = f"{webhook_id} {index}"
        return message(
            posted.event,
            posted.uid,
            posted.value,
            received.source,
            received.time,
            received.traceparent,
            webhook_id,
        )

    async def _publish(
        self,
        groups: list[list[_Item]],
        received: Received,
        results: list[dict[str, Any]],
    ) -> set[str]:
        """The codes of Pub/Sub's failures; writes *results*."""
        deadline = self._publisher.deadline()
        remaining = iter(groups)
        failures: set[str] = set()

        async def publish_remaining() -> None:
            for group in remaining:
                topic = self._topic_prefix + group[0].posted.event.entity
                published = await self._publisher.publish_in_order(
                    topic, [item.message for item in group], deadline
                )
                failures.update(
                    one.code for one in published if isinstance(one, PublishFailed)
                )
                for item, result in zip(group, published, strict=True):
                    results[item.position] = self._published(item, result, received)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(len(groups), MAX_CONCURRENT_REQUESTS)):
                tasks.create_task(publish_remaining())
        return failures

    def _published(
        self, item: _Item, result: Published, received: Received
    ) -> dict[str, Any]:
        """The result of a valid item, which is logged."""
        posted = item.posted
        status, outcome, message_id, content = 200, None, None, {}
        if isinstance(result, PublishFailed):
            status, outcome, text = 503, "retry", f"event not stored: {result.code}"
            content = {"error": UNAVAILABLE}
        elif isinstance(result, MessageTooLarge):
            status, outcome, text = 413, "rejected", "event rejected"
            content = {"error": TOO_LARGE}
        else:
            text, message_id = "event published", result
            content = published_content(posted.name)
        self._log.debug(
            text,
            stage="published",
            event=posted.event.name,
            entity=posted.event.entity,
            uid=posted.uid,
            caller=received.caller,
            outcome=outcome,
            message_id=message_id,
            status=status,
            traceparent=received.traceparent,
        )
        return {"uid": posted.uid, "status": status, **content}

    def _rejected(self, invalid: InvalidEvent, received: Received) -> dict[str, Any]:
        """The result of an invalid item, which is logged."""
        self._log.debug(
            "event rejected",
            stage="published",
            outcome="rejected",
            event=invalid.event and invalid.event.name,
            entity=invalid.event and invalid.event.entity,
            uid=invalid.uid,
            caller=received.caller,
            fields=invalid.known_fields,
            status=400,
            traceparent=received.traceparent,
        )
        content: dict[str, Any] = {"error": invalid.error}
        if invalid.errors:
            content["errors"] = invalid.errors
        return {"uid": invalid.uid, "status": 400, **content}

    def _response(
        self, results: list[dict[str, Any]], failures: set[str], received: Received
    ) -> Response:
        counts = dict.fromkeys(COUNTS.values(), 0)
        counts |= Counter(COUNTS[result["status"]] for result in results)
        content: dict[str, Any] = {"results": results, **counts}
        headers, log, text, outcome = None, self._log.info, "batch published", None
        if failures:
            status, headers = 503, RETRY_AFTER
            content["error"] = "Not every event could be stored; send the batch again"
            log, outcome = self._log.error, "retry"
            codes = ", ".join(sorted(failures))
            text = f"batch not stored, the caller must send again: {codes}"
        elif not counts["rejected"]:
            status = 200
        elif counts["accepted"]:
            status, outcome = 207, "rejected"
        else:
            status, outcome = 400, "rejected"
            content["error"] = "No event of the batch is valid"
        log(
            text,
            stage="batch",
            outcome=outcome,
            caller=received.caller,
            **counts,
            fields=known_fields(*(result.get("errors", {}) for result in results)),
            status=status,
            ms=received.ms,
            traceparent=received.traceparent,
        )
        return json_response(status, content, headers)


def _add_own_names(invalid: InvalidEvent, index: int, own_names: Any) -> None:
    """Name the caller's own field in the errors where the mapping says so."""
    if type(own_names) is not dict:
        return
    for path, own_name in own_names.items():
        if texts := invalid.errors.get(f"data.{index}.{path}"):
            invalid.errors[f"data.{index}.{path}"] = [*texts, f"Sent as {own_name}."]
