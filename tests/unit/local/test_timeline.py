"""Which steps of an event's timeline are folded."""

from cli.steps import Step
from local.console.timeline import FIRST_STEPS, LAST_STEPS, parts


def step(stage: str, **labels) -> Step:
    return Step("2026-01-01T00:00:00Z", stage, "journal", labels)


def attempts(first: int, last: int) -> list[Step]:
    return [
        one
        for number in range(first, last + 1)
        for one in (
            step("delivered", attempt=number),
            step("call", status=503),
            step("outcome", outcome="retry", attempt=number),
        )
    ]


def shape(steps: list[Step]) -> list[tuple[int, int]]:
    """Folded attempts and number of steps of each part."""
    return [(part.attempts, len(part.first)) for part in parts(steps)]


def test_three_attempts_and_the_newest_are_shown():
    published = step("published")

    assert shape([published, *attempts(1, 4)]) == [(0, 13)]
    assert shape([published, *attempts(1, 9)]) == [(0, 10), (5, 15), (0, 3)]


def test_what_follows_the_attempts_is_shown():
    steps = [*attempts(1, 6), step("exhausted"), step("dead-lettered")]

    assert shape(steps) == [(0, 9), (2, 6), (0, 5)]


def test_attempts_of_a_replay_count_anew():
    steps = [*attempts(1, 6), step("exhausted"), step("replayed"), *attempts(1, 2)]

    assert shape(steps) == [(0, 9), (3, 9), (0, 8)]


def test_of_too_many_steps_the_first_and_the_last_are_shown():
    steps = [step("published", number=number) for number in range(100)]

    [part] = parts(steps)

    assert list(part.first) == steps[:FIRST_STEPS]
    assert list(part.last) == steps[-LAST_STEPS:]
    assert part.omitted == 100 - FIRST_STEPS - LAST_STEPS


def test_no_steps_have_no_parts():
    assert parts([]) == []
