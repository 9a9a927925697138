"""The steps of an event's history, and their order."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

Stage = Literal[
    "received",
    "published",
    "replayed",
    "delivered",
    "call",
    "outcome",
    "exhausted",
    "dead-lettered",
    "discarded",
]
STAGES: tuple[Stage, ...] = get_args(Stage)
PUBLISHING: tuple[Stage, ...] = ("received", "published", "replayed")


@dataclass(frozen=True)
class Step:
    """One step of an event's history.

    Attributes:
        at: in ``functions.timestamps.timestamp``'s form.
        recorded_in: where it was read.
        labels: the fields of the log entry (docs/operations.md) as far as they are
            known; ``message`` is the sentence of a result, or the error's.
    """

    at: str
    stage: Stage
    recorded_in: Literal["journal", "logs", "ledger", "dead letters"]
    labels: dict[str, Any] = field(default_factory=dict)

    @property
    def message_id(self) -> str | None:
        """Pub/Sub's id of the message; None before it is published."""
        return self.labels.get("message_id")


def in_order(steps: list[Step]) -> list[Step]:
    """*steps* by time, and at the same time by cause.

    A dead letter comes after its rejection, and is not shown as earlier, although the
    consumer stores the dead letter before it logs the rejection.
    """
    ordered: list[Step] = []
    early: list[Step] = []  # dead letters whose cause comes later
    for step in sorted(steps, key=_sort_key):
        if step.stage == "dead-lettered" and not (
            ordered and _causes_dead_letter(ordered[-1])
        ):
            early.append(step)
            continue
        ordered.append(step)
        if _causes_dead_letter(step):
            ordered += (replace(dead_letter, at=step.at) for dead_letter in early)
            early = []
    return ordered + early


def _sort_key(step: Step) -> tuple[str, float, int]:
    stage = STAGES.index(step.stage)
    attempt = step.labels.get("attempt")
    if not isinstance(attempt, int) or step.stage == "dead-lettered":
        attempt = 0 if step.stage in PUBLISHING else math.inf
    return step.at, attempt, stage


def _causes_dead_letter(step: Step) -> bool:
    rejected = step.labels.get("outcome") == "rejected" and step.message_id is not None
    return step.stage == "exhausted" or rejected or step.stage == "dead-lettered"
