"""Decides whether an event is acted on, and where; never what is done about it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from functions.commerce.client import Commerce
from functions.commerce.errors import HandlerError
from functions.consumer.answers import (
    Answer,
    failed,
    failure,
    invalid,
    recorded,
    success,
    unknown,
    verdict,
)
from functions.consumer.dead_letters import DeadLetters, NotStored
from functions.consumer.push import DirectCall, Push, Unreadable, read
from functions.consumer.work import OTHER_AT_WORK, Budget, LedgerWork
from functions.events import catalog
from functions.events.catalog import Event, InvalidValue
from functions.events.message import fingerprint, traceparent_of
from functions.handlers import Direct, dispatch
from functions.ledger.decisions import Answered, Busy, Delivery, Outcome
from functions.ledger.ledger import Ledger, thing_hash, uid_hash
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
        commerce: Commerce,
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

    def answer(self, body: bytes, traceparent: str | None) -> tuple[int, Answer]:
        """Answer a request; whatever it holds, this does not raise.

        Returns:
            The HTTP status (of a push, the verdict to Pub/Sub) and the answer.
        """
        try:
            asked = read(body)
        except Unreadable as error:
            answer = self._push(error.push, unreadable=error.reason)
            return verdict(answer), answer
        if isinstance(asked, DirectCall):
            answer = self._direct(asked, traceparent_of(traceparent))
            return answer.status, answer
        answer = self._push(asked)
        return verdict(answer), answer

    def _direct(self, call: DirectCall, traceparent: str | None) -> Answer:
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

    def _called(self, call: DirectCall, event: Event | None, labels: dict) -> Answer:
        if call.missing:
            missing = ",".join(call.missing)
            text = f"Invalid request parameters: missing parameter(s) '{missing}'"
            return failure("refused", 400, text)
        if event is None:
            return unknown(call.event)
        try:
            value = event.load(call.value)
        except InvalidValue as error:
            return invalid(call.event, error)
        before_call = Budget(self._budget_seconds).before_call
        return self._handle(event, call.event, value, Direct(), before_call, labels)

    def _push(self, push: Push, unreadable: str = "") -> Answer:
        began = time.perf_counter()
        labels = self._labels(push)
        self._log.line("INFO", "delivered", stage="attempt", **labels)
        try:
            with self._tracing.span(
                "deliver", push.traceparent, event=labels["event"], attempt=push.attempt
            ) as traceparent:
                labels["traceparent"] = traceparent
                if unreadable:
                    refused = failure("refused", 400, unreadable)
                    answer = self._refuse(push, refused, labels)
                else:
                    answer = self._delivered(push, labels)
        except LedgerUnavailable as error:
            answer = failure("retry", 503, LEDGER_AWAY, alarm=True)
            self._log.line("ERROR", place(error), stage="attempt", **labels)
        except Exception as error:
            self._log.line("ERROR", place(error), stage="attempt", **labels)
            answer = failure("crashed", 500, "Internal error")
        self._log_outcome(
            answer, verdict(answer), began, labels, age_ms=_age_ms(push.time)
        )
        return answer

    def _delivered(self, push: Push, labels: dict) -> Answer:
        event = catalog.find(push.event)
        if event is None:
            return self._refuse(push, unknown(push.event), labels)
        try:
            value = push.value()
        except ValueError:
            unreadable = failure("refused", 400, "The message's data is not JSON")
            return self._refuse(push, unreadable, labels)
        try:
            value = event.load(value)
        except InvalidValue as error:
            return self._refuse(push, invalid(push.event, error), labels)

        key = event.ordering_key(value)
        budget = Budget(self._budget_seconds)
        decision = self._ledger.claim(
            push.source,
            push.uid,
            Delivery(
                message_id=push.message_id,
                uid=uid_hash(push.uid),
                thing=thing_hash(key) if key else None,
                event=event.name,
                entity=event.entity,
                fingerprint=fingerprint(event.name, value),
                happening=event.happening,
                time=push.time,
            ),
        )
        match decision:
            case Answered():
                return recorded(push.event, decision)
            case Busy():
                return failure("retry", 503, OTHER_AT_WORK)
        work = LedgerWork(self._ledger, decision, budget)
        return self._act(push, event, value, work, labels)

    def _act(
        self, push: Push, event: Event, value: Any, work: LedgerWork, labels: dict
    ) -> Answer:
        """Handle a claimed event and record what came of it."""
        answer = self._handle(event, push.event, value, work, work.before_call, labels)
        if answer.outcome == "refused":
            # Storing it takes time of its own, and is for the holder alone.
            if not work.renew():
                return failure("retry", 503, OTHER_AT_WORK)
            answer = self._refuse(push, answer, labels)
        outcome = Outcome(answer.status, answer.text, answer.final, answer.unsure)
        if not work.settle(outcome):
            # Only the holder's word counts; the one that took over will have its own.
            return failure("retry", 503, OTHER_AT_WORK)
        return answer

    def _handle(
        self,
        event: Event,
        name: str,
        value: Any,
        work: Direct | LedgerWork,
        before_call: Callable[[float], None],
        labels: dict,
    ) -> Answer:
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

        shop = self._commerce.calls(
            before=before_call, observe=called, trace=labels.get("traceparent")
        )
        try:
            return success(name, dispatch(event)(value, shop, work))
        except HandlerError as error:
            return failed(error)
        except LedgerUnavailable:
            # Between two calls: what was sent was answered, and is idempotent.
            return failure("retry", 503, LEDGER_AWAY, unsure=True)
        except Exception as error:
            self._log.line("ERROR", place(error), stage="call", **labels)
            return failure("crashed", 500, "Internal error", unsure=True)

    def _refuse(self, push: Push, refused: Answer, labels: dict) -> Answer:
        """Keep *push* as a dead letter; only then may it be acknowledged."""
        try:
            self._dead_letters.store(push, refused.status, refused.text)
        except NotStored as error:
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
        self, answer: Answer, status: int, began: float, labels: dict, **more: Any
    ) -> None:
        bad = answer.outcome in ("retry", "crashed")
        severity = "ERROR" if bad else "WARNING"
        if answer.outcome in ("handled", "repeated"):
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
