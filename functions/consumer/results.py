"""Results of a consumer, as Pub/Sub, a direct caller and the log see them."""

from dataclasses import dataclass, replace
from typing import Any

from functions.errors import Ambiguous, Rejected, Unavailable
from functions.ledger.decisions import AlreadyProcessed
from functions.ledger.lookup import WrongLedgerKey

# What is said when no handler was reached; the only messages that are logged, since
# those of Commerce and the target may quote values of an event.
ANOTHER_IN_FLIGHT = "Another delivery of this event is in flight"
ANOTHER_OF_RESOURCE_IN_FLIGHT = "Another event of this resource is in flight"
LEDGER_UNAVAILABLE = "The ledger cannot be reached"
DEAD_LETTERS_UNAVAILABLE = "The dead-letter topic cannot be reached"
NOT_SERVED = {
    "inbound": "This consumer serves no inbound events: set COMMERCE_BASE_URL",
    "outbound": "This consumer serves no outbound events: set TARGET_URL",
}
LOGGED_MESSAGES = frozenset(
    {
        ANOTHER_IN_FLIGHT,
        LEDGER_UNAVAILABLE,
        str(WrongLedgerKey()),
        DEAD_LETTERS_UNAVAILABLE,
        ANOTHER_OF_RESOURCE_IN_FLIGHT,
        *NOT_SERVED.values(),
    }
)


def loggable(message: str) -> str | None:
    """*message* when it is one of ours and not another system's."""
    return message if message in LOGGED_MESSAGES else None


@dataclass(frozen=True)
class ConsumerResult:
    """What became of one request.

    Attributes:
        outcome: handled, duplicate, skipped, rejected, retry or error.
        status: the handler's own.
        body: in the form that operators of Adobe's starter kit know.
        retry_after: seconds that Commerce asked to wait, where it did.
        outcome_unknown: Commerce may have acted although the event was not handled.
        alarm: an operator must act.
        ambiguous: a retry after words of Commerce that do not say whether it helps.
        reason: why the event was skipped.
    """

    outcome: str
    status: int
    body: dict[str, Any]
    retry_after: float | None = None
    outcome_unknown: bool = False
    alarm: bool = False
    ambiguous: bool = False
    reason: str | None = None

    @property
    def final(self) -> bool:
        """Whether the event must not be processed again."""
        return self.outcome in ("handled", "duplicate", "skipped", "rejected")

    @property
    def message(self) -> str:
        """The sentence in the body."""
        if "response" in self.body:
            return self.body["response"]["message"]
        return self.body["error"]["body"]["error"]

    @property
    def push_status(self) -> int:
        """The HTTP status that tells Pub/Sub to acknowledge or to redeliver."""
        if self.final:
            return 200
        # Whatever status a handler chose, a retry must not read as an acknowledgement.
        return self.status if self.status >= 400 else 503


def handled(event: str, message: str, outcome: str = "handled") -> ConsumerResult:
    """The event was handled; *event* is its type as the caller wrote it."""
    response = {"success": True, "message": message}
    return ConsumerResult(outcome, 200, {"type": event, "response": response})


def skipped(event: str, reason: str, message: str) -> ConsumerResult:
    """The event needs no change; it counts as handled."""
    return replace(handled(event, message, "skipped"), reason=reason)


def failed(outcome: str, status: int, message: str, **more: Any) -> ConsumerResult:
    """The event was not handled; *more* as the attributes of the result."""
    body = {"error": {"statusCode": status, "body": {"error": message}}}
    return ConsumerResult(outcome, status, body, **more)


def rejected(error: Rejected) -> ConsumerResult:
    """The event was rejected by a handler or before."""
    return failed("rejected", error.status, error.message)


def unavailable(error: Unavailable) -> ConsumerResult:
    """The event may succeed later."""
    return failed(
        "retry",
        error.status,
        error.message,
        retry_after=error.retry_after,
        outcome_unknown=error.outcome_unknown,
        alarm=error.alarm,
        ambiguous=isinstance(error, Ambiguous),
    )


def another_in_flight() -> ConsumerResult:
    """Another delivery has the lease, or took it over."""
    return failed("retry", 503, ANOTHER_IN_FLIGHT)


def duplicate(event: str, recorded: AlreadyProcessed) -> ConsumerResult:
    """The recorded result, success or rejection."""
    if recorded.status < 300:
        return handled(event, recorded.message, "duplicate")
    return failed("duplicate", recorded.status, recorded.message)
