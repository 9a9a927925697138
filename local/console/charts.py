"""The charts of the first page, as shapes that a template draws as SVG.

Each is also a table, and a sentence for screen readers. A drawing is WIDTH by HEIGHT
units; a minute is a column of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from local.console.activity import MINUTES, Activity

WIDTH, HEIGHT = 300, 80
COLUMN = WIDTH / MINUTES
GAP = 3  # between two bars
MARGIN = 4  # above and below, for the width of a line
# In the order in which they are stacked, from below.
OUTCOMES = ("handled", "duplicate", "skipped", "rejected", "retry", "error")
PERCENTILES = (("p50", 0.5), ("p95", 0.95))

Value = float | None


class Bar(NamedTuple):
    """A part of a column."""

    series: str
    x: float
    y: float
    width: float
    height: float


class Line(NamedTuple):
    """A line without a gap; a single point is a short line.

    Attributes:
        points: ``x,y`` pairs, as SVG has them.
    """

    series: str
    points: str


@dataclass(frozen=True)
class Chart:
    """Series of numbers, one for each of the last minutes.

    Attributes:
        key: its part of ids in the page.
        unit: of the numbers; "" for a count.
        starts: of the minutes, in seconds since 1970.
        series: by name; None where there is no number. Without a series that is zero
            throughout, unless it is the only one.
        stacked: drawn as bars, otherwise as lines.
        summary: a sentence for screen readers.
    """

    key: str
    title: str
    unit: str
    starts: Sequence[int]
    series: Mapping[str, Sequence[Value]]
    summary: str
    stacked: bool = False

    @property
    def highest(self) -> float:
        """The highest value drawn."""
        if self.stacked:
            columns = zip(*self.series.values(), strict=True)
            return max((sum(value or 0 for value in c) for c in columns), default=0)
        values = [v for row in self.series.values() for v in row if v is not None]
        return max(values, default=0)

    @property
    def latest(self) -> dict[str, Value]:
        """The newest value of each series."""
        return {name: values[-1] for name, values in self.series.items()}

    def bars(self) -> Iterator[Bar]:
        """The bars of a stacked chart."""
        if not self.stacked:
            return
        for column in range(MINUTES):
            top = HEIGHT - MARGIN
            for name, values in self.series.items():
                height = _scaled(values[column] or 0, self.highest)
                if height:
                    top -= height
                    x = column * COLUMN + GAP / 2
                    yield Bar(name, x, _short(top), COLUMN - GAP, _short(height))

    def lines(self) -> Iterator[Line]:
        """The lines of a chart that is not stacked."""
        if self.stacked:
            return
        for name, values in self.series.items():
            for points in _runs(values):
                pairs = [
                    (
                        (column + 0.5) * COLUMN,
                        HEIGHT - MARGIN - _scaled(value, self.highest),
                    )
                    for column, value in points
                ]
                if len(pairs) == 1:
                    [(x, y)] = pairs
                    pairs = [(x - COLUMN / 4, y), (x + COLUMN / 4, y)]
                text = " ".join(f"{_short(x):g},{_short(y):g}" for x, y in pairs)
                yield Line(name, text)


def charts(
    activity: Activity, now: float, backlog: Mapping[str, int], dead_letters: int
) -> list[Chart]:
    """The charts of the last minutes.

    Args:
        now: seconds since 1970.
        backlog: undelivered messages now, by entity.
        dead_letters: their number now.
    """
    minutes = activity.last_minutes(now)
    starts = [start for start, _ in minutes]
    outcomes = {
        name: [minute.outcomes[name] for _, minute in minutes] for name in OUTCOMES
    }
    latency = {
        name: [minute.latency(share) for _, minute in minutes]
        for name, share in PERCENTILES
    }
    waiting = activity.backlog(now, backlog)
    dead = activity.dead_letters(now, dead_letters)
    counts = [f"{sum(values)} {name}" for name, values in outcomes.items()]
    handled = [value for value in latency["p95"] if value is not None]
    return [
        Chart(
            "outcomes",
            "Events per minute",
            "",
            starts,
            _without_zeros(outcomes),
            f"In the last {MINUTES} minutes: {', '.join(counts)}.",
            stacked=True,
        ),
        Chart(
            "latency",
            "From POST to applied",
            "ms",
            starts,
            latency,
            f"The highest p95 of a minute is {max(handled):g} ms."
            if handled
            else "No event was applied.",
        ),
        Chart(
            "backlog",
            "Backlog by entity",
            "",
            starts,
            _without_zeros(waiting),
            f"{sum(backlog.values())} events wait, are in flight or are retrying now.",
        ),
        Chart(
            "dead-letters",
            "Dead letters",
            "",
            starts,
            {"dead letters": dead},
            f"{dead_letters} dead letters now, {dead[0]} {MINUTES} minutes ago.",
        ),
    ]


def _without_zeros(
    series: Mapping[str, Sequence[Value]],
) -> dict[str, Sequence[Value]]:
    shown = {name: values for name, values in series.items() if any(values)}
    return shown or dict(list(series.items())[:1])


def _runs(values: Sequence[Value]) -> Iterator[list[tuple[int, float]]]:
    """Numbers that follow each other, with their columns."""
    run: list[tuple[int, float]] = []
    for column, value in enumerate(values):
        if value is not None:
            run.append((column, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _scaled(value: float, highest: float) -> float:
    return value / highest * (HEIGHT - 2 * MARGIN) if highest else 0.0


def _short(number: float) -> float:
    return round(number, 2)
