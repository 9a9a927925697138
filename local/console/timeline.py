"""The parts of an event's timeline: most retries, and what is too much, are folded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from cli.steps import Step

ATTEMPTS_SHOWN = 3  # the first attempt and two retries; and the newest attempt
FIRST_STEPS, LAST_STEPS = 12, 48  # of a part; make trace lists those between


@dataclass(frozen=True)
class Part:
    """Successive steps of a timeline.

    Attributes:
        attempts: how many delivery attempts they are, where they are folded; else 0.
        first: the oldest steps.
        omitted: how many steps between *first* and *last* are left out.
        last: the newest steps, where some are left out.
    """

    attempts: int
    first: Sequence[Step]
    omitted: int
    last: Sequence[Step]


def parts(steps: Sequence[Step]) -> list[Part]:
    """*steps*, oldest first, with the retries after the second in parts of their own.

    The newest attempt is not folded: it says what the state is.
    """
    attempts = list(_attempts(steps))
    newest = max((delivery for delivery, number in attempts if number), default=0)

    def is_folded(index: int) -> bool:
        delivery, number = attempts[index]
        return number > ATTEMPTS_SHOWN and delivery != newest

    return [
        _part(
            len({attempts[index][0] for index in indexes}) if folded else 0,
            [steps[index] for index in indexes],
        )
        for folded, indexes in (
            (folded, list(group))
            for folded, group in groupby(range(len(steps)), key=is_folded)
        )
    ]


def _attempts(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """For each step the count of deliveries so far, and its delivery attempt.

    Of a step that belongs to no attempt, the attempt is 0.
    """
    delivery, attempt = 0, 0
    for step in steps:
        if step.stage == "delivered":
            delivery, attempt = delivery + 1, step.labels.get("attempt") or 0
        elif step.stage not in ("call", "outcome"):
            attempt = 0
        yield delivery, attempt


def _part(attempts: int, steps: list[Step]) -> Part:
    omitted = len(steps) - FIRST_STEPS - LAST_STEPS
    if omitted <= 0:
        return Part(attempts, steps, 0, [])
    return Part(attempts, steps[:FIRST_STEPS], omitted, steps[-LAST_STEPS:])
