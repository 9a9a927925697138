"""Decides whether an event is acted on, and where; never what is done about it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import HandlerError
from functions.consumer.dead_letter_topic import DeadLetters, PublishFailed
from functions.consumer.delivery import OTHER_AT_WORK, Budget, LeasedDelivery
from functions.consumer.push import DirectRequest, Push, Unreadable, read
from functions.consumer.results import (
    ConsumerResult,
    failed,
    failure,
    invalid,
    recorded,
    success,
    unknown,
    verdict,
)
from functions.events import catalog
from functions.events.catalog import Event, InvalidValue
from functions.events.message import content_hash, parse_traceparent
from functions.handlers import DirectCall, dispatch
from functions.ledger.decisions import AlreadyProcessed, Delivery, InFlight, Outcome
from functions.ledger.ledger import Ledger, resource_hash, uid_hash
from functions.ledger.store import LedgerUnavailable
from functions.log import Log, place
from functions.tracing import Tracing

LEDGER_AWAY = "The ledger cannot be reached"
LETTERS_AWAY = "The dead-letter topic cannot be reached"
# Answers that are logged. Commerce's are not: they may name what is in an event.
LOGGED = frozenset({OTHER_AT_WORK, LEDGER_AWAY, LETTERS_AWAY})


class Consumer:
    """Everything one process needs; built once, connects when first used.

    Args:
        budget_seconds: how long one delivery may take.
    """

    def __init__(
        self,
        ledger: Ledger,
        commerce: CommerceConnection,
        dead_letters: DeadLetters,
        log: Log,
        tracing: Tracing,
        budget_seconds: float,
    ) -> None:
        self._ledger = ledger
        self._commerce = commerce
        self._dead_letters = dead_letters
        self._log = log
        self._tracing = tracing
        self._budget_seconds = budget_seconds

    def answer(
        self, body: bytes, traceparent: str | None
    ) -> tuple[int, ConsumerResult]:
        """ConsumerResult a request; whatever it holds, this does not raise.

        Returns:
            The HTTP status (of a push, the verdict to Pub/Sub) and the answer.
        """
        try:
            asked = read(body)
        except Unreadable as error:
            answer = self._push(error.push, unreadable=error.reason)
            return verdict(answer), answer
        if isinstance(asked, DirectRequest):
            answer = self._direct(asked, parse_traceparent(traceparent))
            return answer.status, answer
        answer = self._push(asked)
        return verdict(answer), answer

    def _direct(self, call: DirectRequest, traceparent: str | None) -> ConsumerResult:
        began = time.perf_counter()
        event = catalog.find(call.event)
        labels = {
            "event": event and event.name,
            "entity": event and event.entity,
            "traceparent": traceparent,
        }
        answer = self._called(call, event, labels)
        self._log_outcome(answer, answer.status, began, labels)
        return answer

    def _called(
        self, call: DirectRequest, event: Event | None, labels: dict
    ) -> ConsumerResult:
        if call.missing:
            missing = ",".join(call.missing)
            text = f"Invalid request parameters: missing parameter(s) '{missing}'"
            return failure("rejected", 400, text)
        if event is None:
            return unknown(call.event)
        try:
            value = event.load(call.value)
        except InvalidValue as error:
            return invalid(call.event, error)
        before_call = Budget(self._budget_seconds).before_call
        return self._handle(event, call.event, value, DirectCall(), before_call, labels)

    def _push(self, push: Push, unreadable: str = "") -> ConsumerResult:
        began = time.perf_counter()
        labels = self._labels(push)
        self._log.line("INFO", "delivered", stage="attempt", **labels)
        try:
            with self._tracing.span(
                "deliver", push.traceparent, event=labels["event"], attempt=push.attempt
            ) as traceparent:
                labels["traceparent"] = traceparent
                if unreadable:
                    refused = failure("rejected", 400, unreadable)
                    answer = self._refuse(push, refused, labels)
                else:
                    answer = self._delivered(push, labels)
        except LedgerUnavailable as error:
            answer = failure("retry", 503, LEDGER_AWAY, alarm=True)
            self._log.line("ERROR", place(error), stage="attempt", **labels)
        except Exception as error:
            self._log.line("ERROR", place(error), stage="attempt", **labels)
            answer = failure("error", 500, "Internal error")
        self._log_outcome(
            answer, verdict(answer), began, labels, age_ms=_age_ms(push.time)
        )
        return answer

    def _delivered(self, push: Push, labels: dict) -> ConsumerResult:
        event = catalog.find(push.event)
        if event is None:
            return self._refuse(push, unknown(push.event), labels)
        try:
            value = push.value()
        except ValueError:
            unreadable = failure("rejected", 400, "The message's data is not JSON")
            return self._refuse(push, unreadable, labels)
        try:
            value = event.load(value)
        except InvalidValue as error:
            return self._refuse(push, invalid(push.event, error), labels)

        key = event.ordering_key(value)
        budget = Budget(self._budget_seconds)
        decision = self._ledger.acquire(
            push.source,
            push.uid,
            Delivery(
                message_id=push.message_id,
                uid=uid_hash(push.uid),
                resource=resource_hash(key) if key else None,
                event=event.name,
                entity=event.entity,
                content_hash=content_hash(event.name, value),
                idempotent=event.idempotent,
                time=push.time,
            ),
        )
        match decision:
            case AlreadyProcessed():
                return recorded(push.event, decision)
            case InFlight():
                return failure("retry", 503, OTHER_AT_WORK)
        work = LeasedDelivery(self._ledger, decision, budget)
        return self._act(push, event, value, work, labels)

    def _act(
        self, push: Push, event: Event, value: Any, work: LeasedDelivery, labels: dict
    ) -> ConsumerResult:
        """Handle a claimed event and record what came of it."""
        answer = self._handle(event, push.event, value, work, work.before_call, labels)
        if answer.outcome == "rejected":
            # Storing it takes time of its own, and is for the owner alone.
            if not work.renew():
                return failure("retry", 503, OTHER_AT_WORK)
            answer = self._refuse(push, answer, labels)
        outcome = Outcome(
            answer.status, answer.text, answer.final, answer.outcome_unknown
        )
        if not work.complete(outcome):
            # Only the owner's word counts; the one that took over will have its own.
            return failure("retry", 503, OTHER_AT_WORK)
        return answer

    def _handle(
        self,
        event: Event,
        name: str,
        value: Any,
        work: DirectCall | LeasedDelivery,
        before_call: Callable[[float], None],
        labels: dict,
    ) -> ConsumerResult:
        def called(method: str, route: str, status: int | None, ms: float) -> None:
            name = f"{method} {route}"
            self._tracing.ended(name, labels.get("traceparent"), ms, status=status)
            self._log.line(
                "INFO",
                name,
                stage="call",
                status=status,
                ms=ms,
                **labels,
            )

        commerce = self._commerce.session(
            before=before_call, observe=called, trace=labels.get("traceparent")
        )
        try:
            return success(name, dispatch(event)(value, commerce, work))
        except HandlerError as error:
            return failed(error)
        except LedgerUnavailable:
            # Between two calls: what was sent was answered, and is idempotent.
            return failure("retry", 503, LEDGER_AWAY, outcome_unknown=True)
        except Exception as error:
            self._log.line("ERROR", place(error), stage="call", **labels)
            return failure("error", 500, "Internal error", outcome_unknown=True)

    def _refuse(
        self, push: Push, refused: ConsumerResult, labels: dict
    ) -> ConsumerResult:
        """Keep *push* as a dead letter; only then may it be acknowledged."""
        try:
            self._dead_letters.store(push, refused.status, refused.text)
        except PublishFailed as error:
            self._log.line("ERROR", f"dead letter not stored: {error}", **labels)
            return failure("retry", 503, LETTERS_AWAY, alarm=True)
        return refused

    def _labels(self, push: Push) -> dict:
        event = catalog.find(push.event)
        return {
            "event": event and event.name,
            "entity": event and event.entity,
            "uid": push.uid or None,
            "message_id": push.message_id or None,
            "attempt": push.attempt,
            "traceparent": push.traceparent,
        }

    def _log_outcome(
        self,
        answer: ConsumerResult,
        status: int,
        began: float,
        labels: dict,
        **more: Any,
    ) -> None:
        bad = answer.outcome in ("retry", "error")
        severity = "ERROR" if bad else "WARNING"
        if answer.outcome in ("handled", "duplicate"):
            severity = "INFO"
        self._log.line(
            severity,
            f"event {answer.outcome}",
            stage="outcome",
            outcome=answer.outcome,
            status=answer.status,
            verdict=status,
            ms=round((time.perf_counter() - began) * 1000, 1),
            alarm=answer.alarm or None,
            answer=answer.text if answer.text in LOGGED else None,
            **labels,
            **more,
        )


def _age_ms(since: str) -> float:
    """Milliseconds since ingest got the event: how long its whole way took."""
    age = datetime.now(UTC) - datetime.fromisoformat(since)
    return round(age.total_seconds() * 1000, 1)
