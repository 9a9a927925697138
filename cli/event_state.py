"""The current state of an event: one rule for the commands and the console.

waiting     published; no delivery attempt has had a result
in flight   a delivery attempt runs under a valid lease
retrying    the last attempt failed; Pub/Sub delivers the message again
paused      waiting or retrying, and delivery of its entity is paused
handled     applied, or a duplicate of an applied event
skipped     needed no change at Commerce
rejected    failed permanently, at ingest or at the consumer
exhausted   its delivery attempts are used up; it is a dead letter
discarded   its dead letter was removed; known where the local journal records it. Of a
            deployment nothing does: there the event stays rejected or exhausted
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

State = Literal[
    "waiting",
    "in flight",
    "retrying",
    "paused",
    "handled",
    "skipped",
    "rejected",
    "exhausted",
    "discarded",
]
STATES: tuple[State, ...] = get_args(State)
FINAL: frozenset[State] = frozenset({"handled", "skipped", "rejected"})
PENDING: frozenset[State] = frozenset({"waiting", "retrying"})

# By the outcome that ingest and consumers log.
OF_OUTCOME: dict[str, State] = {
    "handled": "handled",
    "duplicate": "handled",
    "skipped": "skipped",
    "rejected": "rejected",
    "retry": "retrying",
    "error": "retrying",
}


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source knows of one message of an event.

    Attributes:
        at: when it was so, in ``functions.timestamps.timestamp``'s form.
        message_id: None for a request that was not published.
        status: of the last result, where there is one.
        message: the sentence of the last result.
    """

    at: str
    message_id: str | None
    state: State
    status: int | None = None
    message: str = ""


def logged_observation(
    at: str, stage: str, labels: Mapping[str, Any], *, by_broker: bool = False
) -> Observation | None:
    """What a log entry, or an observation of the local broker, says of a message.

    Args:
        labels: the entry's other fields.

    Returns:
        None where it says nothing of the state.
    """
    state: State
    status, message_id = labels.get("status"), labels.get("message_id")
    match stage:
        case "published" if labels.get("dead_letter"):
            return None
        case "received" | "published" | "batch" | "replayed" | "outcome":
            state = OF_OUTCOME.get(labels.get("outcome", ""), "waiting")
            if state == "retrying" and message_id is None and stage != "outcome":
                state = "rejected"  # Ingest did not store it: nothing is redelivered.
            elif labels.get("outcome") == "duplicate" and (status or 0) >= 400:
                state = "rejected"  # the recorded result of an earlier delivery
        case "delivered" if by_broker:
            state = "in flight"
        case "answered" if by_broker and status is None:
            state = "retrying"  # Without a response no function logged an outcome.
        case _:
            return None
    message = labels.get("message") or labels.get("reason", "")
    return Observation(at, message_id, state, status, message)


def current_state(
    observations: Iterable[Observation],
    exhausted: Iterable[str] = (),
    *,
    discarded: Iterable[tuple[str, str | None]] = (),
    paused: bool = False,
) -> Observation:
    """The state of an event: that of its newest message.

    A request that ingest rejected is an event of its own. It counts only where no
    message carried the uid.

    Args:
        observations: any number for each message.
        exhausted: times at which the delivery attempts of a message were used up.
        discarded: times at which dead letters were removed, and the messages that they
            were; None where Pub/Sub, which does not keep the id, dead-lettered it.
        paused: delivery of its entity is paused.
    """
    newest = _newest(list(observations))
    if newest.state in PENDING:
        if (last := max(exhausted, default="")) and newest.at <= last:
            newest = replace(newest, state="exhausted")
        elif paused:
            newest = replace(newest, state="paused")
    if newest.state in ("rejected", "exhausted") and newest.message_id is not None:
        for at, message_id in discarded:
            if message_id == newest.message_id or (
                message_id is None and newest.at <= at
            ):
                return replace(newest, state="discarded")
    return newest


def _newest(observations: list[Observation]) -> Observation:
    messages: dict[str, Observation] = {}
    for observation in sorted(observations, key=lambda observation: observation.at):
        message_id = observation.message_id
        if message_id is None:
            continue
        known = messages.get(message_id)
        # A final result stays, whatever a delivery that lost its lease reports later.
        if known is None or known.state not in FINAL or observation.state in FINAL:
            messages[message_id] = observation
    return max(
        reversed(list(messages.values()) or observations),
        key=lambda observation: observation.at,
        default=Observation("", None, "waiting"),
    )
