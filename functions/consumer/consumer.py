"""Decides whether an event is processed and by which handler; never how.

A push is decoded, its event looked up and validated, the lease acquired, the handler
called, the outcome recorded, and Pub/Sub answered: ``Consumer._process`` from top to
bottom.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.commerce.client import CommerceConnection
from functions.consumer import outbound, results
from functions.consumer.calls import CallRecorder
from functions.consumer.dead_letter_topic import DeadLetterTopic
from functions.consumer.delivery import Budget, DirectCall, LeasedDelivery
from functions.consumer.own_changes import OwnChanges
from functions.consumer.push import DirectRequest, Push, decode
from functions.consumer.results import ConsumerResult
from functions.errors import Rejected, Unavailable
from functions.events import catalog
from functions.events.catalog import Event, InvalidValue
from functions.events.message import parse_traceparent
from functions.handlers import Skipped, dispatch
from functions.ledger.decisions import AlreadyProcessed, Delivery, InFlight, Outcome
from functions.ledger.hashes import LedgerHashes
from functions.ledger.ledger import Ledger
from functions.ledger.lookup import WrongLedgerKey
from functions.ledger.store import LedgerUnavailable
from functions.log import Logger, error_location
from functions.pubsub.errors import PublishFailed
from functions.target.client import TargetConnection
from functions.tracing import Tracing

MAX_NAME_LENGTH = 200  # characters of an event type in an answer


@dataclass(frozen=True)
class Consumer:
    """Everything that one process needs; connects when first used.

    Attributes:
        commerce: None where no inbound events are served.
        budget_seconds: how long one delivery may take.
        target: None where no outbound events are served.
        echo_seconds: the setting ECHO_SECONDS.
    """

    ledger: Ledger
    commerce: CommerceConnection | None
    dead_letters: DeadLetterTopic
    logger: Logger
    tracing: Tracing
    budget_seconds: float
    target: TargetConnection | None = None
    echo_seconds: float = 0

    def respond(
        self, body: bytes, traceparent: str | None
    ) -> tuple[int, ConsumerResult]:
        """Process a request; whatever it contains, this does not raise.

        Returns:
            The HTTP status (of a push, the verdict for Pub/Sub) and the result.
        """
        request = decode(body)
        if isinstance(request, DirectRequest):
            result = self._respond_directly(request, parse_traceparent(traceparent))
            return result.status, result
        result = self._respond_to_push(request)
        return result.push_status, result

    def _respond_to_push(self, push: Push) -> ConsumerResult:
        start = time.perf_counter()
        event = catalog.find(push.event)
        log = self.logger.bind(
            event=event and event.name,
            entity=event and event.entity,
            uid=push.uid or None,
            message_id=push.message_id or None,
            attempt=push.attempt,
            traceparent=push.traceparent,
        )
        log.debug("event delivered", stage="delivered")
        calls = CallRecorder(log, self.tracing, push.traceparent)
        try:
            with self.tracing.span(
                "deliver",
                push.traceparent,
                event=event and event.name,
                attempt=push.attempt,
            ) as traceparent:
                log = log.bind(traceparent=traceparent)
                calls = CallRecorder(log, self.tracing, traceparent)
                result = self._process(push, calls)
        except LedgerUnavailable as error:
            log.error(error_location(error), stage="delivered")
            wrong_key = isinstance(error, WrongLedgerKey)
            message = str(error) if wrong_key else results.LEDGER_UNAVAILABLE
            result = results.failed("retry", 503, message, alarm=True)
        except Exception as error:
            log.error(error_location(error), stage="delivered")
            result = results.failed("error", 500, "Internal error")
        _log_outcome(
            log, result, result.push_status, start, calls, age_ms=_age_ms(push.time)
        )
        return result

    def _process(self, push: Push, calls: CallRecorder) -> ConsumerResult:
        delivery: LeasedDelivery | None = None
        budget = Budget(self.budget_seconds)
        try:
            event, value = read_event(push)
            own_changes = OwnChanges(
                self.ledger,
                event,
                value,
                self.commerce.settings if self.commerce else None,
                self.echo_seconds,
                push.message_id,
            )
            decision = self.ledger.acquire(
                push.source,
                push.uid,
                _ledger_delivery(push, event, value, self.ledger.hashes),
                first=push.attempt in (None, 1),
                edits=own_changes.edits_of_lease(),
            )
            if isinstance(decision, AlreadyProcessed):
                return results.duplicate(push.event, decision)
            if isinstance(decision, InFlight):
                return results.another_in_flight()
            delivery = LeasedDelivery(self.ledger, decision, budget, own_changes)
            result = self._handle(event, push.event, value, delivery, calls, push)
            if result.ambiguous:
                self._reject_at_limit(result, delivery)
        except Rejected as error:
            # Storing a dead letter takes time of its own, and only the owner may.
            if delivery is not None and not delivery.renew():
                return results.another_in_flight()
            result = self._store_dead_letter(push, error, calls.log)
        if delivery is not None and not delivery.complete(
            Outcome(
                result.status,
                result.message,
                result.final,
                result.outcome_unknown,
                result.ambiguous,
            )
        ):
            # Only the owner's outcome counts; the delivery that took over has its own.
            return results.another_in_flight()
        return result

    def _handle(
        self,
        event: Event,
        name: str,
        value: Any,
        delivery: LeasedDelivery | DirectCall,
        calls: CallRecorder,
        push: Push | None = None,
    ) -> ConsumerResult:
        """Call the handler.

        Raises:
            Rejected: by the handler.
        """
        try:
            if event.direction == "outbound":
                message = self._send_to_target(event, value, delivery, calls, push)
            else:
                message = self._apply_to_commerce(event, value, delivery, calls)
            return results.handled(name, message)
        except Skipped as skip:
            return results.skipped(name, skip.reason, skip.message)
        except Rejected:
            raise
        except Unavailable as error:
            return results.unavailable(error)
        except LedgerUnavailable:
            # Between two calls, of which the first may have taken effect.
            message = results.LEDGER_UNAVAILABLE
            return results.failed("retry", 503, message, outcome_unknown=True)
        except Exception as error:
            calls.log.error(error_location(error), stage="call")
            return results.failed("error", 500, "Internal error", outcome_unknown=True)

    def _apply_to_commerce(
        self,
        event: Event,
        value: Any,
        delivery: LeasedDelivery | DirectCall,
        calls: CallRecorder,
    ) -> str:
        if self.commerce is None:
            raise Unavailable(503, results.NOT_SERVED[event.direction], alarm=True)
        commerce = self.commerce.session(
            delivery.before_call, calls.record, calls.traceparent
        )
        return dispatch(event)(value, commerce, delivery)

    def _send_to_target(
        self,
        event: Event,
        value: Any,
        delivery: LeasedDelivery | DirectCall,
        calls: CallRecorder,
        push: Push | None,
    ) -> str:
        if self.target is None:
            raise Unavailable(503, results.NOT_SERVED[event.direction], alarm=True)
        target = self.target.session(
            outbound.target_event(event, value, push),
            delivery.before_call,
            calls.record,
            calls.traceparent,
        )
        return outbound.deliver(event, value, target, delivery)

    def _reject_at_limit(
        self, result: ConsumerResult, delivery: LeasedDelivery
    ) -> None:
        """Reject an event that Commerce keeps refusing in ambiguous words.

        Raises:
            Rejected: after enough attempts and enough time for an outage to end.
        """
        if self.commerce is None:
            return
        settings = self.commerce.settings
        attempts = delivery.ambiguous_attempts
        if (
            attempts >= settings.ambiguous_attempts
            and delivery.ambiguous_seconds >= settings.ambiguous_seconds
        ):
            raise Rejected(400, f"{result.message} (after {attempts} attempts)")

    def _store_dead_letter(
        self, push: Push, error: Rejected, log: Logger
    ) -> ConsumerResult:
        """Store *push* in the dead-letter topic; only then may it be acknowledged."""
        try:
            self.dead_letters.store(push, error.status, error.message)
        except PublishFailed as failure:
            log.error(f"dead letter not stored: {failure.code}", stage="delivered")
            message = results.DEAD_LETTERS_UNAVAILABLE
            return results.failed("retry", 503, message, alarm=True)
        return results.rejected(error)

    def _respond_directly(
        self, request: DirectRequest, traceparent: str | None
    ) -> ConsumerResult:
        start = time.perf_counter()
        event = catalog.find(request.event)
        log = self.logger.bind(
            event=event and event.name,
            entity=event and event.entity,
            traceparent=traceparent,
        )
        calls = CallRecorder(log, self.tracing, traceparent)
        try:
            if request.missing:
                missing = ",".join(request.missing)
                raise Rejected(
                    400,
                    f"Invalid request parameters: missing parameter(s) '{missing}'",
                )
            if event is None:
                raise unknown_event(request.event)
            value = load_value(event, request.event, request.value)
            delivery = DirectCall(Budget(self.budget_seconds))
            result = self._handle(event, request.event, value, delivery, calls)
        except Rejected as error:
            result = results.rejected(error)
        _log_outcome(log, result, result.status, start, calls)
        return result


def read_event(push: Push) -> tuple[Event, Any]:
    """The event of *push* and its valid value.

    Raises:
        Rejected: it is not a valid event.
    """
    if push.defect:
        raise Rejected(400, push.defect)
    event = catalog.find(push.event)
    if event is None:
        raise unknown_event(push.event)
    try:
        value = push.value()
    except ValueError:
        raise Rejected(400, "The message's data is not JSON") from None
    return event, load_value(event, push.event, value)


def load_value(event: Event, name: str, value: Any) -> Any:
    """*value* as *event*'s schema loads it.

    Raises:
        Rejected: with the errors of its fields, not with what they contain.
    """
    try:
        return event.load(value)
    except InvalidValue as error:
        raise Rejected(400, f"Invalid value for {name}: {error.summary()}") from None


def unknown_event(name: Any) -> Rejected:
    """The error for an event type that is not in the catalogue; *name* is any JSON."""
    shown = name if isinstance(name, str) else type(name).__name__
    shown = shown[:MAX_NAME_LENGTH].encode(errors="replace").decode()
    return Rejected(400, f"This case type is not supported: {shown}")


def _ledger_delivery(
    push: Push, event: Event, value: Any, hashes: LedgerHashes
) -> Delivery:
    key = event.ordering_key(value)
    return Delivery(
        message_id=push.message_id,
        uid=hashes.uid(push.uid),
        resource=hashes.resource(key) if key else None,
        event=event.name,
        entity=event.entity,
        content_hash=hashes.content(event.name, value),
        idempotent=event.idempotent,
        time=outbound.change_time(event, value, push),
        webhook_id=hashes.webhook_id(push.webhook_id) if push.webhook_id else None,
    )


def _log_outcome(
    log: Logger,
    result: ConsumerResult,
    http_status: int,
    start: float,
    calls: CallRecorder,
    **more: Any,
) -> None:
    if result.outcome in ("handled", "duplicate", "skipped"):
        severity = "INFO"
    else:
        severity = "WARNING" if result.outcome == "rejected" else "ERROR"
    log.log(
        severity,
        f"event {result.outcome}",
        stage="outcome",
        outcome=result.outcome,
        status=result.status,
        http_status=http_status,
        ms=round((time.perf_counter() - start) * 1000, 1),
        alarm=result.alarm or None,
        reason=result.reason or results.loggable(result.message),
        calls=calls.calls or None,
        **more,
    )


def _age_ms(event_time: str) -> float:
    """Milliseconds from ingest until now: how long the whole path took."""
    age = datetime.now(UTC) - datetime.fromisoformat(event_time)
    return round(age.total_seconds() * 1000, 1)
