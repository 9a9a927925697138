"""What a consumer answers: to Pub/Sub, to a person, and to its log."""

from dataclasses import dataclass, replace
from typing import Any

from functions.commerce.errors import HandlerError, Unavailable
from functions.events.catalog import InvalidValue
from functions.ledger.decisions import AlreadyProcessed

LONGEST_SHOWN = 200  # characters of an event's name in an answer
MAX_ERRORS = 20  # of a value, how many are told


@dataclass(frozen=True)
class ConsumerResult:
    """What the caller gets.

    Attributes:
        outcome: of the one vocabulary: handled, repeated, refused, retry, crashed.
        status: the handler's own.
        body: as the seed system's operators know it.
        retry_after: seconds Commerce asked for, where it did.
        outcome_unknown: Commerce may have acted all the same.
        alarm: a person must act.
    """

    outcome: str
    status: int
    body: dict
    retry_after: float | None = None
    outcome_unknown: bool = False
    alarm: bool = False

    @property
    def final(self) -> bool:
        """Whether it is never to be tried again."""
        return self.outcome in ("handled", "duplicate", "rejected")

    @property
    def text(self) -> str:
        """The sentence in the body."""
        if "response" in self.body:
            return self.body["response"]["message"]
        return self.body["error"]["body"]["error"]


def success(event: str, message: str, outcome: str = "handled") -> ConsumerResult:
    """The event was handled."""
    response = {"success": True, "message": message}
    return ConsumerResult(outcome, 200, {"type": event, "response": response})


def failure(outcome: str, status: int, message: str, **more: Any) -> ConsumerResult:
    """The event was not handled, or not now."""
    body = {"error": {"statusCode": status, "body": {"error": message}}}
    return ConsumerResult(outcome, status, body, **more)


def failed(error: HandlerError) -> ConsumerResult:
    """What a handler raised on purpose, as an answer."""
    if isinstance(error, Unavailable):
        return failure(
            "retry",
            error.status,
            error.message,
            retry_after=error.retry_after,
            outcome_unknown=error.effect_unknown,
            alarm=error.alarm,
        )
    return failure("rejected", error.status, error.message)


def verdict(answer: ConsumerResult) -> int:
    """The status that tells Pub/Sub: acknowledged, or to be sent again."""
    if answer.final:
        return 200
    # Whatever a handler made of it, a retry must never read as an acknowledgement.
    return answer.status if answer.status >= 400 else 503


def recorded(name: str, kept: AlreadyProcessed) -> ConsumerResult:
    """What the ledger has of it, success or refusal."""
    if kept.status < 300:
        return success(name, kept.answer, "duplicate")
    refused = failure("rejected", kept.status, kept.answer)
    return replace(refused, outcome="duplicate")


def invalid(name: str, error: InvalidValue) -> ConsumerResult:
    """The value is not one of that event; its faults are told, not what it holds."""
    faults = "; ".join(
        f"{path or 'value'}: {' '.join(texts)}"
        for path, texts in list(error.errors.items())[:MAX_ERRORS]
    )
    return failure("rejected", 400, f"Invalid value for {name}: {faults}")


def unknown(name: Any) -> ConsumerResult:
    """No event is called *name*, which may be anything JSON has."""
    shown = name if isinstance(name, str) else type(name).__name__
    shown = shown[:LONGEST_SHOWN].encode(errors="replace").decode()
    return failure("rejected", 400, f"This case type is not supported: {shown}")
